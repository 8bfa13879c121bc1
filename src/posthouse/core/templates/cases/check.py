"""Holds a rendering against what a case expects of it."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from posthouse.core.kernel.counts import counted
from posthouse.core.templates.cases.model import Case, Expect, Failure
from posthouse.core.templates.cases.seen import Seen, addresses_in, plain
from posthouse.core.templates.mobile.push import Push
from posthouse.core.templates.mobile.sms import Sms
from posthouse.core.templates.model import Rendered

_SHOWN: Final = 120


def failures(expect: Expect, rendered: Rendered, attachments: tuple[str, ...]) -> Iterator[Failure]:
    """Every expectation that does not hold, golden files apart."""
    html = Seen(rendered.html) if rendered.html is not None else None
    parts = {"text": plain(rendered.text)} | ({"HTML": html.words} if html is not None else {})
    title = rendered.content.title if isinstance(rendered.content, Push) else rendered.subject
    if expect.subject is not None and plain(title) != plain(expect.subject):
        yield Failure("/expect/subject", f"the subject is {title!r}, not {expect.subject!r}")
    for index, words in enumerate(expect.contains):
        yield from _missing(f"/expect/contains/{index}", words, parts, whole=False)
    for index, words in enumerate(expect.amounts):
        yield from _missing(f"/expect/amounts/{index}", words, parts, whole=True)
    for index, words in enumerate(expect.not_contains):
        for name, text in {"subject": plain(title), **parts}.items():
            if plain(words) in text:
                yield Failure(f"/expect/not_contains/{index}", f"{words!r} is seen in the {name}")
    yield from _links(expect, html, rendered)
    for index, name in enumerate(expect.attachments):
        if name not in attachments:
            there = ", ".join(attachments) or "none"
            yield Failure(f"/expect/attachments/{index}", f"{name!r} is not attached (there: {there})")
    sized = rendered.content.segments if isinstance(rendered.content, Sms) else None
    if expect.segments is not None and (sized is None or sized.segments > expect.segments):
        found = "is no SMS" if sized is None else f"takes {counted(sized.segments, 'segment')}"
        yield Failure("/expect/segments", f"it {found}; at most {expect.segments} are expected")


def golden_of(rendered: Rendered) -> dict[str, str]:
    """What the golden files of a rendering hold, by their ending."""
    if rendered.content is not None:
        written = msgspec.json.format(msgspec.json.encode(rendered.content), indent=2)
        return {"json": written.decode() + "\n"}
    text = {"txt": f"Subject: {rendered.subject}\n\n{rendered.text}"}
    return text if rendered.html is None else text | {"html": rendered.html}


def golden_failures(case: Case, now: Mapping[str, str]) -> Iterator[Failure]:
    """Where a rendering is not what is kept; the first line that differs."""
    if not case.written.expect.golden:
        return
    advice = "if that is meant: posthouse templates test --update-golden"
    for kind, text in now.items():
        kept = case.golden.get(kind)
        if kept is None:
            yield Failure("/expect/golden", f"tests/{case.name}.golden.{kind} is missing; {advice}")
        elif kept.rstrip("\n") != text.rstrip("\n"):
            yield Failure("/expect/golden", f"tests/{case.name}.golden.{kind}:{_first_change(kept, text)}; {advice}")
    for kind in sorted(case.golden.keys() - now.keys()):
        yield Failure("/expect/golden", f"tests/{case.name}.golden.{kind} has no such part any more; delete it")


def merged(values: Any, changes: Any) -> Any:
    """Values with changes laid over them (RFC 7396): objects are merged, a null takes away, the rest replaces."""
    if not isinstance(changes, dict):
        return changes
    base = dict(values) if isinstance(values, dict) else {}
    for name, change in changes.items():
        if change is None:
            base.pop(name, None)
        else:
            base[name] = merged(base.get(name), change)
    return base


def _missing(pointer: str, words: str, parts: Mapping[str, str], *, whole: bool) -> Iterator[Failure]:
    wanted = plain(words)
    for name, text in parts.items():
        found = re.search(rf"(?<![\d.,]){re.escape(wanted)}(?![\d]|[.,]\d)", text) if whole else wanted in text
        if not found:
            near = difflib.get_close_matches(wanted, _windows(text, len(wanted)), 1, 0.6)
            hint = f"; there is {near[0]!r}" if near else ""
            yield Failure(pointer, f"{words!r} is not seen in the {name}{hint}")


def _windows(text: str, length: int) -> list[str]:
    """Stretches of whole words about as long as the one looked for."""
    words, found = text.split(" "), []
    for start in range(min(len(words), 400)):
        stretch = words[start]
        for word in words[start + 1 :]:
            if len(stretch) + 1 + len(word) > length + 2:
                break
            stretch += " " + word
        found.append(stretch)
    return found


def _links(expect: Expect, html: Seen | None, rendered: Rendered) -> Iterator[Failure]:
    links = html.links if html is not None else []
    for words, address in expect.links.items():
        there = [href for label, href in links if label == plain(words)]
        if address not in there:
            led = f"leads to {', '.join(there)}" if there else "is no link"
            escaped = words.replace("~", "~0").replace("/", "~1")
            yield Failure(f"/expect/links/{escaped}", f"{words!r} {led}; it should lead to {address}")
    known = {href for _, href in links} | set(addresses_in(rendered.text))
    if isinstance(rendered.content, Push):
        known |= {rendered.content.link, *[action.link for action in rendered.content.actions]}
    for index, address in enumerate(expect.addresses):
        if address not in known:
            yield Failure(f"/expect/addresses/{index}", f"no link leads to {address}")


def _first_change(kept: str, now: str) -> str:
    before, after = kept.split("\n"), now.split("\n")
    at = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), -1)
    at = min(len(before), len(after)) if at < 0 else at
    old = before[at].strip()[:_SHOWN] if at < len(before) else "(its end)"
    new = after[at].strip()[:_SHOWN] if at < len(after) else "(its end)"
    return f"{at + 1} was {old!r}, now {new!r}"
