"""Events as the API shows them."""

from posthouse.core.messages.model import Event, EventType
from posthouse.http.schemas.messages import event


def test_instants_within_events_are_shown_like_all_others() -> None:
    """A client never has to know how we count time inside."""
    fact = Event(b"m" * 16, b"w" * 16, EventType.DEFERRED, 0, data={"retry_at": 60_000_000, "code": 451})
    assert event(fact).data == {"retry_at": "1970-01-01T00:01:00.000Z", "code": 451}
