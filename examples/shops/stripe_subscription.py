"""Stripe's event ``customer.subscription.created`` → the mail "your subscription has started"."""

from posthouse_client import customer, main, minor, on_day, stripe_object


def message(event):
    subscription = stripe_object(event)
    if subscription["status"] not in {"active", "trialing"}:
        return None
    person = customer(subscription["customer"])
    item = subscription["items"]["data"][0]
    price, every = item["price"], item["price"]["recurring"]
    rhythm = every["interval"] if every["interval_count"] == 1 else f"{every['interval_count']} {every['interval']}s"
    return {
        "template": "subscription-started",
        "to": person,
        "variables": {
            "customer": {"name": person["name"]},
            "subscription": {
                "number": subscription["id"],
                "plan": price["nickname"] or price["product"],
                "price": f"{minor(price['unit_amount'] * item['quantity'], price['currency'])} every {rhythm}",
                "started_at": on_day(subscription["start_date"]),
            },
        },
        "correlation": subscription["id"],
        "tags": ["stripe"],
        "idempotency_key": f"stripe:{subscription['id']}:started",
    }


if __name__ == "__main__":
    main(message)
