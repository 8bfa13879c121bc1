"""Writes what a mail is about as JSON-LD: a program in the head, whose values are JSON whatever they hold."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from posthouse.core.templates.structured import About, Goods, Invoice, Order, Parcel, Reservation
from posthouse.rendering.document.texts import checked
from posthouse.rendering.tags import Kind, pieces

_ORDER: Final = {"processing": "OrderProcessing", "in_transit": "OrderInTransit", "delivered": "OrderDelivered",
                 "cancelled": "OrderCancelled", "returned": "OrderReturned"}  # fmt: skip
_BOOKED: Final = {
    "confirmed": "ReservationConfirmed",
    "cancelled": "ReservationCancelled",
    "pending": "ReservationPending",
}
_PAID: Final = {
    "due": "PaymentDue",
    "paid": "PaymentComplete",
    "overdue": "PaymentPastDue",
    "automatic": "PaymentAutomaticallyApplied",
}
_KINDS: Final = {
    "event": ("EventReservation", "Event"),
    "restaurant": ("FoodEstablishmentReservation", "FoodEstablishment"),
    "lodging": ("LodgingReservation", "LodgingBusiness"),
}
_VOCABULARY: Final = "https://schema.org/"


class _List(msgspec.Struct, frozen=True):
    """An object for each item of a list."""

    each: str
    item: dict[str, Any]


def script(about: About) -> str:
    """The element for the head; its values are programs."""
    thing = {"@context": "https://schema.org", **_thing(about)}
    return f'<script type="application/ld+json">{_json(thing)}</script>'


def problems(about: About | None) -> Iterator[tuple[str, str]]:
    """Pointer and reason of each value that cannot be used."""
    if about is None:
        return
    for field in about.__struct_fields__:
        value = getattr(about, field)
        if isinstance(value, Goods):
            yield from ((f"/{field}{pointer}", told) for pointer, told in _judged(value))
    yield from _judged(about)


def _judged(part: Any) -> Iterator[tuple[str, str]]:
    for field in part.__struct_fields__:
        value = getattr(part, field)
        if isinstance(value, str) and (told := checked(value).problem):
            yield f"/{field}", told


def _thing(about: About) -> dict[str, Any]:
    match about:
        case Order():
            return _order(about)
        case Parcel():
            order = {"@type": "Order", "orderNumber": about.order, "merchant": _named("Organization", about.merchant)}
            return {
                "@type": "ParcelDelivery",
                "partOfOrder": order,
                "carrier": _named("Organization", about.carrier),
                "trackingNumber": about.tracking,
                "trackingUrl": about.url,
                "expectedArrivalUntil": about.expected,
            }
        case Reservation():
            return _reservation(about)
        case Invoice():
            return {
                "@type": "Invoice",
                "confirmationNumber": about.number,
                "provider": _named("Organization", about.merchant),
                "totalPaymentDue": {
                    "@type": "PriceSpecification",
                    "price": about.total,
                    "priceCurrency": about.currency,
                },
                "paymentDueDate": about.due,
                "paymentStatus": _VOCABULARY + _PAID[about.status],
                "url": about.url,
            }


def _order(order: Order) -> dict[str, Any]:
    goods = None
    if order.goods is not None:
        offer = {
            "@type": "Offer",
            "itemOffered": _named("Product", order.goods.name),
            "price": order.goods.price,
            "priceCurrency": order.currency,
            "eligibleQuantity": {"@type": "QuantitativeValue", "value": order.goods.quantity},
        }
        goods = _List(order.goods.each, offer)
    return {
        "@type": "Order",
        "orderNumber": order.number,
        "merchant": _named("Organization", order.merchant),
        "price": order.total,
        "priceCurrency": order.currency,
        "orderStatus": _VOCABULARY + _ORDER[order.status],
        "orderDate": order.placed,
        "url": order.url,
        "acceptedOffer": goods,
    }


def _reservation(booked: Reservation) -> dict[str, Any]:
    kind, place = _KINDS[booked.kind]
    booking: dict[str, Any] = {**_named(place, booked.place), "address": booked.address}
    if kind == "EventReservation":
        located = {**_named("Place", booked.place), "address": booked.address}
        booking = {**_named(place, booked.place), "startDate": booked.start, "endDate": booked.end, "location": located}
    times = {"restaurant": ("startTime", "endTime"), "lodging": ("checkinTime", "checkoutTime")}.get(booked.kind)
    return {
        "@type": kind,
        "reservationNumber": booked.number,
        "reservationStatus": _VOCABULARY + _BOOKED[booked.status],
        "underName": _named("Person", booked.person),
        "reservationFor": booking,
        **(dict(zip(times, (booked.start, booked.end), strict=True)) if times else {}),
        "url": booked.url,
    }


def _named(kind: str, name: str) -> dict[str, str]:
    return {"@type": kind, "name": name}


def _json(part: Any) -> str:
    if isinstance(part, _List):
        comma = "{% if not loop.last %},{% endif %}"
        return f"[{{% for item in {part.each} %}}{_json(part.item)}{comma}{{% endfor %}}]"
    if isinstance(part, Mapping):
        return "{" + ",".join([f'"{name}":{_json(value)}' for name, value in part.items() if value is not None]) + "}"
    return _value(str(part))


def _value(text: str) -> str:
    """A JSON string: constant, or one expression that prints it, with everything a script could end by escaped."""
    parts = list(pieces(text))
    if all(piece.kind is Kind.LITERAL for piece in parts):
        written = msgspec.json.encode(text).decode()
        return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("{", "\\u007b")
    joined = [_quoted(piece.source) if piece.kind is Kind.LITERAL else f"({piece.code})" for piece in parts]
    whole = " ~ ".join(['""', *joined])
    return f"{{{{ ({whole})|tojson }}}}"


def _quoted(text: str) -> str:
    """A text in the template language, without backslashes where it can do without (they would rule out the wire form)."""
    if "\\" not in text and '"' not in text:
        return f'"{text}"'
    if "\\" not in text and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
