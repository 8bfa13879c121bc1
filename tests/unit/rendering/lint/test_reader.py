"""How the lint reads markup: lines are those of the author, and what was read once is not read again."""

import pytest
from tests.unit.rendering.lint.kit import html

from posthouse.core.templates.model import VariantSource
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.lint.linter import MarkupLinter
from posthouse.rendering.lint.reader import DYNAMIC, Document

LINES = """<!DOCTYPE html
 PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN">
<style>
  p > a { color: {{ colour }} }
</style><!-- a
comment --><p
  class="x">{% if a %}
One</p
><img src="{{ picture }}" alt="Two"><a href='x?a=1&amp;b=2'>Three <b>four</b></a
  ><br/>5 &lt; 6
"""


def test_lines_are_the_authors() -> None:
    """Declarations, comments, tags over several lines and end tags with line breaks do not move what follows."""
    read = Document(LINES)
    assert [(one.name, one.line) for one in read.elements] == [
        ("style", 3),
        ("p", 6),
        ("img", 9),
        ("a", 9),
        ("b", 9),
        ("br", 10),
    ]
    picture, link = read.elements[2], read.elements[3]
    assert (picture.get("src"), link.get("href"), link.label) == (DYNAMIC, "x?a=1&b=2", "Threefour")
    assert [one.text for one in read.words] == [f"p > a {{ color: {DYNAMIC} }}", "One", "Three", "four", "5 < 6"]
    assert [one.parent.name if one.parent else "" for one in read.words] == ["style", "p", "a", "b", ""]


@pytest.mark.parametrize("cut", ["<p", "<style>p {", "<!-- ", "</", "<p title='", "<", "<!DOCTYPE"])
def test_what_is_cut_off_is_left_out(cut: str) -> None:
    """Markup that ends in the middle is read up to there."""
    assert [one.name for one in Document(f"<b>Hello</b>{cut}").elements][:1] == ["b"]


def test_what_was_looked_at_is_not_looked_at_again() -> None:
    """The same source at the same place has the same look; another word, another place or another program is looked at anew."""
    linter, source = MarkupLinter(), html("<p><a href=''></a></p>")
    variant: VariantSource = source.variants[0]
    programs = MinijinjaCompiler().compile(source, variant).programs
    first = linter.look(variant, programs, 0)
    assert {one.rule for one in first.findings} == {"link-dead", "link-label"}
    assert linter.look(variant, dict(programs), 0) is first
    assert [one.pointer for one in linter.look(variant, programs, 3).findings] == ["/variants/3/html"] * 2
    mended = html("<p><a href='https://shop.example-brand.com'>Shop</a></p>").variants[0]
    assert not linter.look(mended, programs, 0).findings
