"""WooCommerce's webhook ``order.updated`` → the mail that belongs to the order's new status."""

from html import unescape

from posthouse_client import main, money, unless_zero

TEMPLATES = {"processing": "order-confirmation", "completed": "order-shipped", "cancelled": "order-cancelled"}


def line(item, currency):
    price, total = money(f"{float(item['price']):.2f}", currency), money(item["total"], currency)
    return {"name": unescape(item["name"]), "quantity": item["quantity"], "price": price, "total": total}


def address(part):
    return {
        "name": f"{part['first_name']} {part['last_name']}".strip(),
        "street": ", ".join(word for word in (part["address_1"], part["address_2"]) if word),
        "postcode": part["postcode"],
        "city": f"{part['city']}, {part['state']}".strip(", "),
        "country": part["country"],
    }


def message(order):
    if order["status"] not in TEMPLATES:
        return None  # pending, on-hold, failed…: nothing to tell the customer
    currency, name = order["currency"], address(order["billing"])["name"]
    subtotal = sum(float(item["subtotal"]) for item in order["line_items"])
    return {
        "template": TEMPLATES[order["status"]],
        "to": {"email": order["billing"]["email"], "name": name},
        "variables": {
            "customer": {"name": name},
            "order": {
                "number": order["number"],
                "date": order["date_created"][:10],
                "currency": currency,
                "lines": [line(item, currency) for item in order["line_items"]],
                "totals": {
                    "subtotal": money(f"{subtotal:.2f}", currency),
                    "discount": unless_zero(order["discount_total"], currency),
                    "shipping": money(order["shipping_total"], currency),
                    "tax": unless_zero(order["total_tax"], currency),
                    "total": money(order["total"], currency),
                },
                "payment_method": order["payment_method_title"],
                "shipping_address": address(order["shipping"]),
                "billing_address": address(order["billing"]),
            },
        },
        "correlation": order["number"],
        "tags": ["woocommerce"],
        "idempotency_key": f"woocommerce:{order['id']}:{order['status']}",
    }


if __name__ == "__main__":
    main(message)
