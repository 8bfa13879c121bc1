"""Conversions as JSON."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from posthouse.core.conversions.model import Conversion, Wanted
from posthouse.core.conversions.service import Counted, Revenue
from posthouse.core.kernel import ids
from posthouse.core.kernel.amounts import read_amount, show_amount
from posthouse.core.kernel.errors import FieldProblem, PosthouseError, ValidationError
from posthouse.core.kernel.moments import read_moment, show_moment
from posthouse.core.kernel.paging import Page
from posthouse.http.decoding import Decoder
from posthouse.http.schemas.messages import Moment

ConversionId = Annotated[str, Meta(pattern="^cnv_[0-9a-z]{26}$", examples=["cnv_01jdb3z5v8e9tr4w6k2m7n0qxy"])]
Order = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$",
        description="The order's number, or the goal's: counted once.",
    ),
]
Amount = Annotated[
    str, Meta(max_length=20, description="A decimal number with a point, as a string.", examples=["49.90"])
]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["EUR"])]


class ConversionReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order, or another goal that was reached."""

    order: Order
    amount: Amount
    currency: Currency
    click: Annotated[str, Meta(max_length=100, description="What `ph_cid` said when the buyer came.")] | None = None
    email: (
        Annotated[
            str,
            Meta(max_length=320, description="The buyer's address: the last click in a message to it counts too."),
        ]
        | None
    ) = None
    at: Annotated[str | None, Meta(description="When it was ordered (RFC 3339); default: now.")] = None
    corrects: Annotated[
        bool,
        Meta(
            description="The order was counted already, and `amount` is what is left of it after a refund or change: `0` when it was cancelled. "
            "`click`, `email` and `at` stay as they were."
        ),
    ] = False


class BrowserReport(msgspec.Struct, frozen=True):
    """What the script in a browser reports."""

    order: Order
    amount: Amount
    currency: Currency


class CreditAnswer(msgspec.Struct, frozen=True):
    """To what a conversion is credited."""

    message: Annotated[str, Meta(pattern="^msg_[0-9a-z]{26}$")]
    link: Annotated[int | None, Meta(description="Number of the link in its release.")]
    clicked_at: Moment | None
    basis: Annotated[str, Meta(description="`click`, `token` (the click is named but was not recorded) or `address`.")]


class ConversionAnswer(msgspec.Struct, frozen=True):
    """An order, counted once."""

    id: ConversionId
    order: str
    amount: Amount
    currency: str
    at: Moment
    source: Annotated[str, Meta(description="`api`, or `browser` where nobody vouches for the amount.")]
    credit: Annotated[CreditAnswer | None, Meta(description="null: no click within the window.")]
    ordered: Annotated[
        str | None, Meta(description="The amount that was counted at first; null: it was never corrected.")
    ]
    corrected_at: Moment | None
    cancelled: Annotated[bool, Meta(description="Nothing is left of it.")]


class CountedAnswer(ConversionAnswer, frozen=True):
    """What became of a report."""

    repeated: Annotated[bool, Meta(description="The order had been counted before; nothing was added.")]


class ConversionPage(msgspec.Struct, frozen=True):
    """The newest first."""

    items: list[ConversionAnswer]
    next: str | None


class RevenueRow(msgspec.Struct, frozen=True):
    """What one template, or one of its slots or links, brought in."""

    template: Annotated[str | None, Meta(description="Its key; null: credited to nothing.")]
    slot: Annotated[
        str | None,
        Meta(description="The place for a promotion that was clicked; null: another link, or not asked for."),
    ]
    url: Annotated[
        str | None, Meta(description="Where the link leads; null unless asked for by link, and where variables say it.")
    ]
    currency: str
    orders: int
    amount: Amount
    by_browser: Annotated[str, Meta(description="Of the amount, what only browsers reported.")]
    cancelled: Annotated[int, Meta(description="Orders of which nothing is left; they are not among `orders`.")]
    taken_back: Annotated[
        str, Meta(description="By how much orders were lowered afterwards; `amount` is what is left.")
    ]


class RevenueAnswer(msgspec.Struct, frozen=True):
    """The most first; amounts of different currencies are never added."""

    items: list[RevenueRow]


_browser_report: Final[Decoder[BrowserReport]] = Decoder(BrowserReport)


def wanted(said: ConversionReport) -> Wanted:
    """The report, checked.

    Raises:
        ValidationError: with every bad field.
    """
    problems: list[FieldProblem] = []
    amount, at = 0, None
    try:
        amount = read_amount(said.amount)
    except ValueError as error:
        problems.append(FieldProblem("/amount", str(error), "bad-amount"))
    try:
        at = read_moment(said.at) if said.at is not None else None
    except (ValueError, OverflowError) as error:
        problems.append(FieldProblem("/at", f"write an RFC 3339 date and time ({error})", "bad-time"))
    if problems:
        raise ValidationError("The conversion is wrong.", fields=problems)
    return Wanted(said.order, amount, said.currency, said.click, said.email, at, said.corrects)


def browser_report(body: bytes) -> Wanted | None:
    """What a browser said; None when it cannot be read."""
    try:
        said = _browser_report(body)
        return Wanted(said.order, read_amount(said.amount), said.currency)
    except (PosthouseError, ValueError):
        return None


def conversion(found: Conversion) -> ConversionAnswer:
    """One."""
    return ConversionAnswer(
        id=ids.show(ids.CONVERSION, found.id),
        order=found.order,
        amount=show_amount(found.amount),
        currency=found.currency,
        at=show_moment(found.at),
        source=found.source.value,
        credit=_credit(found),
        ordered=None if found.ordered is None else show_amount(found.ordered),
        corrected_at=None if found.corrected_at is None else show_moment(found.corrected_at),
        cancelled=found.cancelled,
    )


def counted(what: Counted, *, tells: bool = True) -> CountedAnswer:
    """What became of a report."""
    one = conversion(what.conversion)
    return CountedAnswer(
        one.id,
        one.order,
        one.amount,
        one.currency,
        one.at,
        one.source,
        one.credit if tells else None,
        one.ordered if tells else None,
        one.corrected_at,
        one.cancelled,
        repeated=what.repeated,
    )


def page(found: Page[Conversion]) -> ConversionPage:
    """One page."""
    return ConversionPage([conversion(one) for one in found.items], found.next)


def revenue(found: list[Revenue]) -> RevenueAnswer:
    """The table."""
    return RevenueAnswer([
        RevenueRow(
            one.template, one.slot, one.url or None, one.currency, one.orders, show_amount(one.amount), show_amount(one.by_browser),
            one.cancelled, show_amount(one.taken_back),
        )
        for one in found
    ])  # fmt: skip


def _credit(found: Conversion) -> CreditAnswer | None:
    if found.message_id is None:
        return None
    clicked = None if found.clicked_at is None else show_moment(found.clicked_at)
    return CreditAnswer(ids.show(ids.MESSAGE, found.message_id), found.link, clicked, found.basis.value)
