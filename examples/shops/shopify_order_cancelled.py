"""Shopify's webhook ``orders/cancelled`` → the mail "your order is cancelled"."""

from posthouse_client import main, money, unless_zero

REASONS = {
    "customer": "You asked us to cancel it.",
    "inventory": "Something you ordered is not available any more.",
    "declined": "The payment was declined.",
    "fraud": "We could not verify the payment.",
}


def message(order):
    currency = order["currency"]
    person = order.get("customer") or {}
    name = f"{person.get('first_name') or ''} {person.get('last_name') or ''}".strip()
    return {
        "template": "order-cancelled",
        "to": {"email": order["email"], "name": name},
        "locale": order.get("customer_locale") or "en",
        "variables": {
            "customer": {"name": name},
            "order": {
                "number": order["name"],
                "date": order["created_at"][:10],
                "cancelled_at": order["cancelled_at"][:10],
                "reason": REASONS.get(order["cancel_reason"], ""),
                "currency": currency,
                "lines": [
                    {
                        "name": line["name"],
                        "quantity": line["quantity"],
                        "price": money(line["price"], currency),
                        "total": money(f"{float(line['price']) * line['quantity']:.2f}", currency),
                    }
                    for line in order["line_items"]
                ],
                "totals": {
                    "subtotal": money(order["subtotal_price"], currency),
                    "discount": unless_zero(order["total_discounts"], currency),
                    "shipping": money(order["total_shipping_price_set"]["shop_money"]["amount"], currency),
                    "tax": unless_zero(order["total_tax"], currency),
                    "total": money(order["total_price"], currency),
                },
                "url": order["order_status_url"],
            },
        },
        "correlation": order["name"],
        "tags": ["shopify"],
        "idempotency_key": f"shopify:{order['id']}:cancelled",
    }


if __name__ == "__main__":
    main(message)
