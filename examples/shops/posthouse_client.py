"""The one call to Posthouse that every script of this folder makes. Standard library only."""

import json
import os
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

RECORDS = Path(__file__).with_name("customers.json")
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
WHOLE = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}


def money(amount, currency):
    """An amount for people: ``$12.00``, ``12.00 CHF``."""
    currency = currency.upper()
    return f"{SIGNS[currency]}{amount}" if currency in SIGNS else f"{amount} {currency}"


def unless_zero(amount, currency):
    """The same, or nothing at all: a template leaves an empty line out."""
    return money(amount, currency) if float(amount) else ""


def minor(amount, currency):
    """The same from Stripe's smallest unit: cents, but whole yen."""
    return money(str(amount) if currency.upper() in WHOLE else f"{amount / 100:.2f}", currency)


def on_day(seconds):
    """A Unix time as the day it was, in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d")


def stripe_object(payload):
    """Stripe posts events; what happened to is inside. The bare object is fine too."""
    return payload["data"]["object"] if payload.get("object") == "event" else payload


def customer(*references):
    """Who is behind a payment, from the shop's own records: Stripe's objects often carry no address."""
    records = json.loads(RECORDS.read_text("utf-8"))
    found = next((records[reference] for reference in references if reference in records), None)
    if found is None:
        sys.exit(f"nobody to write to: no address in the payload, none in {RECORDS.name} for {references}")
    return found


def send(message):
    """Gives the signal: one HTTP request. The idempotency key makes it safe to repeat as often as the webhook comes."""
    request = urllib.request.Request(
        os.environ.get("POSTHOUSE_URL", "http://127.0.0.1:8025") + "/v1/messages",
        json.dumps(message).encode(),
        {"Authorization": "Bearer " + os.environ["POSTHOUSE_KEY"], "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        sys.exit(f"refused: {refusal.code} {refusal.read().decode()}")


def main(mapping):
    """``python SCRIPT.py PAYLOAD.json``: maps, sends, prints the answer. ``--dry-run`` prints what would be sent."""
    payload = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    message = mapping(payload)
    if message is not None and "--dry-run" not in sys.argv:
        message = send(message)
    print(json.dumps(message, indent=1, ensure_ascii=False))
