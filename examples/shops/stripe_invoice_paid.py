"""Stripe's event ``invoice.paid`` → the invoice by mail."""

from posthouse_client import customer, main, minor, on_day, stripe_object


def message(event):
    invoice = stripe_object(event)
    currency = invoice["currency"]
    if invoice["customer_email"]:
        person = {"email": invoice["customer_email"], "name": invoice["customer_name"] or ""}
    else:
        person = customer(invoice["customer"])
    tax = invoice["total"] - invoice["total_excluding_tax"]
    number = invoice["number"] or invoice["id"]  # a draft has no number yet
    return {
        "template": "invoice",
        "to": person,
        "variables": {
            "customer": {"name": person["name"]},
            "invoice": {
                "number": number,
                "date": on_day(invoice["created"]),
                "due_date": on_day(invoice["due_date"] or invoice["created"]),
                "currency": currency.upper(),
                "lines": [
                    {
                        "name": line["description"],
                        "quantity": line["quantity"],
                        "price": minor(line["amount"] // (line["quantity"] or 1), currency),
                        "total": minor(line["amount"], currency),
                    }
                    for line in invoice["lines"]["data"]
                ],
                "totals": {
                    "subtotal": minor(invoice["subtotal"], currency),
                    "tax": minor(tax, currency) if tax else "",
                    "total": minor(invoice["total"], currency),
                },
                "url": invoice["hosted_invoice_url"] or "",
            },
        },
        "correlation": number,
        "tags": ["stripe"],
        "idempotency_key": f"stripe:{invoice['id']}:invoice",
    }


if __name__ == "__main__":
    main(message)
