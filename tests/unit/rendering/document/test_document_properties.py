"""Whatever document is built from the schema: it publishes, or is refused with a reason and a place. It never crashes."""

import quopri
import re
from html.parser import HTMLParser
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.rendering.conftest import release_of
from tests.unit.rendering.document.kit import DATA, ON, release, sound_documents, wild_documents

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.document_reading import read_document
from posthouse.core.templates.model import Release, TemplateSource, VariantSource
from posthouse.core.templates.theme import DEFAULT_THEME
from posthouse.rendering.compiler import MinijinjaCompiler
from posthouse.rendering.document import build, written
from posthouse.rendering.renderer import MinijinjaRenderer
from posthouse.rendering.tags import Kind, pieces

BOUNDED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])


@settings(max_examples=80, **BOUNDED)
@given(wild_documents(), st.sampled_from(["en", "fr-CA", "ar"]))
def test_any_document_publishes_or_is_refused_with_a_reason_and_a_place(raw: Any, locale: str) -> None:
    """Each problem has a pointer into the document and a sentence."""
    try:
        programs = release(raw, locale).programs
    except ValidationError as error:
        refused = error.fields or (FieldProblem("", ""),)
    else:
        refused = ()
        assert well_formed(programs["html"]) == []
    told = [(found.pointer.startswith("/variants/0/"), bool(found.detail)) for found in refused]
    assert set(told) <= {(True, True)}


@settings(max_examples=40, **BOUNDED)
@given(sound_documents(), st.sampled_from(["en", "ar"]))
def test_a_sound_document_publishes_and_its_wire_form_decodes_to_what_is_seen(raw: Any, locale: str) -> None:
    """Nothing is refused, the rendering is well-formed HTML, and quoted-printable gives the same again."""
    made = release(raw, locale)
    renderer = MinijinjaRenderer()
    plain, wire = renderer.plain(made, DATA), renderer.wire(made, DATA)
    assert well_formed(plain.html or "") == []
    assert "{{" not in (plain.html or "").replace("{{ x }}", "")
    assert "wire.html" in made.programs
    assert quopri.decodestring(wire.html or b"").decode().replace("\r\n", "\n") == plain.html
    assert quopri.decodestring(wire.text).decode().replace("\r\n", "\n") == plain.text


@settings(max_examples=40, **BOUNDED)
@given(sound_documents())
def test_loops_and_conditions_are_where_they_were_written(raw: Any) -> None:
    """Rendered with three items it is the mail whose MJML was unrolled by hand, conditions settled, before MJML ran."""
    built = build(read_document(raw), DEFAULT_THEME, "en", "en")
    source = msgspec.json.decode(msgspec.json.encode(DATA))
    unrolled = compiled(unroll(built.mjml), built.subject, built.preheader, built.inserts)
    looped = compiled(built.mjml, built.subject, built.preheader, built.inserts)
    renderer = MinijinjaRenderer()
    assert body(renderer.plain(looped, source).html) == body(renderer.plain(unrolled, source).html)


@settings(max_examples=40, **BOUNDED)
@given(sound_documents(), st.sampled_from(["en", "ar"]))
def test_what_is_said_may_be_put_in_after_mjml(raw: Any, locale: str) -> None:
    """The languages of a document share one compiled pattern; words put into it give what their own MJML does, but for its one label."""
    variant = VariantSource("email", locale, "", document=raw)
    compiler, source = MinijinjaCompiler(), written(variant, "en", "")
    short = compiler._from_pattern(source)
    assert short is not None
    assert unlabelled(short) == unlabelled(compiler._from_mjml(source.variant, ""))


def unlabelled(html: str) -> str:
    """Without the mail's label, which mrml writes as Rust shows a text to programmers: a no-break space is \\u{a0} there."""
    return re.sub(r'aria-label="[^"]*" aria-roledescription', "", html, count=1)


def body(html: str | None) -> str:
    """The head differs lawfully: MJML writes rules only for the widths and pictures that it sees."""
    return (html or "").partition("<body")[2]


def compiled(mjml: str, subject: str, preheader: str, inserts: dict[str, str]) -> Release:
    """A release from MJML, with the document's own HTML put in."""
    variant = VariantSource("email", "en", subject, mjml=mjml, preheader=preheader)
    made = release_of(TemplateSource("order", "Order", (variant,)))
    html = made.programs["html"]
    for comment, held in inserts.items():
        html = html.replace(comment, held)
    return msgspec.structs.replace(made, programs={**made.programs, "html": html})


def unroll(source: str) -> str:
    """Settles every condition (``flags.on`` holds, nothing else does) and writes every loop out for three items."""
    listed = list(pieces(source))
    text, _, end = _until(listed, 0)
    assert end == len(listed)
    return text


def _until(listed: list[Any], at: int) -> tuple[str, str, int]:
    """What stands before and after ``else``, and where the block ends."""
    before, after, elsewhere = [], [], False
    while at < len(listed):
        piece = listed[at]
        word = piece.word if piece.kind is Kind.BLOCK else ""
        if word in {"endif", "endfor"}:
            return "".join(before), "".join(after), at
        if word == "else":
            elsewhere, at = True, at + 1
            continue
        text = piece.source
        if word == "if":
            inside, _, at = _until(listed, at + 1)
            text = inside if piece.code == f"if {ON}" else ""
        elif word == "for":
            assert piece.code == "for line in order.lines", piece.code
            inside, _, at = _until(listed, at + 1)
            text = "".join([_item(inside, number) for number in range(3)])
        (after if elsewhere else before).append(text)
        at += 1
    return "".join(before), "".join(after), at


def _item(inside: str, number: int) -> str:
    return inside.replace("line.", f"order.lines[{number}].").replace("loop.index", str(number + 1))


def well_formed(html: str) -> list[str]:
    """What is not closed where it was opened; Outlook's comments and template tags count for nothing."""
    checker = _Nesting()
    checker.feed("".join([piece.source if piece.kind is Kind.LITERAL else "" for piece in _lenient(html)]))
    checker.close()
    return checker.wrong + checker.stack


def _lenient(html: str) -> list[Any]:
    try:
        return list(pieces(html))
    except ValueError:  # a rendering may hold braces that are no tags
        return [msgspec.structs.replace(next(pieces("x")), source=html)]


class _Nesting(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.wrong.append(f"</{tag}>")
