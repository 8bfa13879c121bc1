"""WooCommerce's webhook ``order.updated`` → the mail that belongs to the order's new status."""

from html import unescape

from posthouse_client import main, money, unless_zero

TEMPLATES = {"processing": "order-confirmation", "completed": "order-shipped", "cancelled": "order-cancelled"}


def address(part):
    return {
        "name": f"{part['first_name']} {part['last_name']}".strip(),
        "street": ", ".join(line for line in (part["address_1"], part["address_2"]) if line),
        "postcode": part["postcode"],
        "city": f"{part['city']}, {part['state']}".strip(", "),
        "country": part["country"],
    }


def message(order):
    template = TEMPLATES.get(order["status"])
    if template is None:
        return None  # pending, on-hold, failed…: nothing to tell the customer
    currency, billing = order["currency"], order["billing"]
    name = address(billing)["name"]
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
                    "discount": unless_zero(order["discount_total"], currency),
                    "shipping": money(order["shipping_total"], currency),
                    "tax": unless_zero(order["total_tax"], currency),
                    "total": money(order["total"], currency),
                },
                "payment_method": order["payment_method_title"],
                "shipping_address": address(order["shipping"]),
                "billing_address": address(billing),
            },
        },
        "correlation": order["number"],
        "tags": ["woocommerce"],
        "idempotency_key": f"woocommerce:{order['id']}:{order['status']}",
    }


if __name__ == "__main__":
    main(message)
