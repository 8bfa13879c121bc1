"""Alphabets and segments of short messages (3GPP TS 23.038 §6.2.1, TS 23.040 §9.2.3.24.1).

A message in the GSM 03.38 alphabet has 160 septets, in UCS-2 70 units of 16 bits; with a header that joins segments 153
and 67. A letter of the extension table takes two septets, one outside the basic plane two units; neither pair is split.
"""

# ruff: noqa: RUF001 - letters that look like others are the subject here

import unicodedata
from typing import Final, Literal

import msgspec

Encoding = Literal["gsm-7", "ucs-2"]

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = frozenset("\f^{}\\[~]|€")
GSM: Final = BASIC | EXTENSION
ONE: Final[dict[Encoding, int]] = {"gsm-7": 160, "ucs-2": 70}
"""Room of a message that is one segment."""
JOINED: Final[dict[Encoding, int]] = {"gsm-7": 153, "ucs-2": 67}
"""Room of each segment where there are several."""
_BEYOND: Final = 0xFFFF
_LETTERS: Final = {
    **dict.fromkeys("‘’‚‛′`´ʼ", "'"), **dict.fromkeys("“”„‟″«»", '"'), **dict.fromkeys("‹›", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("•·", "-"), "…": "...", "™": "TM", "©": "(c)", "®": "(R)", "×": "x",
    "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T",
    "ĳ": "ij", "Ĳ": "IJ", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ẞ": "SS", "№": "No", "º": "o", "ª": "a",
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f", ""), "\t": " ",
}  # fmt: skip
"""What is written another way where the alphabet lacks a letter; accents are taken off by decomposition."""


class Segments(msgspec.Struct, frozen=True):
    """How a text travels. ``units`` are septets or units of 16 bits, ``room`` those that the last segment has left."""

    encoding: Encoding
    units: int
    segments: int
    room: int


def measured(text: str) -> Segments:
    """Alphabet, size and number of segments of a text, exactly as they are billed."""
    encoding = encoding_of(text)
    even = text.isascii() and EXTENSION.isdisjoint(text) if encoding == "gsm-7" else max(text) <= "\uffff"
    if even:  # no letter takes two units: nothing can be torn
        return _even(len(text), encoding)
    units = sum([units_of(letter, encoding) for letter in text])
    if units <= ONE[encoding]:
        return Segments(encoding, units, 1, ONE[encoding] - units)
    parts = split(text)
    last = sum([units_of(letter, encoding) for letter in parts[-1]])
    return Segments(encoding, units, len(parts), JOINED[encoding] - last)


def split(text: str) -> tuple[str, ...]:
    """The text of each segment; together they are the text. An empty text is one empty segment."""
    encoding = encoding_of(text)
    sizes = [units_of(letter, encoding) for letter in text]
    if sum(sizes) <= ONE[encoding]:
        return (text,)
    parts, start, used = [], 0, 0
    for at, size in enumerate(sizes):
        if used + size > JOINED[encoding]:
            parts.append(text[start:at])
            start, used = at, 0
        used += size
    return (*parts, text[start:])


def encoding_of(text: str) -> Encoding:
    """The alphabet that a text needs."""
    return "gsm-7" if GSM.issuperset(text) else "ucs-2"


def units_of(letter: str, encoding: Encoding) -> int:
    """Septets or units of 16 bits that one letter takes."""
    if encoding == "gsm-7":
        return 2 if letter in EXTENSION else 1
    return 2 if ord(letter) > _BEYOND else 1


def outside(text: str) -> tuple[str, ...]:
    """The letters that GSM 03.38 lacks, each once, in order."""
    return tuple(dict.fromkeys(letter for letter in text if letter not in GSM))


def transliterated(text: str) -> str:
    """The text in the GSM alphabet if a nearer spelling makes it fit there, otherwise as it was.

    Only letters that the alphabet lacks change: é stays, ç becomes c. A text that would need UCS-2 all the same (Russian, an
    emoji) is left alone, for it would lose its accents and gain nothing.
    """
    if GSM.issuperset(text):
        return text
    plain = "".join([letter if letter in GSM else _nearest(letter) for letter in unicodedata.normalize("NFC", text)])
    return plain if GSM.issuperset(plain) else text


def _nearest(letter: str) -> str:
    if letter in _LETTERS:
        return _LETTERS[letter]
    apart = "".join([part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)])
    return apart if apart and GSM.issuperset(apart) else letter


def _even(units: int, encoding: Encoding) -> Segments:
    if units <= ONE[encoding]:
        return Segments(encoding, units, 1, ONE[encoding] - units)
    segments = -(-units // JOINED[encoding])
    return Segments(encoding, units, segments, segments * JOINED[encoding] - units)
