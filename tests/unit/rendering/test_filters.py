"""Amounts, numbers and dates: few, small, the same everywhere."""

from collections.abc import Callable

import pytest

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Release
from posthouse.rendering.renderer import MinijinjaRenderer


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        ("1234.5|money('EUR')", "€1,234.50"),
        ("'1234.5'|money('USD')", "$1,234.50"),
        ("1234|money('JPY')", "¥1,234"),
        ("1234.5|money('CHF')", "1,234.50\N{NO-BREAK SPACE}CHF"),
        ("(0-3.456)|money('GBP')", "-£3.46"),
        ("1234567|number", "1,234,567"),
        ("1234.567|number(2)", "1,234.57"),
        ("'2026-03-31'|date", "31 March 2026"),
        ("'2026-03-31T10:00:00Z'|date('%H:%M')", "10:00"),
        ("0|date('%Y-%m-%d')", "1970-01-01"),
    ],
)
def test_what_they_print(expression: str, printed: str, make: Callable[..., Release]) -> None:
    """One way of writing, whatever the machine's own locale."""
    release = make(text="{{ " + expression + " }}")
    assert MinijinjaRenderer().plain(release, {}).text == printed + "\n"


@pytest.mark.parametrize("expression", ["'x'|money", "'x'|date", "'1e999999'|number", "'nan'|money", "[1]|number"])
def test_what_they_refuse(expression: str, make: Callable[..., Release]) -> None:
    """Never a crash, never a mail with nonsense in it."""
    release = make(text="{{ " + expression + " }}")
    with pytest.raises(ValidationError, match="cannot be rendered"):
        MinijinjaRenderer().plain(release, {})
