"""WooCommerce's webhook ``order.updated`` → the mail that belongs to the order's new status."""

from html import unescape

from posthouse_client import main, money

TEMPLATES = {"processing": "order-confirmation", "completed": "order-shipped", "cancelled": "order-cancelled"}


def message(order):
    template = TEMPLATES.get(order["status"])
    if template is None:
        return None  # pending, on-hold, failed…: nothing to tell the customer
    currency, billing = order["currency"], order["billing"]
    name = f"{billing['first_name']} {billing['last_name']}".strip()
    return {
        "template": template,
        "to": {"email": billing["email"], "name": name},
        "variables": {
            "customer": {"name": name},
            "order": {
                "number": order["number"],
                "date": order["date_created"][:10],
                "currency": currency,
                "lines": [
                    {
                        "name": unescape(line["name"]),  # names come with HTML entities in them
                        "quantity": line["quantity"],
                        "price": money(f"{float(line['price']):.2f}", currency),
                        "total": money(line["total"], currency),
                    }
                    for line in order["line_items"]
                ],
                "totals": {
                    "subtotal": money(f"{sum(float(line['subtotal']) for line in order['line_items']):.2f}", currency),
                    "discount": money(order["discount_total"], currency),
                    "shipping": money(order["shipping_total"], currency),
                    "tax": money(order["total_tax"], currency),
                    "total": money(order["total"], currency),
                },
            },
        },
        "correlation": order["number"],
        "tags": ["woocommerce"],
        "idempotency_key": f"woocommerce:{order['id']}:{order['status']}",
    }


if __name__ == "__main__":
    main(message)
