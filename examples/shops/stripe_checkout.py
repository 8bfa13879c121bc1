"""Stripe's event ``checkout.session.completed`` → the order confirmation of a shop that sells through Stripe's page."""

from posthouse_client import main, minor, on_day, stripe_object


def message(event):
    session = stripe_object(event)
    if session["payment_status"] == "unpaid":
        return None  # bank debits take days: checkout.session.async_payment_succeeded comes when the money has
    currency, details = session["currency"], session["customer_details"]
    taken_off, tax = session["total_details"]["amount_discount"], session["total_details"]["amount_tax"]
    shipping = (session["shipping_cost"] or {}).get("amount_total", 0)
    number = session["client_reference_id"] or session["id"]
    return {
        "template": "order-confirmation",
        "to": {"email": details["email"], "name": details["name"] or ""},
        "variables": {
            "customer": {"name": details["name"] or ""},
            "order": {
                "number": number,
                "date": on_day(session["created"]),
                "currency": currency.upper(),
                "lines": [  # only there when the session was fetched with expand[]=line_items
                    {
                        "name": line["description"],
                        "quantity": line["quantity"],
                        "price": minor(line["price"]["unit_amount"], currency),
                        "total": minor(line["amount_total"], currency),
                    }
                    for line in (session.get("line_items") or {"data": []})["data"]
                ],
                "totals": {
                    "subtotal": minor(session["amount_subtotal"], currency),
                    "discount": minor(taken_off, currency) if taken_off else "",
                    "shipping": minor(shipping, currency) if shipping else "",
                    "tax": minor(tax, currency) if tax else "",
                    "total": minor(session["amount_total"], currency),
                },
            },
        },
        "correlation": number,
        "tags": ["stripe"],
        "idempotency_key": f"stripe:{session['id']}:confirmation",
    }


if __name__ == "__main__":
    main(message)
