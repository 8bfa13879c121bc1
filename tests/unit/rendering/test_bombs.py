"""A little data and a short template must not become gigabytes: one message would take the process and its neighbours along."""

from collections.abc import Callable

import minijinja
import pytest

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Release
from posthouse.rendering.bounded import BOUNDED
from posthouse.rendering.renderer import MinijinjaRenderer
from posthouse.rendering.room import SMALL, fuel_for

BOMBS = [
    "{{ lines|join(name)|length }}",
    "{{ name|replace('a', name)|length }}",
    "{{ lines|slice(100000000)|list|length }}",
    "{{ lines|batch(100000000, 'x')|list|length }}",
    "{{ [1]|tojson(indent=100000000) }}",
    "{% set a %}{% for i in range(900) %}{{ name }}{% endfor %}{% endset %}{{ a|length }}",
    "{% macro f(x) %}{{ x }}{{ x }}{% endmacro %}{{ " + "f(" * 20 + "name" + ")" * 20 + "|length }}",
]


@pytest.mark.parametrize("html", [True, False])
def test_a_long_word_in_a_loop_is_stopped_while_it_is_printed(make: Callable[..., Release], *, html: bool) -> None:
    """The template is a good one; a source that only may send gives it a name of 200 KB and 5,000 lines."""
    source = "{% for line in lines %}{{ line }} {{ name }}{% endfor %}"
    release = make(text="x", html=source) if html else make(text=source)
    variables = {"name": "a" * 200_000, "lines": list(range(5_000))}
    for render in (MinijinjaRenderer().wire, MinijinjaRenderer().plain):
        with pytest.raises(ValidationError, match="characters are printed"):
            render(release, variables)


@pytest.mark.parametrize("source", BOMBS)
def test_what_makes_much_out_of_little_is_stopped(source: str, make: Callable[..., Release]) -> None:
    """Each was hundreds of megabytes, or the end of the process."""
    with pytest.raises(ValidationError):
        MinijinjaRenderer().plain(make(text=source), {"name": "a" * 5_000, "lines": list(range(1_000))})


def test_doubling_by_loops_and_by_macros_that_call_themselves_is_refused(make: Callable[..., Release]) -> None:
    """What `set` may not do, `for` and a call may not do either."""
    loops = "".join(f"{{% for b in [{a} ~ {a}] %}}{{% for a in [b] %}}" for a in "a" * 30)
    with pytest.raises(ValidationError, match="too many values are built"):
        make(text=loops + "{{ a|length }}" + "{% endfor %}" * 60)
    with pytest.raises(ValidationError, match="built from others"):
        make(text="{% macro f(x, n) %}{% if n %}{{ f(x ~ x, n - 1) }}{% endif %}{% endmacro %}{{ f('a', 40) }}")


def test_large_variables_render_as_small_ones_do(make: Callable[..., Release]) -> None:
    """Counting changes nothing that is printed: escaped, safe, numbers, conditions, loops."""
    source = (
        "{% for l in lines %}<i>{{ l.n }} {{ l.name }} {{ l.name|safe }} {{ l.ok }}</i>{% endfor %}{{ lines|length }}"
    )
    release = make(text=source, html=source)
    line = {"n": 1.5, "name": "<b>Ann & Bob</b>", "ok": True}
    few, many = {"lines": [line]}, {"lines": [line], "unused": "x" * SMALL}
    assert MinijinjaRenderer().plain(release, few) == MinijinjaRenderer().plain(release, many)
    assert MinijinjaRenderer().wire(release, few) == MinijinjaRenderer().wire(release, many)


def test_long_constants_leave_less_fuel() -> None:
    """A constant of a megabyte in a loop is a flood too; what a mail of ours has is not touched."""
    assert fuel_for("{% for i in x %}" + "a" * 5_000 + "{% endfor %}", 50_000) == 50_000
    assert fuel_for("{% for i in x %}" + "a" * 1_000_000 + "{% endfor %}", 50_000) == 1_000


@pytest.mark.parametrize(
    "expression",
    [
        "[1,2,3,4,5]|batch(2)", "[1,2,3,4,5]|batch(2, 'f')", "[]|batch(2, 'f')", "[1,2,3,4,5]|slice(2, 'f')",
        "[1,2,3,4,5]|slice(3)", "[1,2]|slice(3)", "[1,2,3,4,5,6]|slice(3, 'f')", "['a', 1, 2.5, true]|join(', ')",
        "['<', '>']|join('&')", "['<'|safe, '>']|join('&')", "'abc'|join('-')", "'a<b'|replace('<', '&')",
        "('a<b'|safe)|replace('<', '&')", "{'a': '<é&>', 'b': [1, none, \"it's\"]}|tojson",
    ],
)  # fmt: skip
def test_the_bounded_filters_do_what_minijinjas_do(expression: str) -> None:
    """Only the bounds are new."""
    shown = []
    for filters in ({}, dict(BOUNDED)):
        engine = minijinja.Environment(filters=filters, auto_escape_callback=lambda _: True)
        shown.append(engine.render_str(f"{{{{ {expression} }}}}", "html").replace(" ", ""))
    assert shown[0] == shown[1]
