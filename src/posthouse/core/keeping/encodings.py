"""A person inside what programs make of texts: base64, hexadecimal, and the plain digests by which systems know an address without saying it.

What was found is written over in the same form and length, so that tokens stay readable by whoever reads the rest of them.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

from posthouse.core.keeping import spelling

_LETTERS: Final = r"A-Za-z0-9+/_-"
_BROKEN: Final = r"\\/|\\r\\n|\\n|\r\n|\n|%(?:25)*(?:2b|2f|0d|0a)"
"""What may stand inside of base64: an escaped slash, a new line, either of them in JSON or in a URL."""
_PIECE: Final = re.compile(f"[{_LETTERS}]|{_BROKEN}", re.IGNORECASE)
_URL: Final = str.maketrans("+/", "-_")
_IN_RUNS: Final = bytes(
    ord("a") if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"+/_-") else 32 for byte in range(256)
)
"""Every letter of base64 an ``a``, all else a blank: so C finds where many of them stand together."""
_IN_URL: Final = re.compile(r"%(?:25)*(2b|2f|0d|0a)", re.IGNORECASE)
_BREAKS: Final = (("\\/", "/"), ("\\r", ""), ("\\n", ""), ("\r", ""), ("\n", ""))
_ONE_WAY: Final = re.compile(rb"[a-z0-9]+")
_BETWEEN: Final = re.compile("[/_-]")
_SHORTEST_DIGEST: Final = 22
"""Letters of an MD5 in base64."""
_DIGESTS: Final = ("md5", "sha1", "sha256", "sha512")
_OVER: Final = "x"


class Encoded:
    """Finds addresses in base64 (of both alphabets, also in lines), in hexadecimal, and their digests.

    Args:
        addresses: the person's.
        words: every way in which they are written in what was encoded.
    """

    def __init__(self, addresses: Iterable[str], words: Iterable[str]) -> None:
        raw = sorted((word.encode() for word in words), key=len)
        self._pattern = spelling.plainly([word.decode("latin-1") for word in reversed(raw)])
        self._shortest = len(raw[0])
        least = min(-(-self._shortest * 4 // 3), _SHORTEST_DIGEST)
        self._many = b"a" * least
        self._broken_run = re.compile(f"(?:[{_LETTERS}]|{_BROKEN}){{{least},}}", re.IGNORECASE)
        self._hex = re.compile(f"[0-9A-Fa-f]{{{2 * self._shortest},}}")
        self._parts = tuple({part for word in raw for part in _telling(word.lower())})
        self._digests = frozenset(one for address in addresses for one in _digests_of(address))

    def names(self, text: str) -> bool:
        """Whether a text names the person so."""
        return any(self._over(run) != run for run in self._runs(_joined(text)))

    def sub(self, text: str) -> str:
        """A text in which something else stands there, of the same length."""
        return self._broken_run.sub(self._struck, text)

    def _runs(self, text: str) -> Iterator[str]:
        letters = text.encode("latin-1", "replace").translate(_IN_RUNS)
        start = letters.find(self._many)
        while start >= 0:
            end = letters.find(b" ", start)
            yield text[start:] if end < 0 else text[start:end]
            start = letters.find(self._many, end) if end >= 0 else -1

    def _struck(self, found: re.Match[str]) -> str:
        """A run with what breaks it: only letters that change are written anew, in the form in which they stood."""
        pieces = _PIECE.findall(found[0])
        letters = [_joined(piece) for piece in pieces]  # none for the end of a line
        over = iter(self._over("".join(letters)))
        made = []
        for piece, letter in zip(pieces, letters, strict=True):
            new = next(over) if letter else ""
            made.append(piece if new == letter else new)
        return "".join(made)

    def _over(self, run: str) -> str:
        """Letters of base64 without the person; the same where she is not in them."""
        if len(run) >= _SHORTEST_DIGEST and not self._digests.isdisjoint(pieces := _pieces_of(run)):
            for piece in self._digests.intersection(pieces):
                run = re.sub(re.escape(piece), "0" * len(piece), run, flags=re.IGNORECASE)
        if self._hex.search(run):
            run = self._hex.sub(self._over_hex, run)
        standard = run.replace("-", "+").replace("_", "/")
        for start in range(4):
            raw = binascii.a2b_base64(standard[start:] + "AAA"[: (start - len(run)) % 4])
            lower = raw.lower()
            for part in self._parts:
                if part in lower:
                    run = run[:start] + self._over_base64(run[start:], raw)
                    standard = run.replace("-", "+").replace("_", "/")
                    break
        return run

    def _over_hex(self, found: re.Match[str]) -> str:
        run = found[0]
        for start in range(2):
            end = len(run) - (len(run) - start) % 2
            raw = bytes.fromhex(run[start:end])
            if (over := self._written_over(raw)) != raw:
                run = run[:start] + over.hex() + run[end:]
        return run

    def _over_base64(self, run: str, raw: bytes) -> str:
        if (over := self._written_over(raw)) == raw:
            return run
        made = base64.b64encode(over).decode()[: len(run)]
        return made.translate(_URL) if "-" in run or "_" in run else made

    def _written_over(self, raw: bytes) -> bytes:
        text = raw.decode("latin-1")
        return self._pattern.sub(lambda found: _OVER * len(found[0]), text).encode("latin-1")


def _telling(word: bytes) -> Iterator[bytes]:
    """The longest part of an address that is written in one way only."""
    yield max(_ONE_WAY.findall(word), key=len, default=word)


def _pieces_of(run: str) -> set[str]:
    """What may be a digest in it: paths and names joined by hyphens are runs too."""
    lower = run.lower()
    return {run, lower, *_BETWEEN.split(run), *_BETWEEN.split(lower)}


def _joined(text: str) -> str:
    """A text whose base64 is not broken by lines or escapes."""
    for broken, whole in _BREAKS:
        if broken in text:
            text = text.replace(broken, whole)
    return _IN_URL.sub(_of_url, text) if "%" in text else text


def _of_url(found: re.Match[str]) -> str:
    return {"2b": "+", "2f": "/"}.get(found[1].lower(), "")


def _digests_of(address: str) -> Iterator[str]:
    """In hexadecimal and in base64 without its end: of the address as people write it and in small letters, of a number with and without its +."""
    for word in dict.fromkeys((address, address.lower(), address.removeprefix("+"))):
        for name in _DIGESTS:
            raw = hashlib.new(name, word.encode(), usedforsecurity=False).digest()
            yield raw.hex()
            yield base64.b64encode(raw).decode().rstrip("=")
            yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
