"""A returned mail taken apart: what the server says, what the machine-readable report says, what came back."""

import re
from typing import Final

import msgspec

from posthouse.channels.email.returned.parts import Fields, Part, read_mail, split_fields

_ORIGINAL: Final = frozenset(
    {
        "message/rfc822",
        "text/rfc822-headers",
        "message/global",
        "message/global-headers",
        "text/rfc822",
        "message/partial",
    }
)
_STATUS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FEEDBACK: Final = "message/feedback-report"

# A line that says: what follows is the message that came back. Said with dashes, stars or a colon by every server differently.
_SEPARATOR: Final = re.compile(
    r"^[ \t>*|#=-]{0,80}(?:"
    r"below this line is [^\n]{0,60}|(?:here|this) is a copy of (?:the|your|my) [^\n]{0,60}"
    r"|(?:the )?(?:body|headers?|start|beginning|text|copy) of (?:the |your )?(?:original |returned |"
    r"rejected )?(?:message|mail|e-mail)[^\n]{0,60}"
    r"|(?:your |the )?(?:original|returned|unsent|undelivered|rejected|bounced) (?:message|mail|"
    r"e-?mail)(?: headers?)?"
    r"(?: (?:follows?|is (?:following|below|attached|included)|begins|starts|below|text|header)[^\n]{0,40})?"
    r"|message headers? follows?|message header follows?|original headers?[^\n]{0,20}|"
    r"(?:the )?first \d{1,4} lines of[^\n]{0,60}"
    r"|forwarded message|content-type: (?:message/rfc822|text/rfc822-headers)[^\n]{0,60}"
    r"|\d{0,6} ?(?:bytes|lines) of (?:the )?(?:message|mail)[^\n]{0,40}"
    r"|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|原文|オリジナルメッセージ"
    r")[ \t>*|#=:.-]{0,80}$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_LINE: Final = re.compile(
    r"^(?:[ \t]{0,8})(?:received|return-path|message-id|dkim-signature|domainkey-signature|x-[a-z-]{2,30}|from|"
    r"date|mime-version"
    r"|arc-seal|delivered-to|envelope-to|subject|to):",
    re.IGNORECASE,
)
_QUOTE: Final = re.compile(r"^> ?", re.MULTILINE)
_TELLING: Final = re.compile(r"^[ \t]{0,8}(?:received|return-path|message-id|mime-version|from):", re.IGNORECASE)
_HEADER_START: Final = re.compile(
    r"\n[ \t]{0,8}(?:received|return-path|message-id|from|dkim-signature):", re.IGNORECASE
)


class Sections(msgspec.Struct, frozen=True):
    """The four things that matter in a returned mail; each may be empty."""

    fields: Fields
    human: str
    """What the server says to people, without the message that came back."""
    status: str
    """Delivery status fields (RFC 3464), blocks separated by blank lines."""
    feedback: str
    """Feedback report fields (RFC 5965)."""
    original: Fields
    """Header of the message that came back."""
    inner: bytes = b""
    """A whole mail inside this one, for reports that somebody forwarded."""
    report: str = ""
    """``report-type`` of a multipart/report."""


def read_sections(raw: bytes) -> Sections:
    """Takes a returned mail apart."""
    fields, parts = read_mail(raw)
    status = "\n\n".join([part.text for part in parts if part.kind in _STATUS])
    feedback = "\n\n".join([part.text for part in parts if part.kind == _FEEDBACK])
    original = next((part for part in parts if part.kind in _ORIGINAL), None)
    before = parts if original is None else parts[: parts.index(original)]
    human = unquoted(_human(before) or _human(parts))
    human, returned = split_original(human)
    if original is not None:
        returned = original.text
    came_back = split_fields(returned.lstrip("\n \t").encode("utf-8", "replace"))[0] if returned else Fields()
    if original is None and not came_back.pairs:
        came_back = _headers_attached(parts)
    inner = original.text.encode("utf-8", "replace") if original is not None and not status and not feedback else b""
    return Sections(fields, human, status, feedback, came_back, inner, fields.first("content-type").lower())


def _human(parts: list[Part]) -> str:
    """The plain texts; HTML only where there is no plain text with any letters in it."""
    texts = [
        part.text
        for part in parts
        if part.kind == "text/plain" or "/" not in part.kind or part.kind.startswith("multipart/")
    ]
    plain = "\n\n".join(texts)
    return plain if plain.strip() else "\n\n".join([part.text for part in parts if part.kind == "text/html"])


def unquoted(text: str) -> str:
    """Without the ``>`` of a report that somebody forwarded."""
    lines = text.split("\n")
    quoted = sum(line.startswith(">") for line in lines)
    return _QUOTE.sub("", text) if quoted > 5 and quoted * 2 > len(lines) else text


def split_original(text: str) -> tuple[str, str]:
    """What the server wrote, and the message that it put behind its words in the same text.

    The border is a line that says so, or else a paragraph that is the header of a mail.
    """
    border = len(text)
    rest = len(text)
    said = _SEPARATOR.search(text)
    if said and "@" in text[: said.start()]:
        border, rest = said.start(), said.end()
    header = _header_paragraph(text)
    if 0 <= header < border:
        border = rest = header
    return text[:border], text[rest:]


def _header_paragraph(text: str) -> int:
    """Where a paragraph begins that is the header of a mail; -1 when there is none."""
    position = 0
    for _ in range(400):
        start = text.find("\n\n", position)
        if start < 0:
            return -1
        lines = text[start + 2 : start + 2_000].split("\n", 12)[:12]
        while lines and not lines[0].strip():
            lines.pop(0)
        if len(lines) > 1 and _HEADER_LINE.match(lines[0]):
            told = {found[0].strip().lower() for line in lines if (found := _TELLING.match(line))}
            if len(told) > 1 and "@" in text[:start]:
                return start
        position = start + 1
    return -1


def _headers_attached(parts: list[Part]) -> Fields:
    """The header of a message that came back as a plain attachment."""
    for part in parts[1:]:
        if part.kind.startswith("text/") and _HEADER_START.search("\n" + part.text[:2_000]):
            return split_fields(part.text.lstrip().encode("utf-8", "replace"))[0]
    return Fields()
