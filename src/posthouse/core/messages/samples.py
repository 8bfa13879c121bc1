"""A sample of the facts of each type of event: for the reference, which cannot be made without one."""

from typing import Any, Final

from posthouse.core.messages.model import EventType

_RELAY: Final = {"provider": "relay", "attempt": 1, "remote": "mx1.mail.example"}
_HIT: Final = {
    "verdict": "human",
    "reason": "ordinary",
    "rules": 1,
    "agent": "Mozilla/5.0",
    "network": "203.0.113.0/24",
}

SAMPLES: Final[dict[EventType, dict[str, Any]]] = {
    EventType.ACCEPTED: {},
    EventType.SENT: {
        **_RELAY,
        "code": 250,
        "enhanced": "2.0.0",
        "text": "queued as 4F2A",
        "tls": "TLSv1.3",
        "milliseconds": 84,
    },
    EventType.DELIVERED: {
        **_RELAY,
        "code": 250,
        "enhanced": "2.1.5",
        "text": "delivered",
        "milliseconds": 84,
        "proof": "answer",
    },
    EventType.DEFERRED: {
        **_RELAY,
        "code": 451,
        "enhanced": "4.7.1",
        "text": "greylisted, try again",
        "retry_at": 1_732_267_860_000_000,
    },
    EventType.BOUNCED: {**_RELAY, "code": 550, "enhanced": "5.1.1", "text": "no such user", "class": "hard"},
    EventType.FAILED: {"reason": "build", "text": "the attachment is gone"},
    EventType.EXPIRED: {"expires_at": 1_732_267_800_000_000},
    EventType.CANCELLED: {},
    EventType.SUPERSEDED: {},
    EventType.SUPPRESSED: {
        "suppression": "sup_01jdb3z5v8e9tr4w6k2m7n0qxy",
        "reason": "hard_bounce",
        "category": "all",
        "since": 1_732_181_400_000_000,
        "text": "550 5.1.1 no such user",
    },
    EventType.UNKNOWN: {**_RELAY, "text": "the connection was lost after the message had left"},
    EventType.ATTEMPT_FAILED: {**_RELAY, "code": 421, "text": "too busy"},
    EventType.HELD: {},
    EventType.RELEASED: {},
    EventType.RESENT: {"message": "msg_01jdb3z5v8e9tr4w6k2m7n0qxy"},
    EventType.RECIPIENT_REFUSED: {
        "recipient": "copy@shop.example",
        "code": 550,
        "enhanced": "5.1.1",
        "text": "no such user",
        "class": "hard",
    },
    EventType.COMPLAINED: {"source": "returned mail", "class": "complaint", "feedback": "abuse"},
    EventType.DELAYED: {
        "source": "returned mail",
        "class": "soft",
        "code": 451,
        "enhanced": "4.4.1",
        "text": "connection timed out",
        "remote": "mx1.mail.example",
    },
    EventType.OPENED: {**_HIT, "after": 93_000},
    EventType.CLICKED: {**_HIT, "after": 97_000, "link": 2},
    EventType.UNSUBSCRIBED: {"by": "one-click"},
    EventType.RESUBSCRIBED: {"by": "preferences"},
    EventType.RATED: {"score": 5},
    EventType.CONVERTED: {
        "order": "A-1001",
        "amount": "49.90",
        "currency": "EUR",
        "source": "api",
        "basis": "click",
        "link": 2,
        "clicked_at": 1_732_267_800_000_000,
    },
}
