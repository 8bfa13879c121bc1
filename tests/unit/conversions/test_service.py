"""Orders are counted once, and credited to the last click before them."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.rendering.conftest import release_of
from tests.unit.tracking.stage import BROWSER, Stage

from posthouse.core.conversions.model import MOST_BY_BROWSERS, Basis, Wanted
from posthouse.core.conversions.service import By, OrderCountedError
from posthouse.core.kernel.amounts import read_amount, show_amount
from posthouse.core.kernel.clock import DAY, HOUR
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.messages.model import EventType
from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.core.tracking.service import Visitor
from posthouse.core.tracking.settings import TrackingSettings, with_settings
from posthouse.core.tracking.tokens import Kind, Token
from posthouse.http.telling import sentence

ANN = "ann@example.net"
PERSON = Visitor(agent=BROWSER, network="203.0.113.0/24")
NUMBERS = itertools.count(1)


def wanted(**more: Any) -> Wanted:
    """An order of 49.90 EUR."""
    return Wanted(**{"order": f"A-{next(NUMBERS)}", "amount": 49_900_000, "currency": "EUR", **more})


async def want(stage: Stage, **settings: Any) -> None:
    """Sets what the workspace wants."""
    (found,) = await stage.store.workspaces()
    await stage.store.update_workspace(found, with_settings(found, TrackingSettings(**settings)))
    stage.clock.advance(HOUR)


async def click(stage: Stage, number: int, message: bytes | None = None, visitor: Visitor = PERSON) -> str:
    """Somebody follows a link; where it led."""
    url = await stage.service.clicked(Token(message or stage.message, Kind.CLICK, number), visitor)
    assert url is not None
    stage.clock.advance(HOUR)
    return url


async def credited(stage: Stage, **more: Any) -> tuple[Basis, bytes | None, int | None]:
    """To what an order now is credited."""
    found = (await stage.conversions.report(stage.kit.workspace, wanted(**more), live=True)).conversion
    return found.basis, found.message_id, found.link


async def test_a_click_is_carried_on_only_to_hosts_of_ours(stage: Stage) -> None:
    """Links to other hosts, and all links while no host is named, lead where they always led."""
    assert await click(stage, 0) == "https://shop.example/sale?a=1&b=%C3%A9"
    await want(stage, conversion_hosts=("shop.example", "*.other.example"))
    url = await click(stage, 0)
    base, _, word = url.partition("&ph_cid=")
    assert base == "https://shop.example/sale?a=1&b=%C3%A9"
    assert stage.conversions.click_of(word) == Token(stage.message, Kind.CONVERSION, 0)
    assert "ph_cid" not in await click(stage, 1)


async def test_the_click_that_is_named_gets_the_order(stage: Stage) -> None:
    """By its token, within the window; an order is in the timeline of its message, and once only."""
    word = stage.tokens.make(stage.message, Kind.CONVERSION, 0)
    assert await credited(stage, click=word) == (Basis.TOKEN, stage.message, 0)  # never recorded, yet named
    await click(stage, 0)
    order = wanted(click=word)
    first = await stage.conversions.report(stage.kit.workspace, order, live=True)
    assert (first.conversion.basis, first.repeated) == (Basis.CLICK, False)
    again = await stage.conversions.report(stage.kit.workspace, order, live=True)
    assert again == (first.conversion, True)
    told = [event.data["order"] for event in await stage.events(EventType.CONVERTED)]
    assert told.count(order.order) == 1
    with pytest.raises(OrderCountedError, match=r"49\.90 EUR"):
        await stage.conversions.report(stage.kit.workspace, wanted(order=order.order, amount=1), live=True)
    stage.clock.advance(8 * DAY)
    assert await credited(stage, click=word) == (Basis.NONE, None, None)


async def test_a_cancelled_order(stage: Stage) -> None:
    """Its credit stays; revenue is of what is left; the timeline tells both, and statistics count the order once."""
    await click(stage, 0)
    word = stage.tokens.make(stage.message, Kind.CONVERSION, 0)
    order = wanted(click=word)
    await stage.conversions.report(stage.kit.workspace, order, live=True)
    stage.clock.advance(DAY)
    left = Wanted(order.order, 0, "EUR", corrects=True)
    found = await stage.conversions.report(stage.kit.workspace, left, live=True)
    assert (found.conversion.message_id, found.conversion.cancelled, found.repeated) == (stage.message, True, False)
    assert (await stage.conversions.report(stage.kit.workspace, left, live=True)).repeated
    (row,) = await stage.conversions.revenue(stage.kit.workspace, live=True, by=By.TEMPLATE)
    assert (row.orders, row.amount, row.cancelled, row.taken_back) == (0, 0, 1, 49_900_000)
    first, second = await stage.events(EventType.CONVERTED)
    assert (second.data["amount"], second.data["before"], second.data["corrects"]) == ("0.00", "49.90", True)
    assert "corrects" not in first.data
    assert sentence(second, "en") == f"Order {order.order} was cancelled: 49.90 EUR were taken back."
    changed = msgspec.structs.replace(second, data=second.data | {"amount": "20.00"})
    assert "изменён: 20.00 EUR вместо 49.90" in sentence(changed, "ru")


async def test_the_last_click_of_an_address_counts(stage: Stage) -> None:
    """Of several messages the one clicked last, not by a machine, and not after the order."""
    assert await credited(stage, address=ANN) == (Basis.NONE, None, None)
    second = await stage.send(stage.release())
    await click(stage, 0)
    before = stage.clock.now() - 1
    await click(stage, 0, second)
    await click(stage, 0, stage.message, Visitor(agent="Barracuda Sentinel (EE)", network="198.51.100.0/24"))
    assert await credited(stage, address="ann@EXAMPLE.net") == (Basis.ADDRESS, second, 0)
    assert await credited(stage, address=ANN, at=before) == (Basis.ADDRESS, stage.message, 0)
    assert await credited(stage, address="bob@example.net") == (Basis.NONE, None, None)
    word = stage.tokens.make(stage.message, Kind.CONVERSION, 0)
    assert await credited(stage, address=ANN, click=word, at=before) == (Basis.CLICK, stage.message, 0)
    assert (await credited(stage, address=ANN, click=word))[0] is not Basis.NONE


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"click": "x" * 40}, "/click"),
        ({"address": "nobody"}, "/email"),
        ({"at": 2**52}, "/at"),
    ],
)
async def test_what_cannot_be_is_refused(stage: Stage, more: dict[str, Any], pointer: str) -> None:
    """With the field's name; nothing is counted."""
    with pytest.raises(ValidationError) as refused:
        await stage.conversions.report(stage.kit.workspace, wanted(**more), live=True)
    assert [problem.pointer for problem in refused.value.fields] == [pointer]
    assert (await stage.conversions.page(stage.kit.workspace, live=True)).items == []


