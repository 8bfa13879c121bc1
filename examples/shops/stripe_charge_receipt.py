"""Stripe's event ``charge.succeeded`` → the mail "we received your payment"."""

from posthouse_client import customer, main, minor, on_day, stripe_object


def message(event):
    charge = stripe_object(event)
    billing = charge["billing_details"]
    email = charge["receipt_email"] or billing["email"]
    if email is None:  # as in the published sample: Stripe was told a name only
        person = customer(charge["customer"], charge["payment_intent"], charge["id"])
    else:
        person = {"email": email, "name": billing["name"] or ""}
    card = charge["payment_method_details"].get("card")
    return {
        "template": "payment-receipt",
        "to": person,
        "variables": {
            "customer": {"name": person["name"]},
            "payment": {
                "number": charge["receipt_number"] or charge["id"],
                "date": on_day(charge["created"]),
                "amount": minor(charge["amount"], charge["currency"]),
                "method": f"{card['brand'].title()} ending in {card['last4']}" if card else "",
                "description": charge["description"] or "",
                "url": charge["receipt_url"],
            },
        },
        "correlation": charge["id"],
        "tags": ["stripe"],
        "idempotency_key": f"stripe:{charge['id']}:receipt",
    }


if __name__ == "__main__":
    main(message)
