"""What a server says: replies read from the stream, whatever the pieces they arrive in (RFC 5321 §4.2)."""

import re
from typing import Final

import msgspec

from posthouse.core.kernel.errors import PosthouseError

MAX_LINE: Final = 8192
MAX_LINES: Final = 256
TEXT_LIMIT: Final = 500
MAX_SEEN: Final = 16
MAX_SEEN_SIZE: Final = 512
"""How many pieces a reader recognises, and how long they may be: the answers that carry a queue identifier differ every time."""

_LINE: Final = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_ENHANCED: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class NonsenseError(PosthouseError):
    """The mail server does not speak SMTP."""

    slug = "smtp-nonsense"


class Reply(msgspec.Struct, frozen=True):
    """One reply. ``lines`` are the texts after the code, as sent."""

    code: int
    lines: list[bytes]

    @property
    def enhanced(self) -> str:
        """The enhanced status code of the last line that has one (RFC 3463, RFC 2034), or nothing."""
        for line in reversed(self.lines):
            found = _ENHANCED.match(line[:16].decode("ascii", "replace"))
            if found:
                return found[1]
        return ""

    @property
    def text(self) -> str:
        """The server's own words on one line: enhanced codes left out, controls cleaned, at most 500 characters."""
        return clean(" ".join(_without_code(line.decode("utf-8", "replace")) for line in self.lines))


def clean(words: str) -> str:
    """Foreign words made safe to keep and show: no controls, one line, at most 500 characters."""
    words = _CONTROLS.sub(" ", words[: 4 * TEXT_LIMIT]).strip()
    return words if len(words) <= TEXT_LIMIT else words[: TEXT_LIMIT - 1] + "…"


def _without_code(line: str) -> str:
    found = _ENHANCED.match(line)
    return (line[found.end() :] if found else line).strip()


class ReplyReader:
    """Cuts a byte stream into replies.

    Bare line feeds are taken as line ends (servers do this); memory is bounded by ``MAX_LINE`` and ``MAX_LINES``.
    Servers say the same few things for every message, so whole pieces that were read before are recognised (6 µs a message).
    """

    __slots__ = ("_code", "_lines", "_seen", "_tail")

    def __init__(self) -> None:
        self._seen: dict[bytes, list[Reply]] = {}
        self._tail = b""
        self._code = 0
        self._lines: list[bytes] = []

    @property
    def mid_reply(self) -> bool:
        """Whether something has arrived that is not a whole reply yet."""
        return bool(self._tail or self._lines)

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that are complete with these bytes.

        Raises:
            NonsenseError: a line that is no reply, changes its code midway, or never ends.
        """
        fresh = not (self._tail or self._lines)
        if fresh and (known := self._seen.get(data)) is not None:
            return known
        replies = self._cut(self._tail + data if self._tail else data)
        if fresh and not self.mid_reply and len(self._seen) < MAX_SEEN and len(data) <= MAX_SEEN_SIZE:
            self._seen[data] = replies
        return replies

    def _cut(self, data: bytes) -> list[Reply]:
        replies: list[Reply] = []
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            self._line(data[start:end].rstrip(b"\r"), replies)
            start = end + 1
        self._tail = data[start:]
        if len(self._tail) > MAX_LINE:
            raise NonsenseError(f"the server sent a reply line of more than {MAX_LINE} bytes")
        return replies

    def _line(self, line: bytes, replies: list[Reply]) -> None:
        found = _LINE.fullmatch(line)
        if found is None or len(line) > MAX_LINE:
            shown = clean(line[:80].decode("utf-8", "replace"))
            raise NonsenseError(f"the server sent {shown!r} where a reply was due")
        code = int(found[1])
        if self._lines and code != self._code:
            raise NonsenseError(f"the server began a reply with {self._code} and went on with {code}")
        self._lines.append(found[3] or b"")
        if found[2] == b"-":
            self._code = code
            if len(self._lines) > MAX_LINES:
                raise NonsenseError(f"the server sent a reply of more than {MAX_LINES} lines")
            return
        replies.append(Reply(code, self._lines))
        self._lines = []
