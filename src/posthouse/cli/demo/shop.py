"""What happens in the sample shop: webhook payloads, and the script that the shop runs for each."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

import posthouse
from posthouse.core.kernel.errors import NotFoundError, PosthouseError

_PACKAGE: Final = Path(posthouse.__file__).parent
_PLACES: Final = (_PACKAGE / "examples", _PACKAGE.parents[1] / "examples")
"""In an installed wheel, in a checkout."""


class Happening(msgspec.Struct, frozen=True):
    """Something that happens in the shop: which script is given which payload, and what it is in words."""

    words: str
    script: str
    payload: str
    again: bool = False
    """The webhook is delivered twice, as webhooks are: there must be one mail all the same."""


class Signal(msgspec.Struct, frozen=True):
    """A message that the shop asked for."""

    words: str
    id: str
    request: dict[str, Any]

    @property
    def address(self) -> str:
        """Who it is for."""
        return str(self.request["to"]["email"])

    @property
    def number(self) -> str:
        """What the customer knows it by: the number of the order, of the invoice, of the payment."""
        things = (thing for thing in self.request["variables"].values() if isinstance(thing, dict))
        return str(next((thing["number"] for thing in things if "number" in thing), ""))


DAY: Final = (
    Happening("WooCommerce: an order is paid", "woocommerce_order.py", "woocommerce-order-processing.json", again=True),
    Happening("WooCommerce: the same order leaves", "woocommerce_order.py", "woocommerce-order-completed.json"),
    Happening("WooCommerce: another order leaves", "woocommerce_order.py", "woocommerce-order-list-2.json"),
    Happening("Shopify: an order is cancelled", "shopify_order_cancelled.py", "shopify-order-cancelled.json"),
    Happening("Stripe: a payment succeeds", "stripe_charge_receipt.py", "stripe-charge.json"),
    Happening("Stripe: an invoice is paid", "stripe_invoice_paid.py", "stripe-invoice.json"),
    Happening("Stripe: money goes back", "stripe_refund.py", "stripe-refund.json"),
    Happening("Stripe: a subscription begins", "stripe_subscription.py", "stripe-subscription.json"),
    Happening("Stripe: a checkout is not paid yet", "stripe_checkout.py", "stripe-checkout-session.json"),
)


def examples() -> Path:
    """The folder of the examples. NotFoundError when this installation has none."""
    for place in _PLACES:
        if (place / "shops").is_dir() and (place / "templates").is_dir():
            return place
    raise NotFoundError(f"the examples are missing; they should be in {' or '.join(map(str, _PLACES))}")


async def happen(what: Happening, folder: Path, url: str, key: str) -> Signal | None:
    """Runs the shop's script as its web server would; None when the script says that nothing is to be sent.

    Raises:
        PosthouseError: the script failed, with what it said.
    """
    shop = folder / "shops"
    line = [sys.executable, str(shop / what.script), str(shop / "payloads" / what.payload)]
    request = await _run([*line, "--dry-run"], url, key)
    if request is None:
        return None
    answer = await _run(line, url, key)
    if what.again and (second := await _run(line, url, key)) != answer:
        raise PosthouseError(f"the same webhook again was answered otherwise: {second} instead of {answer}")
    return Signal(what.words, answer["id"], request)


async def _run(line: list[str], url: str, key: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        *line,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"POSTHOUSE_URL": url, "POSTHOUSE_KEY": key, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    out, err = await process.communicate()
    if process.returncode != 0:
        raise PosthouseError(f"{Path(line[1]).name} failed: {err.decode('utf-8', 'replace').strip()}")
    return json.loads(out)
