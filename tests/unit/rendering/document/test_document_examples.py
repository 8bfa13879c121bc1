"""The example documents, rendered with their samples, are what they were (docs/howto/templates.md names how to renew them)."""

import os
from pathlib import Path

import pytest
from tests.unit.rendering.conftest import release_of

from posthouse.core.templates.folder import read_tree
from posthouse.rendering.data import reads_only_keys
from posthouse.rendering.renderer import MinijinjaRenderer

ROOT = Path(__file__).parents[4] / "examples" / "templates-as-documents"
GOLDEN = Path(__file__).parent / "golden"
FILES = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in ROOT.rglob("*") if path.is_file()}
CASES = [(source, variant) for source in read_tree(FILES) for variant in source.variants]


def renewed(path: Path, text: str) -> bool:
    """Writes the golden file instead of comparing, when asked to by ``POSTHOUSE_TEST_GOLDEN=write``."""
    if os.environ.get("POSTHOUSE_TEST_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("source", "variant"), CASES, ids=[f"{source.key}.{variant.locale}" for source, variant in CASES]
)
def test_an_example_renders_as_it_did(source, variant):
    """Subject, text and HTML, in every language; nothing is left untranslated."""
    made = release_of(source, variant)
    rendered = MinijinjaRenderer().plain(made, source.sample)
    assert all(reads_only_keys(program) for program in made.programs.values())  # the fast way: no methods to hide
    name = f"{source.key}.{variant.locale}"
    assert renewed(GOLDEN / f"{name}.txt", f"{rendered.subject}\n\n{rendered.text}")
    assert renewed(GOLDEN / f"{name}.html", rendered.html or "")


def test_the_examples_speak_four_languages():
    """One document each."""
    assert sorted({variant.locale for _, variant in CASES}) == ["en", "es", "fr", "ru"]
    assert len(CASES) == 8
