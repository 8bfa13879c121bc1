"""What happens when somebody follows an address of ours: the story behind the doors of tracking."""

import html
import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

import msgspec

from posthouse.core.kernel.clock import DAY, MINUTE, Clock
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.urls import MAX_URL, matches, with_parameters
from posthouse.core.kernel.waiting import AskedTogether
from posthouse.core.messages.model import Event, EventType
from posthouse.core.templates.model import Category, Link, Release, Rendered, Scale
from posthouse.core.templates.ports import LinkWriter
from posthouse.core.tracking.model import Tracked
from posthouse.core.tracking.ports import OptOuts, Releases, TrackingStore
from posthouse.core.tracking.recorder import Hit, HitRecorder
from posthouse.core.tracking.settings import TrackingSettings
from posthouse.core.tracking.tokens import Kind, Token, Tokens
from posthouse.core.tracking.writer import HONEYPOT, MessageLinks

PARAMETER: Final = "ph_cid"
"""The query parameter that carries a click on."""
MAX_COMMENT: Final = 2_000
_UNWRITABLE: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
"""What no comment says: signs that control something (PostgreSQL keeps no NUL), or turn the order of what stands beside them."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]|[^\x00-\x7f]")
_ADDRESS: Final = re.compile(r"(https?)://([^/?#\\\s]+)((?:[/?#].*)?)", re.IGNORECASE | re.DOTALL)
"""Scheme, host and the rest. A backslash ends no host for us, but does for browsers: no address has one before the path."""


class Visitor(NamedTuple):
    """Who asks, as far as we want to know."""

    agent: str = ""
    network: str = ""
    head: bool = False


class Printer(Protocol):
    """Renders a message again (core/templates, Renderer)."""

    def plain(
        self,
        release: Release,
        variables: Mapping[str, Any],
        *,
        at: int | None = None,
        zone: str = "UTC",
        links: LinkWriter | None = None,
    ) -> Rendered:
        """What the reader sees."""
        ...

    def printed_links(
        self, release: Release, variables: Mapping[str, Any], *, at: int | None = None, zone: str = "UTC"
    ) -> list[tuple[int, str]]:
        """Number and address of each link."""
        ...


class Settings(Protocol):
    """What workspaces want (core/tracking/preferences.py)."""

    async def of(self, workspace_id: Id) -> TrackingSettings:
        """The settings of a workspace."""
        ...


class Rating(NamedTuple):
    """A score that somebody chose, not yet confirmed."""

    message: Tracked
    scale: Scale
    score: int


class TrackingService:
    """Answers for tokens.

    Args:
        tokens: reads them.
        recorder: keeps hits.
        store: messages and events.
        releases: what messages said.
        printer: says it again.
        opt_outs: who wants no commercial mail.
        settings: what workspaces want.
        clock: the time.
    """

    def __init__(
        self,
        tokens: Tokens,
        recorder: HitRecorder,
        store: TrackingStore,
        *,
        releases: Releases,
        printer: Printer,
        opt_outs: OptOuts,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._recorder = recorder
        self._store = store
        self._kept_variables = AskedTogether(store.variables_of)
        self._releases = releases
        self._printer = printer
        self._opt_outs = opt_outs
        self._settings = settings
        self._clock = clock

    def read(self, word: str, kind: Kind) -> Token | None:
        """What a token says, if it was made for this door."""
        token = self._tokens.read(word)
        return token if token is not None and token.kind is kind else None

    async def opened(self, token: Token, visitor: Visitor) -> None:
        """Keeps an open."""
        await self._recorder.take(Hit(token.message_id, EventType.OPENED, visitor.agent, visitor.network, visitor.head))

    async def clicked(self, token: Token, visitor: Visitor) -> str | None:
        """Keeps a click; where it leads, None: that is not known any more (or never was).

        Raises:
            UnavailableError: the store cannot be read just now.
        """
        trap = token.number == HONEYPOT
        hit = Hit(
            token.message_id, EventType.CLICKED, visitor.agent, visitor.network, visitor.head, token.number, token.occurrence, trap
        )  # fmt: skip
        message = await self._recorder.take(hit)
        release = await self._release(message)
        if message is None or release is None or trap or token.number >= len(release.links):
            return None
        link = release.links[token.number]
        url = safe_url(await self._address(message, release, link, token) if link.dynamic else link.url)
        return url and await self._carried_on(message, url, token)

    async def _carried_on(self, message: Tracked, url: str, token: Token) -> str:
        """The address with the click in it, where the workspace says that its shop is: what is ordered there is credited."""
        hosts = (await self._settings.of(message.workspace_id)).conversion_hosts
        if not hosts or not matches(url, hosts, otherwise=False):
            return url
        word = self._tokens.make(message.id, Kind.CONVERSION, token.number, token.occurrence)
        return with_parameters(url, [(PARAMETER, word)])

    async def message_of(self, token: Token) -> Tracked | None:
        """The message of a token."""
        return await self._recorder.take(Hit(token.message_id, None))

    async def is_commercial(self, message: Tracked) -> bool:
        """Whether one may unsubscribe from it. When nothing of the address is left, nobody knows who that would be."""
        release = await self._release(message)
        return release is not None and release.category is Category.COMMERCIAL and bool(message.recipient)

    async def is_out(self, message: Tracked) -> bool:
        """Whether its reader wants no commercial mail. A test message tells nothing about real people."""
        return message.live and await self._opt_outs.is_out(message.workspace_id, message.channel, message.recipient)

    async def unsubscribe(self, message: Tracked, how: str) -> None:
        """The reader wants no more commercial mail. Again changes nothing; nor does a test message, which nobody got.

        Raises:
            UnavailableError: it could not be kept.
        """
        if not message.live or await self.is_out(message):
            return
        await self._opt_outs.unsubscribe(
            message.workspace_id, message.channel, message.recipient, message_id=message.id, evidence=how
        )
        await self._tell(message, EventType.UNSUBSCRIBED, {"how": how})

    async def resubscribe(self, message: Tracked) -> bool:
        """The reader takes that back; False: too often. Leaving is always possible; as it writes nothing for who is out, this bounds both."""
        if not await self.is_out(message):
            return True
        if not await self._recorder.takes_change(message, EventType.RESUBSCRIBED):
            return False
        if await self._opt_outs.resubscribe(
            message.workspace_id, message.channel, message.recipient, message_id=message.id
        ):
            await self._tell(message, EventType.RESUBSCRIBED, {})
        return True

    async def rating(self, token: Token) -> Rating | None:
        """The score behind a token; None when there is no such rating."""
        message = await self.message_of(token)
        release = await self._release(message)
        if message is None or release is None or token.number >= len(release.ratings):
            return None
        scale = release.ratings[token.number]
        return Rating(message, scale, token.occurrence) if scale.lowest <= token.occurrence <= scale.highest else None

    async def rated(self, rating: Rating, score: int, comment: str = "") -> bool:
        """Keeps a confirmed rating; the last one counts. False: there were too many, the last that was kept stands."""
        if not await self._recorder.takes_change(rating.message, EventType.RATED):
            return False
        scale = rating.scale
        data: dict[str, Any] = {
            "rating": scale.name, "score": score, "lowest": scale.lowest, "highest": scale.highest,
        }  # fmt: skip
        comment = _UNWRITABLE.sub(" ", comment.replace("\r\n", "\n")).strip()[:MAX_COMMENT]
        if comment:
            data["comment"] = comment
        minute = self._clock.now() // MINUTE
        words = (
            f".{zlib.crc32(comment.encode()):x}" if comment else ""
        )  # words that follow the click are another answer
        await self._tell(rating.message, EventType.RATED, data, f"{scale.name}.{score}.{minute:x}{words}")
        return True

    async def view(self, message: Tracked) -> Rendered | None:
        """The message as its reader was sent it; None when it is too old, or its content was erased.

        Raises:
            UnavailableError: the store cannot be read just now.
        """
        settings = await self._settings.of(message.workspace_id)
        if self._clock.now() > max(message.created_at, message.due_at) + settings.view_days * DAY:
            return None
        release, variables = await self._release(message), await self._variables(message)
        if release is None or variables is None:
            return None
        links = MessageLinks(self._tokens, message.id, "", release.links)
        try:
            return self._printer.plain(release, variables, at=_instant(message), links=links)
        except PosthouseError:
            return None

    async def _address(self, message: Tracked, release: Release, link: Link, token: Token) -> str:
        """A dynamic address: printed again from the message's variables, without them what is known for sure."""
        variables = await self._variables(message)
        if variables is not None:
            try:
                printed = self._printer.printed_links(release, variables, at=_instant(message))
            except PosthouseError:
                printed = []
            found = [address for number, address in printed if number == token.number]
            if token.occurrence < len(found):
                return html.unescape(found[token.occurrence])
        return link.fallback

    async def _variables(self, message: Tracked) -> dict[str, Any] | None:
        """None: they were erased."""
        raw = await self._kept_variables.of(message.id)
        try:
            variables: dict[str, Any] | None = msgspec.json.decode(raw) if raw else None
        except msgspec.DecodeError:
            return None
        return variables

    async def _release(self, message: Tracked | None) -> Release | None:
        if message is None or message.release_id is None:
            return None
        return await self._releases.by_id(message.release_id)

    async def _tell(self, message: Tracked, kind: EventType, data: dict[str, Any], key: str = "") -> None:
        now = self._clock.now()
        event = Event(message.id, message.workspace_id, kind, now, key or f"{now:x}", data)
        await self._store.add_hits([event], {message.id: message})


@lru_cache(maxsize=2048)
def safe_url(url: str) -> str | None:
    """An address as it may stand in a ``Location``: http or https with a host, ASCII, nothing that could end the line.

    Letters beyond ASCII are percent-encoded, as are blanks and what RFC 3986 does not allow; a host beyond ASCII becomes A-labels.
    """
    found = _ADDRESS.fullmatch(url.strip()) if len(url) <= MAX_URL else None
    if found is None:
        return None
    scheme, host, rest = found[1].lower(), found[2], found[3]
    try:
        split = urlsplit(f"{scheme}://{host}")
        port = f":{split.port}" if split.port is not None else ""
        if not split.hostname:
            return None
        if not host.isascii():
            host = split.hostname.encode("idna").decode() + port
    except (ValueError, UnicodeError):
        return None
    if _FORBIDDEN.search(host):
        return None
    return f"{scheme}://{host}" + _FORBIDDEN.sub(lambda bad: quote(bad[0], safe="", errors="replace"), rest)


def _instant(message: Tracked) -> int:
    return max(message.created_at, message.due_at)
