"""The order confirmation that every pipeline benchmark sends: one JSON request of about 1.2 KB with 5 lines and over 17 variables."""

import json
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "examples" / "templates"
TEMPLATE = TEMPLATES / "order-confirmation"
NUMBER = "@NUMBER@"


def variables() -> dict:
    """The template's own sample, with the number of the order left open."""
    sample = json.loads((TEMPLATE / "sample.json").read_text())
    sample["order"]["number"] = f"FO-{NUMBER}"
    return sample


def request_parts(**more) -> list[bytes]:
    """The JSON of one request, cut at the places where its number goes."""
    body = {
        "template": "order-confirmation",
        "to": {"email": f"ann.{NUMBER}@customers.example", "name": "Ann Miller"},
        "variables": variables(),
        **more,
    }
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode().split(NUMBER.encode())


def request(number: int, parts: list[bytes]) -> bytes:
    """One request; all of one list have the same length."""
    return (b"%07d" % number).join(parts)
