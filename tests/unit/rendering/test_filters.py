# ruff: noqa: RUF001 -- letters of other alphabets are the point
"""The formats in templates: in the release's language, never with nonsense, and errors that say where."""

from collections.abc import Callable

import msgspec
import pytest

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Release
from posthouse.rendering.renderer import MinijinjaRenderer

NOON = 1_774_958_400_000_000  # 2026-03-31T12:00:00Z


@pytest.mark.parametrize(
    ("locale", "expression", "printed"),
    [
        ("en", "1234.5|money('EUR')", "€1,234.50"),
        ("fr-CA", "1234.5|money('CAD')", "1\xa0234,50\xa0$"),
        ("fr", "order.total|money(order.currency)", "9,90\xa0€"),
        ("en-GB", "'2026-03-31'|date", "31 March 2026"),
        ("ru", "'2026-03-31T21:30:00Z'|datetime(tz='Europe/Moscow')", "1 апреля 2026\u202fг., 00:30"),
        ("ru", "3|plural(one='# товар', few='# товара', many='# товаров', other='# товара')", "3 товара"),
        ("es", "['a', 'b']|list", "a y b"),
        ("fr", "'2026-04-03'|relative", "dans 3 jours"),
    ],
)
def test_what_they_print(locale: str, expression: str, printed: str, make: Callable[..., Release]) -> None:
    """The variant's locale decides, with the nearest that CLDR knows."""
    release = msgspec.structs.replace(make(text="{{ " + expression + " }}"), locale=locale)
    variables = {"order": {"total": "9.90", "currency": "EUR"}}
    assert MinijinjaRenderer().plain(release, variables, at=NOON).text == printed + "\n"


def test_a_message_renders_the_same_years_later(make: Callable[..., Release]) -> None:
    """The instant and the zone are the message's; without an instant nothing is guessed."""
    release = make(text="{{ due|relative }}, {{ due|time }}")
    renderer, variables = MinijinjaRenderer(), {"due": "2026-03-31T14:00:00Z"}
    seen = [renderer.plain(release, variables, at=NOON, zone="Asia/Tokyo").text for _ in range(2)]
    assert seen == ["in 2 hours, 11:00\u202fPM\n"] * 2
    assert b"2 hours" in renderer.wire(release, variables, at=NOON).text
    with pytest.raises(ValidationError, match="needs the instant"):
        renderer.plain(release, variables)


@pytest.mark.parametrize(
    "expression",
    ["'x'|money('EUR')", "1|money", "1|money('QQQ')", "'x'|date", "'1e99'|number", "'nan'|number", "[1]|number"],
)
def test_what_they_refuse(expression: str, make: Callable[..., Release]) -> None:
    """Never a crash, never a mail with nonsense in it; the expression is named."""
    release = make(text="{{ " + expression + " }}")
    with pytest.raises(ValidationError, match="cannot be rendered") as refused:
        MinijinjaRenderer().plain(release, {})
    assert expression in refused.value.detail


def test_html_is_escaped_after_the_format(make: Callable[..., Release]) -> None:
    """Words that a filter joins are as foreign as before."""
    release = make(html="{{ names|list }}", text="x")
    assert MinijinjaRenderer().plain(release, {"names": ["<b>", "a"]}).html == "&lt;b&gt; and a\n"
