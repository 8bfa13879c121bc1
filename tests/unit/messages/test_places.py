"""Where a search looks on says nothing about other people's messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.messages.scene import Scene

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import InvalidIdError
from posthouse.core.messages.model import MessageQuery, Status
from posthouse.core.messages.places import Places
from posthouse.stores.shared import searching

PLACES = Places(bytes(32))


@given(st.binary(min_size=16, max_size=16))
def test_every_place_is_read_as_it_was_shown(place: bytes) -> None:
    """And looks like no identifier; another house's key reads another one."""
    shown = PLACES.show(place)
    assert PLACES.read(shown) == place
    assert ids.read("plc", shown) != place
    assert Places(bytes([1]) * 32).read(shown) != place
    assert PLACES.read(ids.show(ids.MESSAGE, place)) == place


@pytest.mark.parametrize(
    "word", ["", "plc_", "plc_x", "sup_01jdb3z5v8e9tr4w6k2m7n0qxy", "plc_zzzzzzzzzzzzzzzzzzzzzzzzzz"]
)
def test_what_is_no_place_is_refused(word: str) -> None:
    """Whatever it is."""
    with pytest.raises(InvalidIdError):
        PLACES.read(word)


async def test_a_search_among_others_messages_tells_none_of_them(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of a workspace without messages ends at a place that is nobody's identifier, and one goes on from there."""
    monkeypatch.setattr(searching, "FIRST_LOOK", 2)
    monkeypatch.setattr(searching, "MOST", 4)
    mine = [(await scene.accepted()).message_id for _ in range(6)]
    other = await scene.house.workspaces.create("other")
    place: str | None = None
    for _ in range(3):
        before = None if place is None else scene.house.messages.place(place)
        page = await scene.house.messages.search(MessageQuery(other.id, status=Status.QUEUED, before=before))
        assert page.items == []
        place = page.next
        if place is None:
            break
        assert place.startswith("plc_")
        assert ids.read("plc", place) not in mine
    assert place is None
