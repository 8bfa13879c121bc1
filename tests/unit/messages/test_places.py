"""Where a search looks on says nothing about other people's messages."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.messages.scene import Scene

from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.errors import InvalidIdError
from posthouse.core.kernel.paging import Page
from posthouse.core.messages.model import MessageQuery, Status
from posthouse.core.messages.places import Places
from posthouse.stores.shared import searching
from posthouse.testing.store_kit import Kit

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


async def test_a_search_among_others_messages_tells_none_of_them(scene: Scene) -> None:
    """The page of a workspace without messages ends at a place that is nobody's identifier, and one goes on from there."""
    kit = Kit()
    others = [kit.new() for _ in range(searching.MOST + 100)]
    await scene.house.store.accept(others)
    mine = MessageQuery(scene.caller.workspace_id, status=Status.QUEUED)
    page = await scene.house.messages.search(mine)
    assert page.items == []
    assert page.next is not None
    assert ids.read("plc", page.next) not in {one.id for one in others}
    further = msgspec.structs.replace(mine, before=scene.house.messages.place(page.next))
    assert await scene.house.messages.search(further) == Page([], None)


async def test_a_message_that_is_asked_for_by_its_own_number_must_fit_the_other_filters_too(scene: Scene) -> None:
    """By whatever form of its `Message-ID`; no filter beside it is forgotten."""
    messages, workspace = scene.house.messages, scene.caller.workspace_id
    receipt = await scene.accepted(to="ann@customer.example", tags=["vip"])
    await scene.accepted(to="ann@customer.example", tags=["vip"])
    shown = ids.show(ids.MESSAGE, receipt.message_id)
    now = scene.house.clock.now()
    fits = [
        MessageQuery(workspace), MessageQuery(workspace, recipient="ann@customer.example", tag="vip"),
        MessageQuery(workspace, live=scene.caller.live, status=Status.QUEUED, since=now - HOUR, until=now + HOUR),
    ]  # fmt: skip
    for query in fits:
        for word in (shown, f"<{shown}@shop.example>"):
            found = await messages.search(query, provider_id=word)
            assert [one.id for one in found.items] == [receipt.message_id]
            assert found.next is None
    others = [
        MessageQuery(bytes(16)), MessageQuery(workspace, recipient="bob@customer.example"), MessageQuery(workspace, tag="new"),
        MessageQuery(workspace, live=not scene.caller.live), MessageQuery(workspace, status=Status.SENT),
        MessageQuery(workspace, since=now + HOUR), MessageQuery(workspace, until=now - HOUR),
        MessageQuery(workspace, before=receipt.message_id),
    ]  # fmt: skip
    for query in others:
        assert (await messages.search(query, provider_id=shown)).items == []
    assert (await messages.search(MessageQuery(workspace), subject="nowhere", provider_id=shown)).items == []
