"""The wire form says exactly what the plain form says, and keeps every promise of WireBody."""

import quopri
import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.rendering.conftest import release_of

from posthouse.core.templates.model import Release, Rendered, TemplateSource, VariantSource
from posthouse.rendering import quoted, wire
from posthouse.rendering.controls import without_controls
from posthouse.rendering.renderer import MinijinjaRenderer

CHUNKS = [
    "  ",
    "   ",
    " \n",
    "\n\n",
    "\n.",
    ".",
    "\t",
    "\r\n",
    "=",
    "=20",
    "x" * 70,
    "\x00",
    "\x01",
    "\x7f",
    "\x85",
    "\xa0",
    "é€😀",
    "<&'/>",
]
TEXTS = st.lists(
    st.one_of(st.sampled_from(CHUNKS), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)), max_size=12
).map("".join)
VALUES = st.one_of(
    TEXTS, TEXTS.map(lambda text: text * 9), st.integers(-(2**60), 2**60), st.just("\x01"), st.just("\x01=\x01")
)
LITERALS = TEXTS.map(lambda text: re.sub(r"[{}]", "", text))


def programs(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Bigger programs from smaller ones: sequences, conditions, loops, trims, raw, captures."""
    trim = st.sampled_from(["", "-"])
    return st.one_of(
        st.tuples(children, children).map("".join),
        st.tuples(trim, children, trim, children).map(
            lambda it: f"{{%{it[0]} if yes {it[2]}%}}{it[1]}{{% else -%}}{it[3]}{{%- endif %}}"
        ),
        st.tuples(trim, children, trim).map(
            lambda it: f"{{%{it[0]} for x in many {it[2]}%}}{it[1]}{{{{ x }}}}{{%{it[2]} endfor {it[0]}%}}"
        ),
        children.map(lambda it: "{% set kept = a %}" + it + "{{ kept }}"),
        children.map(lambda it: "{% filter upper %}" + it + "{% endfilter %}"),
        children.map(lambda it: "{% set caught %}" + it + "{% endset %}{{ caught }}"),
        children.map(lambda it: "{% macro m(p) %}" + it + "{{ p }}{% endmacro %}{{ m(b) }}"),
    )


PROGRAMS = st.recursive(
    st.one_of(
        LITERALS,
        st.sampled_from(["{{ a }}", "{{ b }}", "{{- a }}", "{{ b -}}", "{{ a|safe }}", "{# gone -#}", "{{ '}}' }}"]),
        LITERALS.map(lambda it: "{% raw %}{{ a }}{% x %}{#" + it + "{% endraw %}"),
        st.just("{% raw -%}  {{ {% \n{%- endraw -%}"),
    ),
    programs,
    max_leaves=8,
)


def kept_promises(body: bytes) -> None:
    """Every promise of WireBody's docstring."""
    assert body.endswith(b"\r\n")
    assert not body.endswith(b"\r\n\r\n")
    assert body != b"\r\n"
    assert max(body) < 127
    lines = body.split(b"\r\n")[:-1]
    for line in lines:
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert not line.endswith((b" ", b"\t"))
        assert b"  " not in line
        assert not set(line) & set(b"\t\r\n\x00\x01\x02\x03")


def decoded(body: bytes) -> str:
    """What the standard library reads."""
    return quopri.decodestring(body).decode("utf-8").replace("\r\n", "\n")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(source=PROGRAMS, a=VALUES, b=VALUES, many=st.lists(VALUES, max_size=3), yes=st.booleans())
def test_decoding_the_wire_gives_the_plain_form(source: str, a: object, b: object, many: list, yes: bool) -> None:
    """Whatever the template and the values, ``wire`` decodes to ``plain``, byte for byte, and the promises hold."""
    variant = VariantSource("email", "en", "s", html=source, text=source)
    release = release_of(TemplateSource("k", "n", (variant,)))
    variables = {"a": a, "b": b, "many": many, "yes": yes}
    renderer = MinijinjaRenderer()
    plain, travelling = renderer.plain(release, variables), renderer.wire(release, variables)
    assert travelling.html is not None
    assert decoded(travelling.html) == plain.html
    assert decoded(travelling.text) == plain.text
    kept_promises(travelling.html)
    kept_promises(travelling.text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("ab=.é \t\r\n\x01\x0b\x7f", max_size=4), max_size=4), st.booleans())
