"""Kinds of message that everybody means the same by, so that what a company sends can be listed and compared.

A company's own kinds begin with ``x-``. Templates that were kept before there was this list still say what they said.
"""

import re
from typing import Final

from posthouse.core.kernel.nearest import nearest

KINDS: Final[dict[str, str]] = {
    "order-confirmation": "an order was taken",
    "order-status": "how an order gets on",
    "order-shipped": "a parcel is on its way",
    "delivery-today": "a parcel comes today",
    "order-delivered": "a parcel has arrived",
    "order-cancelled": "an order will not be carried out",
    "return-received": "goods came back",
    "refund": "money is on its way back",
    "account-created": "an account is there, or waits for its address to be verified",
    "password-reset": "a link to choose a new password",
    "data-changed": "a password, an address or other data was changed",
    "security-alert": "somebody signed in, or tried to",
    "incident": "an application has a fault",
    "booking-confirmation": "a table, a room, a journey or a meeting was booked",
    "event-registration": "a place at an event is taken",
    "event-reminder": "an event comes closer",
    "payment-receipt": "money has come in",
    "till-receipt": "what was bought at a till",
    "invoice": "what is to be paid",
    "payment-failed": "money did not come in",
    "subscription-renewal": "a contract goes on soon",
    "trial-ending": "a trial ends soon",
    "feedback-request": "what somebody thinks of what they bought",
    "satisfaction-survey": "how content somebody is",
    "abandoned-cart": "something was chosen and not bought",
    "one-time-code": "a code to sign in or confirm with",
    "ticket-opened": "a question has reached support",
    "ticket-answered": "support has answered",
    "ticket-closed": "a question is settled",
    "double-opt-in": "a subscription waits for a yes",
    "birthday-greeting": "somebody's birthday",
    "holiday-greeting": "a holiday",
    "loyalty": "points, levels and what they are good for",
    "referral": "a friend may be invited",
}
"""What each is sent for."""
OWN: Final = "x-"
_OWN_KIND: Final = re.compile(r"x-[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?")
_OTHER_WORDS: Final = {
    "otp": "one-time-code",
    "2fa": "one-time-code",
    "verification": "account-created",
    "welcome": "account-created",
    "shipping": "order-shipped",
    "delivery": "order-delivered",
    "return": "return-received",
    "receipt": "payment-receipt",
    "booking": "booking-confirmation",
    "survey": "satisfaction-survey",
    "nps": "satisfaction-survey",
    "login-alert": "security-alert",
    "dunning": "payment-failed",
    "opt-in": "double-opt-in",
}
"""What people call some of them."""


def kind_problem(kind: str) -> str:
    """What is wrong with the kind of a template, and what was probably meant; empty when it is one (or none was given)."""
    if not kind or kind in KINDS or _OWN_KIND.fullmatch(kind):
        return ""
    if kind.lower().startswith(OWN):
        return f"{kind!r} is no kind: after {OWN} come at most 62 small letters, digits and hyphens"
    word = re.sub(r"[\s_]+", "-", kind.strip().lower())
    meant = word if word in KINDS else _OTHER_WORDS.get(word) or nearest(word, KINDS)
    hint = f"did you mean {meant!r}? A" if meant else "a"
    own = re.sub(r"[^a-z0-9]+", "-", word).strip("-")[:40] or "own"
    return f"there is no kind {kind[:80]!r}; {hint} kind of your own begins with {OWN}, as {OWN + own!r} does (the list: docs/howto/templates.md)"
