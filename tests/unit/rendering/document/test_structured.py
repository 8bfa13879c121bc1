"""What a mail is about is JSON-LD, whatever its values hold."""

import json
import quopri
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.rendering.conftest import release_of

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Release, TemplateSource, VariantSource
from posthouse.rendering.renderer import MinijinjaRenderer

_SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
ORDER = {
    "type": "order",
    "number": "Nr {{ number }}",
    "merchant": "Fern & <Oak> \"'",
    "total": "{{ total }}",
    "currency": "EUR",
    "goods": {"each": "lines", "name": "{{ item.name }}", "price": "{{ item.price }}", "quantity": "{{ item.n }}"},
}
DATA = {
    "number": "A-1",
    "total": 12.5,
    "lines": [{"name": "Mug", "price": 3, "n": 2}, {"name": "</script>", "price": 4, "n": 1}],
}


def release(about: dict[str, Any]) -> Release:
    document = {"version": 1, "subject": {"en": "a"}, "blocks": [{"type": "text", "id": "t", "text": {"en": "b"}}]}
    variant = VariantSource("email", "en", document={**document, "about": about})
    return release_of(TemplateSource("order", "Order", (variant,)))


def told(made: Release, data: dict[str, Any]) -> Any:
    """What a machine reads."""
    html = MinijinjaRenderer().plain(made, data).html or ""
    (script,) = _SCRIPT.findall(html)
    assert html.index("ld+json") < html.index("</head>")
    return json.loads(script)


def test_an_order_with_its_goods() -> None:
    """Numbers, rows, and a name that would end the script."""
    found = told(release(ORDER), DATA)
    assert (found["@context"], found["@type"], found["orderNumber"]) == ("https://schema.org", "Order", "Nr A-1")
    assert found["merchant"] == {"@type": "Organization", "name": "Fern & <Oak> \"'"}
    assert (found["price"], found["orderStatus"]) == ("12.5", "https://schema.org/OrderProcessing")
    offers = [
        (one["itemOffered"]["name"], one["price"], one["eligibleQuantity"]["value"]) for one in found["acceptedOffer"]
    ]
    assert offers == [("Mug", "3", "2"), ("</script>", "4", "1")]
    assert told(release(ORDER), {**DATA, "lines": []})["acceptedOffer"] == []


def test_it_travels_in_wire_form() -> None:
    """Decoded it is what is seen, and nothing of it is said in the text part."""
    made = release(ORDER)
    assert "wire.html" in made.programs
    seen, sent = MinijinjaRenderer().plain(made, DATA), MinijinjaRenderer().wire(made, DATA)
    assert quopri.decodestring(sent.html or b"").decode().replace("\r\n", "\n") == seen.html
    assert seen.text == "b\n"


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        ({"type": "parcel", "order": "1", "merchant": "a", "carrier": "b", "tracking": "{{ x }}"}, "ParcelDelivery"),
        ({"type": "invoice", "number": "1", "merchant": "a", "total": "{{ x }}", "currency": "EUR"}, "Invoice"),
        *[
            (
                {"type": "reservation", "number": "{{ x }}", "person": "a", "kind": kind, "place": "b", "address": "c",
                 "start": "2026-04-01T18:00:00+02:00"},
                name,
            )
            for kind, name in (
                ("event", "EventReservation"), ("restaurant", "FoodEstablishmentReservation"), ("lodging", "LodgingReservation"),
            )
        ],
    ],
)  # fmt: skip
def test_every_kind_is_written(about: dict[str, str], kind: str) -> None:
    """Fields that are left out are left out."""
    found = told(release(about), {"x": "7"})
    assert found["@type"] == kind
    assert "url" not in found
    assert "7" in json.dumps(found)


MADE = release({**ORDER, "number": "a\\b \" ' {{ number }} </script>"})


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_no_value_breaks_out(value: str) -> None:
    """Whatever it holds, it comes back."""
    data = {**DATA, "number": value}
    assert told(MADE, data)["orderNumber"] == f"a\\b \" ' {value} </script>"


@pytest.mark.parametrize("value", ["{{ x|safe }}", "{{ x", "{% if x %}a{% endif %}"])
def test_what_is_no_value_is_refused(value: str) -> None:
    """With its place."""
    with pytest.raises(ValidationError) as caught:
        release({**ORDER, "goods": {"each": "lines", "name": value, "price": "1"}})
    assert caught.value.fields[0].pointer.endswith("/document/about/goods/name")
