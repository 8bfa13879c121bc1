"""Text in header fields: encoded words (RFC 2047) and parameters (RFC 2231), never a line that starts a new field."""

import binascii
import re
from typing import Final

ENCODED_WORD: Final = 75
"""Characters of an encoded word at most (RFC 2047 §2)."""
LINE: Final = 78
"""Characters of a header line where possible (RFC 5322 §2.1.1)."""
FOLD: Final = "\r\n "

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What may stand in no header: C0 and C1 controls, the Unicode line ends, halves of surrogate pairs."""
_BLANKS: Final = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]*[\x00-\x1f\x7f-\x9f\u2028\u2029][\s\x00-\x1f\x7f-\x9f\u2028\u2029]*"
)
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_START: Final = "=?utf-8?"
_ROOM: Final = ENCODED_WORD - len("=?utf-8?q??=")
_LONGEST_WORD: Final = 200
_Q_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q: Final = [chr(byte) if byte in _Q_PLAIN else "_" if byte == 0x20 else f"={byte:02X}" for byte in range(256)]
"""The Q encoding of each byte, safe within a phrase too (RFC 2047 §5, rule 3)."""
_ATTRIBUTE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~")
_PERCENT: Final = [chr(byte) if byte in _ATTRIBUTE else f"%{byte:02X}" for byte in range(256)]


def one_line(text: str) -> str:
    """The text with each line break or other control character, and the blanks around it, made one blank.

    For subjects, which templates make from data: a stray line break in a product's name must neither start a header nor
    stop a mail.
    """
    if text.isprintable() and text.isascii():
        return text
    text = _SURROGATES.sub("\ufffd", text)
    return _BLANKS.sub(" ", text).strip(" ") if CONTROL.search(text) else text


def text_value(text: str, used: int) -> str:
    """An unstructured value (RFC 5322 §2.2.1), folded; the field's name takes ``used`` characters of the first line.

    Plain ASCII stays readable; whatever a reader might read differently becomes encoded words.
    """
    if _stays(text):
        return text if used + len(text) <= LINE else fold_at_blanks(text, used)
    return encoded_words(text, used)


def _stays(text: str) -> bool:
    """Whether a text may stand as it is: ASCII, single blanks inside only, nothing that looks like an encoded word."""
    if not (text.isascii() and text.isprintable()) or "=?" in text or "  " in text or text != text.strip(" "):
        return False
    return len(text) <= LINE or max(map(len, text.split(" "))) <= _LONGEST_WORD


def fold_at_blanks(text: str, used: int) -> str:
    """Breaks a line before blanks so that lines are of at most 78 characters where the words allow it."""
    lines: list[str] = []
    line = ""
    room = LINE - used
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line, room = word, LINE - 1
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    return FOLD.join(lines)


def encoded_words(text: str, used: int) -> str:
    """Encoded words in UTF-8, by B or Q whichever is shorter, a character never split between two."""
    raw = text.encode()
    q_length = sum(map(len, map(_Q.__getitem__, raw)))
    b_length = 4 * ((len(raw) + 2) // 3)
    if q_length <= b_length:
        return _q_words(text, used)
    return _b_words(text, used)


def _q_words(text: str, used: int) -> str:
    words: list[str] = []
    word = ""
    room = _first_room(used)
    for character in text:
        piece = "".join([_Q[byte] for byte in character.encode()])
        if len(word) + len(piece) > room:
            words.append(word)
            word, room = "", _ROOM
        word += piece
    words.append(word)
    return FOLD.join([f"{_START}q?{word}?=" for word in words])


def _b_words(text: str, used: int) -> str:
    words: list[bytes] = []
    word = b""
    room = _first_room(used) // 4 * 3
    for character in text:
        piece = character.encode()
        if len(word) + len(piece) > room:
            words.append(word)
            word, room = b"", _ROOM // 4 * 3
        word += piece
    words.append(word)
    return FOLD.join([f"{_START}b?{binascii.b2a_base64(word, newline=False).decode()}?=" for word in words])


def _first_room(used: int) -> int:
    """Encoded characters that fit in the first word (its line has 76: RFC 2047 §2), at least those of one character."""
    return max(12, min(_ROOM, ENCODED_WORD - used - (ENCODED_WORD - _ROOM)))


_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTABLE: Final = re.compile(r"[\x20-\x7e]*")
_LONGEST_QUOTED: Final = 60


def phrase(name: str, used: int) -> str:
    """A display name (RFC 5322 §3.2.5): as it is, quoted, or as encoded words; folded in the last case."""
    regular = "=?" not in name and "  " not in name and len(name) <= _LONGEST_QUOTED and name == name.strip(" ")
    if regular and _ATOMS.fullmatch(name):
        return name
    if regular and _QUOTABLE.fullmatch(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return encoded_words(name, used)


_PLAIN_PARAMETER: Final = re.compile(r"[\x20\x21\x23-\x3b=?-\x5b\x5d-\x7e]{1,50}")
"""Without quotes, backslashes and angle brackets, which readers take off."""
_PARAMETER_ROOM: Final = 56
_CHARSET: Final = "utf-8''"


def parameter(name: str, value: str) -> str:
    """A parameter with what goes before it: ``; name="value"``, or in RFC 2231 form, each piece on its own line."""
    if _PLAIN_PARAMETER.fullmatch(value) and "=?" not in value and "  " not in value and value == value.strip(" "):
        return f';{FOLD}{name}="{value}"'
    pieces = _percent_pieces(value)
    if len(pieces) == 1:
        return f";{FOLD}{name}*={_CHARSET}{pieces[0]}"
    return "".join(
        f";{FOLD}{name}*{number}*={'' if number else _CHARSET}{piece}" for number, piece in enumerate(pieces)
    )


def _percent_pieces(value: str) -> list[str]:
    """The value percent-encoded, in pieces of whole characters."""
    pieces: list[str] = []
    piece = ""
    for character in value:
        encoded = "".join([_PERCENT[byte] for byte in character.encode()])
        if len(piece) + len(encoded) > _PARAMETER_ROOM:
            pieces.append(piece)
            piece = ""
        piece += encoded
    pieces.append(piece)
    return pieces
