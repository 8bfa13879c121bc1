"""What a reader sees of a rendering: its words, and where its links lead. The standard library's parser is enough for that."""

import re
from html.parser import HTMLParser
from typing import Final

_BLANKS: Final = re.compile(r"[\s\u00a0\u202f\u2007\u2009]+")
_INVISIBLE: Final = re.compile("[\u00ad\u034f\u200b-\u200f\u2060\u2066-\u2069\ufeff]")
_SILENT: Final = frozenset({"style", "script", "title", "head"})
_INLINE: Final = frozenset({"a", "b", "i", "u", "s", "em", "strong", "span", "font", "sub", "sup", "small"})
_COMMENT: Final = re.compile(r"<!--.*?-->|<!\[[^>]*>?", re.DOTALL)
_BARE: Final = re.compile(r"https?://[^\s<>()\"']*[^\s<>()\"'.,;:!?]")


def plain(text: str) -> str:
    """Every run of blanks as one, without what cannot be seen."""
    return _BLANKS.sub(" ", _INVISIBLE.sub("", text)).strip()


class Seen(HTMLParser):
    """Words and links of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        """Words and address of each link."""
        self._words: list[str] = []
        self._silent: list[str] = []
        self._open: tuple[str, int] | None = None
        self.feed(_COMMENT.sub("", html))
        self.close()

    @property
    def words(self) -> str:
        """Everything that is read, in one line."""
        return plain("".join(self._words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens an element; a picture stands for its alternative text."""
        given = dict(attrs)
        if tag in _SILENT:
            self._silent.append(tag)
        if tag not in _INLINE:
            self._words.append(" ")
        if tag == "img":
            self._words.append(given.get("alt") or "")
        if tag == "a":
            self._end_link()
            self._open = (given.get("href") or "", len(self._words))

    def handle_endtag(self, tag: str) -> None:
        """Closes an element."""
        if tag in self._silent:
            self._silent.remove(tag)
        if tag == "a":
            self._end_link()
        if tag not in _INLINE:
            self._words.append(" ")

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if not self._silent:
            self._words.append(data)

    def close(self) -> None:
        """The end of the source."""
        super().close()
        self._end_link()

    def _end_link(self) -> None:
        if self._open is not None:
            address, start = self._open
            self.links.append((plain("".join(self._words[start:])), address))
            self._open = None


def addresses_in(text: str) -> list[str]:
    """Addresses written out in a plain text."""
    return _BARE.findall(text)