async def test_a_click_of_another_workspace_or_mode_is_none(stage: Stage) -> None:
    """Nor does a token for another door count."""
    word = stage.tokens.make(stage.message, Kind.CONVERSION, 0)
    for workspace, live, click_word in (
        (stage.kit.ids(), True, word),
        (stage.kit.workspace, False, word),
        (stage.kit.workspace, True, stage.tokens.make(stage.message, Kind.CLICK, 0)),
    ):
        with pytest.raises(ValidationError):
            await stage.conversions.report(workspace, wanted(click=click_word), live=live)


async def test_browsers_are_believed_so_far(stage: Stage) -> None:
    """What they report is told apart, and one message takes no more than a few."""
    token = Token(stage.message, Kind.CONVERSION, 0)
    for _ in range(MOST_BY_BROWSERS + 3):
        await stage.conversions.reported_by_browser(token, wanted())
    await stage.conversions.report(stage.kit.workspace, wanted(click=stage.tokens.make(*token[:3])), live=True)
    rows = await stage.conversions.revenue(stage.kit.workspace, live=True, by=By.LINK)
    assert [(row.url, row.orders, row.amount, row.by_browser) for row in rows] == [
        ("https://shop.example/sale?a=1&b=é", 21, 21 * 49_900_000, 20 * 49_900_000)
    ]
    by_template = await stage.conversions.revenue(stage.kit.workspace, live=True, by=By.TEMPLATE)
    assert [(row.template, row.url, row.orders) for row in by_template] == [(None, None, 21)]


async def test_revenue_by_slot(stage: Stage) -> None:
    """A link belongs to the place for a promotion whose filling gives its address, with link parameters too; all others are together."""
    html = (
        '<a href="https://shop.example/a">a</a><a href="{{ slots.summer_sale.url }}">b</a>'
        '<a href="{{ slots.summer_sale.url }}#more">c</a><a href="{{ account.url }}">d</a>'
    )
    for parameters in ({}, {"utm_source": "{{ account.name }}"}):
        variant = VariantSource("email", "fr", "Hi", html=html, text="x")
        made = release_of(TemplateSource("sale", "Sale", (variant,), link_parameters=parameters))
        assert [link.slot for link in made.links] == [None, "summer_sale", "summer_sale", None]
    message = await stage.send(stage.release(html))
    await want(stage, conversion_hosts=("shop.example",))
    for number, amount in ((0, 1), (1, 2), (2, 4), (3, 8)):
        word = stage.tokens.make(message, Kind.CONVERSION, number)
        await stage.conversions.report(stage.kit.workspace, wanted(click=word, amount=amount * 1_000_000), live=True)
    rows = await stage.conversions.revenue(stage.kit.workspace, live=True, by=By.SLOT)
    assert [(row.slot, row.url, row.orders, row.amount // 1_000_000) for row in rows] == [
        (None, None, 2, 9),
        ("summer_sale", None, 2, 6),
    ]


@given(st.integers(0, 10**18 - 1))
def test_amounts_come_back(amount: int) -> None:
    """What is shown is read as the same, with at least two decimals."""
    shown = show_amount(amount)
    assert read_amount(shown) == amount
    assert len(shown.partition(".")[2]) >= 2


@pytest.mark.parametrize("word", ["", "-1", "1,5", "1e3", ".5", "5.", "1.1234567", "٣", " 1", "1 ", "1234567890123"])
def test_no_amount(word: str) -> None:
    """A sign, a comma, an exponent, digits of other scripts: refused rather than guessed."""
    with pytest.raises(ValueError, match="decimal number"):
        read_amount(word)
