"""What a mail is about, for machines: mail programs show parcels, bookings and bills from it (schema.org, as JSON-LD)."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

Program = Annotated[
    str, Meta(min_length=1, max_length=1_000, description="A value with {{ expressions }}, no formats.")
]
Path = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$", max_length=200)]


class _About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Plain data, strictly read."""


class Goods(_About, frozen=True):
    """A row for each ``item`` of a list."""

    each: Path
    name: Program
    price: Program
    quantity: Program = "1"


class Order(_About, frozen=True, tag_field="type", tag="order"):
    """An order (schema.org/Order)."""

    number: Program
    merchant: Program
    total: Program
    currency: Program
    url: Program | None = None
    placed: Program | None = None
    """ISO 8601."""
    status: Literal["processing", "in_transit", "delivered", "cancelled", "returned"] = "processing"
    goods: Goods | None = None


class Parcel(_About, frozen=True, tag_field="type", tag="parcel"):
    """A delivery (schema.org/ParcelDelivery)."""

    order: Program
    merchant: Program
    carrier: Program
    tracking: Program
    url: Program | None = None
    expected: Program | None = None
    """ISO 8601."""


class Reservation(_About, frozen=True, tag_field="type", tag="reservation"):
    """A booking (schema.org/Reservation)."""

    number: Program
    person: Program
    kind: Literal["event", "restaurant", "lodging"]
    place: Program
    """What is booked: the event's, restaurant's or house's name."""
    address: Program
    start: Program
    """ISO 8601."""
    end: Program | None = None
    url: Program | None = None
    status: Literal["confirmed", "cancelled", "pending"] = "confirmed"


class Invoice(_About, frozen=True, tag_field="type", tag="invoice"):
    """A bill (schema.org/Invoice)."""

    number: Program
    merchant: Program
    total: Program
    currency: Program
    due: Program | None = None
    """ISO 8601."""
    url: Program | None = None
    status: Literal["due", "paid", "overdue", "automatic"] = "due"


About: TypeAlias = Order | Parcel | Reservation | Invoice