def test_values_encoded_together_are_those_encoded_alone(values: list[str], html: bool) -> None:
    """The quick way says the same as the sure one; carriage returns above all never leave (SMTP smuggling)."""
    made = quoted.quote_values(values, html=html)
    assert [decoded(one) for one in made] == [without_controls(value) for value in values]
    assert not [one for one in made if b"\r" in one.replace(b"\r\n", b"")]


@settings(max_examples=120, deadline=None)
@given(TEXTS.map(lambda text: text * 3))
def test_content_of_others_keeps_the_promises_too(text: str) -> None:
    """Inline content is encoded whole, with the same promises."""
    body = MinijinjaRenderer().encode(Rendered("s", text, text))
    kept_promises(body.text)
    assert decoded(body.text) == quoted.plain_body(text)


def test_a_value_that_holds_the_mark_is_harmless(make: Callable[..., Release]) -> None:
    """Variables that hold it send the body down the general path: nobody writes raw octets into a mail."""
    release = make(html="<p>{{ a }}</p>", text="{{ a }}")
    for value in ("\x01", "\x01\x01", "x\x01\r\n.\r\nQUIT\x01y", {"\x01": 1}, ["\x01"]):
        renderer = MinijinjaRenderer()
        body = renderer.wire(release, {"a": value})
        assert body == renderer.encode(renderer.plain(release, {"a": value}))
        kept_promises(body.text)


@pytest.mark.parametrize(
    "source",
    [
        "{% filter upper %}x{% endfilter %}",
        "{% set x %}y{% endset %}{{ x }}",
        "{% macro m() %}x{% endmacro %}{{ m() }}",
        "{{ '\\u0001' }}",
        "{% for x in y recursive %}{{ loop(x) }}{% endfor %}",
    ],
)
def test_programs_that_take_hold_of_their_output_have_no_wire_form(source: str) -> None:
    """They would see encoded text, or could print the mark; publishing decides to encode the whole instead."""
    assert wire.wire_program(source) is None


def test_ordinary_programs_have_a_wire_form(make: Callable[..., Release]) -> None:
    """Conditions, loops, simple sets and raw do not need the slow path."""
    release = make(html="<p>{% raw %}{{{% endraw %}{% if a %}{% set b = a %}{{ b }}{% endif %}</p>", text="x")
    assert {"wire.html", "wire.text"} <= release.programs.keys()


def test_an_empty_body_is_one_line_that_canonicalisation_can_see(make: Callable[..., Release]) -> None:
    """A body of nothing but blanks still hashes the same in relaxed and simple form."""
    body = MinijinjaRenderer().wire(make(text="{% if a %}x{% endif %} \n\n"), {"a": False})
    assert body.text == b"=0D=0A=\r\n"
    assert body.html is None


def test_a_subject_is_one_line(make: Callable[..., Release]) -> None:
    """Line breaks and controls in a variable cannot start another header."""
    release = make(subject="Order {{ a }}", text="x")
    assert MinijinjaRenderer().wire(release, {"a": "1\r\nBcc: x@y.example\x00"}).subject == "Order 1 Bcc: x@y.example"


@pytest.mark.parametrize(
    "source",
    [
        "x {{- a -}}  y",
        "x \n{%- if a -%} \n y {%- endif -%} z",
        "x {#- gone -#} y",
        "{{ a -}}{% raw %}  y  {% endraw %}{{- a }}",
        "{{ a -}}{# gone #}  y",
        "x  {%- raw -%}  {{ y  {%- endraw -%}  z",
    ],
)
def test_trim_signs_are_settled_as_minijinja_settles_them(source: str, make: Callable[..., Release]) -> None:
    """Blanks around tags are the same in both forms."""
    release, renderer = make(text=source), MinijinjaRenderer()
    assert decoded(renderer.wire(release, {"a": "v"}).text) == renderer.plain(release, {"a": "v"}).text
