"""No way from a template into Python, no other template, no unbounded work."""

from collections.abc import Callable

import pytest

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Release
from posthouse.rendering.renderer import MinijinjaRenderer

PAYLOADS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ d.__class__ }}",
    "{{ d['__class__'] }}",
    "{{ d['__cl' ~ 'ass__'] }}",
    "{{ d|attr('__class__') }}",
    "{{ d|attr('keys') }}",
    "{{ [d]|map(attribute='keys')|list }}",
    "{{ [d]|groupby('pop') }}",
    "{{ d.keys }}",
    "{{ d['ke' ~ 'ys'] }}",
    "{{ d.items }}",
    "{{ d.pop('secret') }}",
    "{% set f = d.pop %}{{ f('secret') }}",
    "{{ (d.pop)('secret') }}",
    "{% for m in ['pop'] %}{{ d[m]('secret') }}{% endfor %}",
    "{{ l.append(1) }}",
    "{{ l.append }}",
    "{{ l['app' ~ 'end'] }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ config }}",
    "{{ request.application }}",
    "{{ debug() }}",
    "{{ namespace(a=1) }}",
    "{{ '%999999999d'|format(1) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{{ range(1000000000)|list }}",
    "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
    "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "{{ 'x' * 10000000000 }}",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_known_payloads_fail_or_print_nothing(payload: str, make: Callable[..., Release]) -> None:
    """Each fails at publish or render, or prints nothing of Python; the variables stay as they were."""
    variables = {"d": {"secret": 1}, "l": [1]}
    try:
        release = make(text=payload, html=payload)
        printed = MinijinjaRenderer().plain(release, variables)
        MinijinjaRenderer().wire(release, variables)
    except ValidationError:
        printed = None
    assert variables == {"d": {"secret": 1}, "l": [1]}
    if printed is not None:
        assert not any(word in f"{printed.text}{printed.html}" for word in ("built-in", "object at", "class", "root:"))


def test_doubling_a_value_again_and_again_is_refused(make: Callable[..., Release]) -> None:
    """Forty doublings of one letter are a terabyte; fuel would not notice."""
    with pytest.raises(ValidationError, match="too many values are built"):
        make(text="{% set a = 'x' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}")


def test_a_key_with_the_name_of_a_method_is_a_key(make: Callable[..., Release]) -> None:
    """``order.items`` is what a shop calls its lines: found when there, missing when not."""
    release = make(text="{% for i in order.items %}{{ i.count }}{% endfor %}")
    renderer = MinijinjaRenderer()
    assert renderer.plain(release, {"order": {"items": [{"count": 3}]}}).text == "3\n"
    with pytest.raises(ValidationError, match=r"order\.items|count"):
        renderer.plain(release, {"order": {"items": [{}]}})


def test_too_much_output_is_refused(make: Callable[..., Release]) -> None:
    """A megabyte is the most a part may have."""
    release = make(text="{% for i in range(200) %}{{ a }}{% endfor %}")
    with pytest.raises(ValidationError, match="limit is 1,000,000"):
        MinijinjaRenderer().plain(release, {"a": "x" * 6000})


def test_html_is_escaped_in_html_only(make: Callable[..., Release]) -> None:
    """A name with a tag in it stays a name."""
    release = make(subject="{{ a }}", html="<p>{{ a }}</p>", text="{{ a }}")
    rendered = MinijinjaRenderer().plain(release, {"a": "<b>/&'"})
    assert rendered.html == "<p>&lt;b&gt;/&amp;&#x27;</p>\n"
    assert (rendered.subject, rendered.text) == ("<b>/&'", "<b>/&'\n")


def test_a_missing_variable_is_named(make: Callable[..., Release]) -> None:
    """Strict: nothing empty is ever sent for something forgotten."""
    release = make(text="{{ order.number }}")
    with pytest.raises(ValidationError) as refused:
        MinijinjaRenderer().wire(release, {"order": {}})
    assert refused.value.fields[0].pointer == "/order/number"
    assert refused.value.fields[0].code == "missing"
