"""Writes the links of one message: what its mail says in place of the marks (templates/ports.py, LinkWriter)."""

import html
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.model import Link
from posthouse.core.tracking.tokens import MAC_LETTERS, MAX_NUMBER, MAX_OCCURRENCE, Kind, Tokens, layout, place

HERE: Final = "\x04"
HONEYPOT: Final = MAX_NUMBER
"""The number of the link that nobody sees."""
NO_HOST: Final = (
    "this message has links of ours (to unsubscribe, to rate…), and its domain has no tracking host: "
    "run posthouse tracking host DOMAIN URL"
)
_OWN: Final = {"u": Kind.UNSUBSCRIBE, "p": Kind.PREFERENCES, "v": Kind.VIEW}


class MessageLinks:
    """The links of one message.

    Args:
        tokens: makes tokens.
        message_id: the message.
        base: what its addresses begin with, ``https://links.shop.example``; empty on the tracking host itself; None: there is none.
        links: the table of the release.
        opens: whether it carries a picture.
        clicks: whether its links lead through us.
        honeypot: whether it carries a link that nobody sees.
    """

    __slots__ = ("_base", "_clicks", "_honeypot", "_links", "_message_id", "_opens", "_tokens")

    def __init__(
        self,
        tokens: Tokens,
        message_id: Id,
        base: str | None,
        links: Sequence[Link] = (),
        *,
        opens: bool = False,
        clicks: bool = False,
        honeypot: bool = False,
    ) -> None:
        self._tokens = tokens
        self._message_id = message_id
        self._base = base
        self._links = links
        self._opens = opens and base is not None
        self._clicks = clicks and base is not None
        self._honeypot = honeypot and self._clicks

    def address(self, kind: Kind) -> str:
        """One address of ours.

        Raises:
            ValidationError: there is no tracking host.
        """
        return f"{self._known()}{kind.path}{self._tokens.make(self._message_id, kind)}"

    def write(self, marks: Sequence[str]) -> list[str]:
        """What each mark becomes, as markup.

        Raises:
            ValidationError: there is no tracking host for an address of ours.
        """
        words, addresses = _parted(marks)
        plan = _plan(words, self._opens, self._clicks, self._honeypot)
        if plan.needs_host:
            self._known()
        written = [""] * len(marks)
        begin, macs = self._tokens.parts(self._message_id, plan.groups)
        click = f"{self._base}/c/{begin}"
        for index, group, shown, at in plan.clicks:
            written[index] = f"{click}{shown}{macs[group][at : at + MAC_LETTERS]}"
        for index, shape, group, shown, at in plan.others:
            written[index] = shape.format(self._base, f"{begin}{shown}{macs[group][at : at + MAC_LETTERS]}")
        for index, number in plan.plain:
            written[index] = html.escape(self._links[number].url)
        for index, address in addresses:
            if not written[index] or not address.lower().startswith(_WEB):
                written[index] = address
        return written

    def _known(self) -> str:
        if self._base is None:
            raise ValidationError(NO_HOST)
        return self._base


class _Plan(NamedTuple):
    """What stands for the marks of a body, but for the tokens: the same for most messages of a release."""

    groups: tuple[int, ...]
    clicks: tuple[tuple[int, int, str, int], ...]
    """Index, group, letters of the place, place of the MAC."""
    others: tuple[tuple[int, str, int, str, int], ...]
    """The same with the markup around the address in second place."""
    plain: tuple[tuple[int, int], ...]
    """Index and number of links that are left as they are."""
    needs_host: bool


def _parted(marks: Sequence[str]) -> tuple[tuple[str, ...], list[tuple[int, str]]]:
    """Words, and the addresses of those that have one."""
    if HERE not in "".join(marks):
        return tuple(marks), []
    words, addresses = [], []
    for index, mark in enumerate(marks):
        word, dynamic, address = mark.partition(HERE)
        words.append(word + dynamic)
        if dynamic:
            addresses.append((index, address))
    return tuple(words), addresses


@lru_cache(maxsize=1024)
def _plan(words: tuple[str, ...], opens: bool, clicks: bool, honeypot: bool) -> _Plan:
    groups: dict[int, int] = {}
    found: list[tuple[int, int, str, int]] = []
    others: list[tuple[int, str, int, str, int]] = []
    seen: Counter[str] = Counter()
    for index, word in enumerate(words):
        number, dynamic = word.removesuffix(HERE), word.endswith(HERE)
        if number.isdigit():
            if clicks and seen[number] <= MAX_OCCURRENCE:
                group, shown, at = layout(place(Kind.CLICK, int(number), seen[number]))
                found.append((index, groups.setdefault(group, len(groups)), shown, at))
                seen[number] += dynamic
        elif (wanted := _own(word, opens=opens, honeypot=honeypot)) is not None:
            group, shown, at = layout(wanted[0])
            others.append((index, wanted[1], groups.setdefault(group, len(groups)), shown, at))
    plain = () if clicks else tuple([(index, int(word)) for index, word in enumerate(words) if word.isdigit()])
    needs_host = any(word[0] in "upvr" for word in words)
    return _Plan(tuple(groups), tuple(found), tuple(others), plain, needs_host)


def _own(word: str, *, opens: bool, honeypot: bool) -> tuple[int, str] | None:
    """The place of an address of ours and the markup around it; None: it is not wanted."""
    if word == "o":
        return (place(Kind.OPEN), _PICTURE) if opens else None
    if word == "h":
        return (place(Kind.CLICK, HONEYPOT), _TRAP) if honeypot else None
    if word[0] == "r":
        number, _, score = word[1:].partition(".")
        return place(Kind.RATING, int(number), int(score)), f"{{}}{Kind.RATING.path}{{}}"
    return place(_OWN[word]), f"{{}}{_OWN[word].path}{{}}"


_WEB: Final = ("http://", "https://")
_PICTURE: Final = (
    '<img src="{}/o/{}.gif" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">'
)
_TRAP: Final = (
    '<a href="{}/c/{}" tabindex="-1" aria-hidden="true" style="display:none;max-height:0;overflow:hidden"></a>'
)
