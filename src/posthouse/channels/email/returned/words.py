"""Small tools on text that strangers wrote: addresses, codes, folded words. All of them take linear time."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

MOST_WORDS: Final = 1_000
_MOST_ADDRESSES: Final = 400
_LOCAL: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~.-"
_DOMAIN: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
# What could steer a terminal or turn the direction of writing around.
_UNPRINTED: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\s]+")
_SPACE: Final = re.compile(r"\s+")
_UNITEXT: Final = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_ADDRESS_KIND: Final = re.compile(r"^(?:smtp|rfc822|rfc-822)=", re.IGNORECASE)
_INNER_DOT: Final = re.compile(r"(?<=\w)\.(?=\w)")
_URL: Final = re.compile(r"https?://([\w.-]{0,100})\S{0,500}", re.IGNORECASE)
_CODES_AGAIN: Final = re.compile(r"(?<![\d.])[245]\d\d[- ](?:#?[245]\.\d{1,3}\.\d{1,3}[ -])?")
_ENHANCED: Final = re.compile(r"(?<![\d.])([245])[.](\d{1,3})[.](\d{1,3})(?![\d.]\d|\d)")
_CODE: Final = re.compile(r"(?<![\w./@-])(?<!\w:)([45]\d\d)(?=[ :,-]|$)(?![ ]?(?:bytes|seconds|[KM]B\b)|-\d{3}[- ])")


class Found(msgspec.Struct, frozen=True):
    """An address in a text."""

    address: str
    start: int
    end: int


def find_addresses(text: str) -> Iterator[Found]:
    """Every address in a text, in order; ``<a@b>`` without the brackets. At most 400 ``@`` are looked at."""
    at = -1
    for _ in range(_MOST_ADDRESSES):
        at = text.find("@", at + 1)
        if at < 0:
            return
        left = text[max(0, at - 65) : at]
        start = at - (len(left) - len(left.rstrip(_LOCAL)))
        if left.endswith('"'):
            opening = left.rfind('"', 0, -1)
            start = at - (len(left) - opening) if opening >= 0 else at
        right = text[at + 1 : at + 256]
        domain = right[: len(right) - len(right.lstrip(_DOMAIN))].strip(".-")
        local = text[start:at]
        if not left.endswith('"') and not local.startswith("=?"):
            local = _ADDRESS_KIND.sub("", local.lstrip("'`*|/="))
        if not local or not domain or local.endswith("..") or at - start > 64:
            continue
        bracketed = text[at - len(local) - 1 : at - len(local)] == "<"
        if bracketed or "." in domain:
            yield Found(f"{local}@{domain}", at - len(local), at + 1 + len(domain))


def first_address(text: str) -> str:
    """The first address in a text, or an empty one."""
    return next((found.address for found in find_addresses(text)), "")


def address_of_field(value: str) -> str:
    """The address of ``rfc822; ann@example.net`` (RFC 3464 §2.1.2) or ``utf-8; …`` (RFC 6533 §3); empty when none."""
    kind, _, rest = value.partition(";")
    rest = rest if _ else kind
    rest = rest.strip().strip("<>").strip()
    if kind.strip().lower() == "utf-8":
        rest = _UNITEXT.sub(_unitext, rest)
        return rest if "@" in rest and len(rest) < 500 and rest.isprintable() and not _SPACE.search(rest) else ""
    if rest.count("@") == 1 and rest.isprintable() and not _SPACE.search(rest) and 2 < len(rest) < 321:
        found = first_address(f"<{rest}>")
        return found if len(found) == len(rest) else found or rest.strip("<>")
    return first_address(f"<{rest}>") or first_address(rest)


def _unitext(found: re.Match[str]) -> str:
    value = int(found[1], 16)
    return chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else "�"


def fold(text: str) -> str:
    """White space folded, nothing that steers a terminal, cut to what is kept of the remote's words."""
    return _UNPRINTED.sub(" ", text[: 4 * MOST_WORDS]).strip()[:MOST_WORDS]


def plain(text: str) -> str:
    """What phrases are looked for in.

    Lower case, one line, no addresses, of links the host only, no repeated codes, and ``·`` for dots inside names, so
    that ``.`` always ends a sentence.

    Addresses and links go because people are called Full and pages ``#user-unknown``; the codes because replies of
    several lines repeat them in the middle of sentences.
    """
    # The folding is done first: every later step works on at most 4,000 characters.
    text = _SPACE.sub(" ", text[:8_000])[:4_000]
    text = _URL.sub(r" \1 ", text)
    pieces, end = [], 0
    for found in find_addresses(text):
        pieces.append(text[end : found.start])
        end = found.end
    text = "".join([*pieces, text[end:]])
    text = _INNER_DOT.sub("·", _CODES_AGAIN.sub("", text))
    return _SPACE.sub(" ", text).lower().replace("\u2019", "'")


def enhanced_in(text: str) -> str:
    """The first enhanced status code in a text that is no address of a machine; a specific one before ``5.0.0``."""
    general = ""
    for found in _ENHANCED.finditer(text[:4_000]):
        code = f"{found[1]}.{int(found[2])}.{int(found[3])}"
        if found[1] == "2":
            continue
        if found[2] == "0" and found[3] == "0":
            general = general or code
        else:
            return code
    return general


def code_in(text: str) -> int:
    """The first SMTP reply code of a failure in a text, 0 when there is none."""
    found = _CODE.search(text[:4_000])
    return int(found[1]) if found else 0
