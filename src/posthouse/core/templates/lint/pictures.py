"""Pictures of a mail: whether they are there, and small enough to be loaded on a telephone."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec
from msgspec.structs import replace

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.attachments.model import FILE, Barcode, Declared, Qr, Reference
from posthouse.core.templates.lint.model import Finding, Overlook, Picture, Severity
from posthouse.core.templates.lint.rules import finding

LARGE: Final = 1_048_576
"""Bytes of a picture that is too large: 1 MB."""
RESERVED: Final = re.compile(
    r"(?:^|\.)(?:localhost|example|test|invalid|local|localdomain|internal|example\.(?:com|org|net))$", re.IGNORECASE
)
"""Names that lead nowhere from outside (RFC 2606, RFC 6761, RFC 6762)."""
_ELSEWHERE: Final = ("https://", "http://")
_SETTINGS: Final = "template.toml"
_SHOWN: Final = 80


class Asked(msgspec.Struct, frozen=True):
    """What another host said of a picture. ``size`` in bytes, None where it cannot be told; ``words`` for people."""

    verdict: Literal["found", "missing", "unjudged"]
    words: str = ""
    size: int | None = None


class PictureAsker(Protocol):
    """Asks other hosts for pictures, never at addresses that are not public. Never raises."""

    async def ask(self, addresses: Sequence[str]) -> Mapping[str, Asked]:
        """What is to be said of each."""
        ...


def look_at_pictures(pictures: Iterable[Picture], attachments: Sequence[Declared]) -> Iterator[Finding]:
    """What can be told without a store or a network: pictures that travel with the mail, and addresses that are none."""
    there = dict(_travelling(attachments))
    for one in pictures:
        kind, _, name = one.address.partition(":")
        if kind.lower() == "cid":
            if name not in there:
                known = f" (there are {', '.join(sorted(there))})" if there else ""
                yield _told("image-missing", f"{one.address[:_SHOWN]} names no attachment of this template{known}", one)
        elif kind.lower() == "data":
            yield _told(
                "image-missing", "Gmail and Outlook for Windows show no picture that stands in a data: address", one
            )
        elif not one.address.lower().startswith(_ELSEWHERE):
            detail = f"{one.address[:_SHOWN]!r} does not say https:// and a host, and a mail stands in no folder"
            yield _told("image-missing", detail, one)
    for index, attached in enumerate(attachments):
        size = _size(attached)
        if isinstance(attached, Reference) and attached.type.startswith("image/") and size > LARGE:
            pointer = f"/attachments/{index}/upload"
            yield finding("image-large", f"{attached.name} has {size:,} bytes", pointer=pointer, file=_SETTINGS)


def elsewhere(pictures: Iterable[Picture]) -> list[Picture]:
    """Those that stand on other hosts: each address once, at its first place."""
    found: dict[str, Picture] = {}
    for one in pictures:
        if one.address.lower().startswith(_ELSEWHERE):
            found.setdefault(one.address, one)
    return list(found.values())


def not_uploaded(attachments: Sequence[Declared], problems: Iterable[FieldProblem]) -> Iterator[Finding]:
    """Files that are not among the workspace's, which stops publishing: as a missing picture where the mail shows it."""
    for problem in problems:
        held = next((one for at, one in enumerate(attachments) if problem.pointer == f"/attachments/{at}/upload"), None)
        rule = "image-missing" if isinstance(held, Reference) and held.inline else "cannot-publish"
        yield Finding(rule, Severity.ERROR, problem.detail, problem.pointer, _SETTINGS)


def unproved(attachments: Sequence[Declared]) -> Iterator[Finding]:
    """Files that nobody looked for, because only their workspace knows what it has."""
    for index, one in enumerate(attachments):
        if isinstance(one, Reference):
            detail = f"whether {one.name} was uploaded is known to its workspace; push --publish --dry-run looks"
            yield finding("image-unjudged", detail, pointer=f"/attachments/{index}/upload", file=_SETTINGS)


async def look_outside(seen: Overlook, asker: PictureAsker | None, ignored: Sequence[str]) -> Overlook:
    """With what other hosts say of their pictures; without an asker, with how many of these were not asked for."""
    wanted = elsewhere(seen.pictures)
    if asker is None:
        return replace(seen, unasked=len(wanted))
    answers = await asker.ask([one.address for one in wanted])
    found = [told for one in wanted for told in _judged(one, answers.get(one.address)) if told.rule not in ignored]
    order = list(Severity)
    return replace(seen, findings=tuple(sorted([*seen.findings, *found], key=lambda one: order.index(one.severity))))


def _judged(one: Picture, asked: Asked | None) -> Iterator[Finding]:
    shown = one.address if len(one.address) <= _SHOWN else one.address[: _SHOWN - 1] + "…"
    shown += " (from the sample)" if one.sampled else ""
    if asked is None or asked.verdict == "unjudged":
        yield _told("image-unjudged", f"{shown}: {asked.words if asked else 'not asked'}", one)
    elif asked.verdict == "missing":
        yield _told("image-missing", f"{shown}: {asked.words}", one)
    elif asked.size is None:
        yield _told("image-unjudged", f"{shown} is there; its size cannot be told", one)
    elif asked.size > LARGE:
        yield _told("image-large", f"{shown} has {asked.words or f'{asked.size:,} bytes'}", one)


def _told(rule: str, detail: str, one: Picture) -> Finding:
    return finding(rule, detail, pointer=one.pointer, file=one.file, line=one.line)


def _travelling(attachments: Sequence[Declared]) -> Iterator[tuple[str, Declared]]:
    """What the mail can show by ``cid:``."""
    for one in attachments:
        if isinstance(one, Qr | Barcode):
            yield one.id, one
        elif isinstance(one, Reference) and one.inline:
            yield one.inline, one


def _size(one: Declared) -> int:
    """Bytes of an uploaded file, as its identifier says them; 0 for what is made when the mail is sent."""
    shape = FILE.fullmatch(one.upload) if isinstance(one, Reference) else None
    return int(shape[2]) if shape else 0
