"""The shop's scripts: published payloads in, messages out. They run as their users run them: as programs of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SHOPS = Path(__file__).parents[2] / "examples" / "shops"


def run(script: str, payload: Path, *options: str) -> subprocess.CompletedProcess:
    line = [sys.executable, "-B", str(SHOPS / script), str(payload), *options]
    return subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)


def mapped(script: str, payload: str | Path):
    path = SHOPS / "payloads" / payload if isinstance(payload, str) else payload
    done = run(script, path, "--dry-run")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("script", "payload", "template", "to", "key"),
    [
        (
            "shopify_order_cancelled.py",
            "shopify-order-cancelled.json",
            "order-cancelled",
            {"email": "jon@doe.ca", "name": "John Smith"},
            "shopify:820982911946154508:cancelled",
        ),
        (
            "woocommerce_order.py",
            "woocommerce-order-processing.json",
            "order-confirmation",
            {"email": "john.doe@example.com", "name": "John Doe"},
            "woocommerce:727:processing",
        ),
        (
            "woocommerce_order.py",
            "woocommerce-order-list-2.json",
            "order-shipped",
            {"email": "joao.silva@example.com", "name": "João Silva"},
            "woocommerce:723:completed",
        ),
        (
            "stripe_charge_receipt.py",
            "stripe-charge.json",
            "payment-receipt",
            {"email": "jenny.rosen@example.com", "name": "Jenny Rosen"},
            "stripe:ch_1PgafuB7WZ01zgkWXYmPNZs8:receipt",
        ),
        (
            "stripe_invoice_paid.py",
            "stripe-invoice.json",
            "invoice",
            {"email": "amelie.laurent@example.com", "name": "Amélie Laurent"},
            "stripe:in_1Pgc6tB7WZ01zgkWu9fdqL6I:invoice",
        ),
        (
            "stripe_refund.py",
            "stripe-refund.json",
            "refund",
            {"email": "jenny.rosen@example.com", "name": "Jenny Rosen"},
            "stripe:re_1Pgc72B7WZ01zgkWqPvrRrPE:refund",
        ),
        (
            "stripe_subscription.py",
            "stripe-subscription.json",
            "subscription-started",
            {"email": "amelie.laurent@example.com", "name": "Amélie Laurent"},
            "stripe:sub_1Pgc6rB7WZ01zgkWNy0Cn5nw:started",
        ),
    ],
)
def test_every_payload_becomes_its_message(script, payload, template, to, key):
    """Template, person and an idempotency key that the payload itself gives, so that a webhook may come twice."""
    message = mapped(script, payload)
    assert (message["template"], message["to"], message["idempotency_key"]) == (template, to, key)


def test_amounts_and_names_are_ready_to_read():
    """HTML entities are gone, money has its sign."""
    order = mapped("woocommerce_order.py", "woocommerce-order-processing.json")["variables"]["order"]
    assert order["lines"][1]["name"] == "Ship Your Idea \N{EN DASH} Color: Black, Size: M Test"
    assert order["lines"][0]["quantity"] == 2
    assert (order["lines"][0]["price"], order["lines"][0]["total"]) == ("$3.00", "$6.00")
    assert order["totals"]["total"] == "$29.35"


def test_an_unpaid_checkout_says_nothing():
    """The published session is open and unpaid: a confirmation would be a lie."""
    assert mapped("stripe_checkout.py", "stripe-checkout-session.json") is None


def test_a_paid_checkout_is_confirmed(tmp_path):
    """The same session after payment, fetched with its lines, inside the event that Stripe posts."""
    session = json.loads((SHOPS / "payloads" / "stripe-checkout-session.json").read_text())
    line = {"description": "T-shirt", "quantity": 2, "price": {"unit_amount": 1500}, "amount_total": 3000}
    session |= {"payment_status": "paid", "currency": "eur", "amount_subtotal": 3000, "amount_total": 3500}
    session |= {"line_items": {"data": [line]}, "shipping_cost": {"amount_total": 500}, "client_reference_id": "A-1"}
    session["total_details"] = {"amount_discount": 0, "amount_tax": 0}
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"object": "event", "data": {"object": session}}))
    message = mapped("stripe_checkout.py", event)
    assert message["to"]["email"] == "example@example.com"
    assert message["variables"]["order"]["number"] == "A-1"
    assert message["variables"]["order"]["totals"]["total"] == "€35.00"


def test_nobody_to_write_to_is_said_and_nothing_is_sent(tmp_path):
    """A payment of somebody whom the shop does not know either."""
    charge = json.loads((SHOPS / "payloads" / "stripe-charge.json").read_text()) | {"id": "ch_stranger"}
    path = tmp_path / "charge.json"
    path.write_text(json.dumps(charge))
    done = run("stripe_charge_receipt.py", path, "--dry-run")
    assert done.returncode == 1
    assert "nobody to write to" in done.stderr


@pytest.mark.parametrize("script", sorted(path.name for path in SHOPS.glob("[sw]*_*.py")))
def test_the_scripts_stay_small(script):
    """A mapping is read in a minute: under 60 lines."""
    assert len((SHOPS / script).read_text().splitlines()) < 60
