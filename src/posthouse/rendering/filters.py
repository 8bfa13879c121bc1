"""The filters that templates may use: minijinja's own harmless ones, and ours that write in the release's language.

Left out of minijinja's: ``format`` (one width can ask for gigabytes), ``indent``, ``wordwrap``, ``attr``, ``pprint``.
Ours are listed in docs/howto/templates.md; ``list`` takes the place of minijinja's filter of that name.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

from posthouse.rendering.formats.dates import DATES
from posthouse.rendering.formats.numbers import NUMBERS
from posthouse.rendering.formats.words import WORDS
from posthouse.rendering.tags import Kind, pieces

REMOVED_FILTERS: Final = ("format", "indent", "wordwrap", "attr", "pprint", "zip", "chain")
REMOVED_GLOBALS: Final = ("debug", "namespace", "lipsum", "cycler", "joiner")

FORMATS: Final[dict[str, Callable[..., str]]] = {**NUMBERS, **DATES, **WORDS}
"""The formats by their names in templates; each takes the language tag first."""
_SHOWN: Final = 3


@lru_cache(maxsize=256)
def filters_for(locale: str) -> dict[str, Callable[..., str]]:
    """The formats of one language."""
    return {name: partial(function, locale) for name, function in FORMATS.items()}


def users_of(name: str, source: str) -> str:
    """The expressions of a program that use a filter, for an error that must say where: ``order.total|money('EUR')``."""
    uses = re.compile(rf"\|\s*{re.escape(name)}\b")
    found = list(dict.fromkeys(p.code for p in pieces(source) if p.kind in _TAGS and uses.search(p.code)))
    shown = [f"{{{{ {code} }}}}" for code in found[:_SHOWN]]
    return " or ".join(shown) + (" or another" if len(found) > _SHOWN else "")


_TAGS: Final = (Kind.EXPRESSION, Kind.BLOCK)
