"""What a template needs is found by analysis, refined by a schema, and told exactly when it is missing."""

from collections.abc import Callable

import pytest

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Release
from posthouse.rendering.checker import SchemaChecker

TEXT = """{{ customer.name }} {{ note|default('') }}{% if company %}{{ company.name }}{% endif %}
{% for line in order.lines %}{{ line.name }}{% if line.url is defined %}{{ line.url }}{% endif %}{% endfor %}
{% set totals = order.totals %}{{ totals.total }}{% if gift %}{{ greeting }}{% endif %}{{ loop_free|upper }}"""
GOOD = {"customer": {"name": "Ann"}, "order": {"lines": [{"name": "Mug"}], "totals": {"total": "1"}}, "loop_free": "x"}


def test_what_is_read_without_a_guard_is_required(make: Callable[..., Release]) -> None:
    """Guarded, defaulted and conditional variables may be left out."""
    release = make(text=TEXT)
    assert release.variables == ("customer", "loop_free", "order")
    assert release.schema["properties"]["order"]["required"] == ["lines", "totals"]
    line = release.schema["properties"]["order"]["properties"]["lines"]["items"]
    assert line["required"] == ["name"]
    assert release.schema["properties"]["company"]["required"] == ["name"]
    assert SchemaChecker().problems(release, GOOD) == ()


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"customer": {}}, "/customer/name", "missing"),
        ({"customer": "Ann"}, "/customer", "type"),
        ({"customer": {"name": None}}, "/customer/name", "type"),
        ({"order": {"lines": [{"name": "a"}, {}], "totals": {"total": 1}}}, "/order/lines/1/name", "missing"),
        ({"order": {"lines": {}, "totals": {"total": 1}}}, "/order/lines", "type"),
        ({"company": {}}, "/company/name", "missing"),
    ],
)
def test_problems_point_at_the_variable(change: dict, pointer: str, code: str, make: Callable[..., Release]) -> None:
    """Each problem has a pointer relative to the variables, a code and what was expected."""
    found = SchemaChecker().problems(make(text=TEXT), GOOD | change)
    assert [(problem.pointer, problem.code) for problem in found] == [(pointer, code)]


def test_a_condition_may_get_null(make: Callable[..., Release]) -> None:
    """``company: null`` is how most applications say that there is none."""
    assert SchemaChecker().problems(make(text=TEXT), GOOD | {"company": None}) == ()


def test_a_typo_is_recognised(make: Callable[..., Release]) -> None:
    """The nearest name that was given and is not known is suggested."""
    found = SchemaChecker().problems(make(text="{{ order.number }}"), {"order": {"numbre": "1"}})
    assert "'numbre'" in found[0].detail


def test_a_given_schema_wins_and_is_completed(make: Callable[..., Release]) -> None:
    """It may allow less or other types; what the template cannot do without stays required."""
    schema = {
        "properties": {"a": {"type": "integer"}, "b": {"type": "string", "format": "email"}},
        "required": ["b"],
        "additionalProperties": False,
    }
    release = make(text="{{ a }} {{ c.d }}", schema=schema)
    checker = SchemaChecker()
    assert checker.problems(release, {"a": 1, "b": "x@y.example", "c": {"d": 1}}) == ()
    found = checker.problems(release, {"a": "1", "b": "nope", "cc": {}})
    assert {(problem.pointer, problem.code) for problem in found} == {
        ("/a", "type"), ("/b", "format"), ("/c", "missing"), ("/cc", "unknown"),
    }  # fmt: skip


@pytest.mark.parametrize("schema", [{"type": "nope"}, {"properties": 3}, {"$ref": "https://example.com/x.json"}])
def test_a_schema_that_is_none_is_refused(schema: dict, make: Callable[..., Release]) -> None:
    """And nothing outside is ever fetched for one."""
    with pytest.raises(ValidationError, match="no JSON Schema"):
        make(text="x", schema=schema)


@pytest.mark.parametrize(
    ("expression", "good", "bad"),
    [
        ("a|money('EUR')", [1, 1.5, "12.90", "-3"], ["12,90", "abc", "", None, [1], True]),
        ("a|number", [1, "1e3"], ["1 000"]),
        ("a|plural(one='# item', other='# items')", [1, "2"], ["two"]),
        ("a|date('long')", ["2026-03-31", "2026-03-31T10:00:00Z", 0], ["31/03/2026", "", {}]),
        ("a|relative", ["2026-03-31"], ["tomorrow"]),
        ("a|list('or')", [["x", 1], []], ["x", [None]]),
        ("a|country", ["FR", "fr"], ["France", 33]),
        ("a|phone", ["+33612345678"], [33612345678]),
    ],
)
def test_formats_say_what_they_can_read(
    expression: str, good: list[object], bad: list[object], make: Callable[..., Release]
) -> None:
    """A price that is no number is refused before the message is accepted, not when it is rendered."""
    release, checker = make(text="{{ " + expression + " }}"), SchemaChecker()
    assert [value for value in good if checker.problems(release, {"a": value})] == []
    assert [value for value in bad if not checker.problems(release, {"a": value})] == []


def test_a_format_behind_a_condition_may_have_nothing_to_read(make: Callable[..., Release]) -> None:
    """Empty is as good as missing there."""
    release, checker = make(text="{% if a %}{{ a|money('EUR') }}{% endif %}"), SchemaChecker()
    assert [value for value in ("", None, "1.50", 2) if checker.problems(release, {"a": value})] == []
    assert checker.problems(release, {}) == ()
    assert checker.problems(release, {"a": {}})
