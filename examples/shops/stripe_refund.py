"""Stripe's event ``refund.created`` → the mail "your money is on its way back"."""

from posthouse_client import customer, main, minor, on_day, stripe_object


def message(event):
    refund = stripe_object(event)
    if refund["status"] not in {"succeeded", "pending"}:
        return None  # failed or cancelled: there is no money on its way
    person = customer(refund["payment_intent"], refund["charge"])  # a refund names the payment only
    return {
        "template": "refund",
        "to": person,
        "variables": {
            "customer": {"name": person["name"]},
            "refund": {
                "number": refund["receipt_number"] or refund["id"],
                "date": on_day(refund["created"]),
                "amount": minor(refund["amount"], refund["currency"]),
                "payment": refund["charge"],
                "reason": (refund["reason"] or "").replace("_", " "),
            },
        },
        "correlation": refund["charge"],
        "tags": ["stripe"],
        "idempotency_key": f"stripe:{refund['id']}:refund",
    }


if __name__ == "__main__":
    main(message)
