"""Regular expressions mean the same in every Python that we promise to run on."""

import ast
import re
from pathlib import Path

import pytest

import posthouse

SOURCES = Path(posthouse.__file__).parent
_POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[\d,]+\})\+")


def patterns(source: str) -> list[str]:
    """The texts of a module that look like regular expressions with groups."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    words = [text.decode("latin-1") if isinstance(text, bytes) else text for text in texts]
    return [word for word in words if isinstance(word, str) and ("(?" in word or "++" in word or "*+" in word)]


def test_no_group_is_repeated_possessively() -> None:
    """Python 3.11.0 to 3.11.4, Debian 12's among them, match ``(?:a|bc)*+`` wrongly (CPython gh-106052); ``(?>(?:a|bc)*)`` is right in all."""
    found = {
        f"{path.relative_to(SOURCES)}: {pattern}"
        for path in SOURCES.rglob("*.py")
        for pattern in patterns(path.read_text("utf-8"))
        if "(?" in pattern and _POSSESSIVE_GROUP.search(pattern)
    }
    assert found == set()


@pytest.mark.parametrize(
    ("written", "refused"), [(r"(?:a|bc)*+d", True), (r"(?>(?:a|bc)*)d", False), (r"(?:\)*+)", False)]
)
def test_the_check_itself(written: str, refused: bool) -> None:
    """A bracket that is a letter may be repeated as one likes."""
    assert (_POSSESSIVE_GROUP.search(written) is not None) is refused
