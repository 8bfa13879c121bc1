"""What is known after a crash."""

from pathlib import Path

import pytest
from tests.unit.delivery.house import SmallHouse

from posthouse.core.delivery.blackbox import Phase, Remains, recover
from posthouse.core.delivery.judge import give_back
from posthouse.core.delivery.outcomes import Accepted
from posthouse.core.messages.model import EventType, Status
from posthouse.core.templates.model import UnknownPolicy
from posthouse.stores.blackbox import BlackBoxFile, remains_in


async def _dead(house: SmallHouse, folder: Path, **changes: object) -> list[Remains]:
    """Three messages in hand: one untouched, one whose last byte left, one that was answered. Then the process dies."""
    await house.add_provider("relay", Accepted("r", 250, "2.0.0", "Ok"))
    for _ in range(3):
        await house.accept(**changes)
    box = BlackBoxFile(folder / "dispatch-0.box", 10, "store")
    untouched, left, answered = await house.claim()
    box.claimed([untouched, left, answered])
    box.left(left)
    box.left(answered)
    settlement = await house.delivery.deliver(answered)
    assert settlement is not None
    box.settled(settlement)
    assert list(remains_in(folder, "store")) == []
    box.close()
    ((_, remains),) = remains_in(folder, "store")
    return remains


async def test_only_what_left_without_an_answer_is_in_doubt(house: SmallHouse, tmp_path: Path) -> None:
    """The untouched goes back at once, the answered is recorded, and one of three is in doubt."""
    remains = await _dead(house, tmp_path)
    assert sorted(left.phase for left in remains) == [Phase.CLAIMED, Phase.LEFT, Phase.SETTLED]
    assert await recover(remains, house.store, house.store, house.clock.now()) == 1
    by_phase = {left.phase: left.message.id for left in remains}
    states = {}
    for phase, message_id in by_phase.items():
        message = await house.store.message(house.kit.workspace, message_id, house.clock.now())
        assert message is not None
        states[phase] = message.status
    assert states == {Phase.CLAIMED: Status.QUEUED, Phase.LEFT: Status.QUEUED, Phase.SETTLED: Status.SENT}
    doubts = [event.type for event in await house.store.events_of(house.kit.workspace, by_phase[Phase.LEFT])]
    assert doubts == [EventType.ACCEPTED, EventType.UNKNOWN]
    again = await house.claim()
    assert len(again) == 2
    assert not any(message.in_doubt for message in again)
    assert await house.store.counters() == await house.store.recount()


async def test_in_doubt_with_hold_ends_as_unknown(house: SmallHouse, tmp_path: Path) -> None:
    """The policy of the template decides after a crash too."""
    remains = await _dead(house, tmp_path, policy=UnknownPolicy.HOLD)
    await recover(remains, house.store, house.store, house.clock.now())
    doubtful = next(left.message.id for left in remains if left.phase is Phase.LEFT)
    message = await house.store.message(house.kit.workspace, doubtful, house.clock.now())
    assert message is not None
    assert message.status is Status.UNKNOWN


async def test_what_another_has_claimed_meanwhile_is_left_alone(house: SmallHouse, tmp_path: Path) -> None:
    """Recovery holds old tokens, and old tokens are worth nothing."""
    remains = await _dead(house, tmp_path)
    house.clock.advance(60_000_000)
    taken = await house.claim()
    assert len(taken) == 3
    await recover(remains, house.store, house.store, house.clock.now())
    for message in taken:
        found = await house.store.message(house.kit.workspace, message.id, house.clock.now())
        assert found is not None
        assert found.status is Status.SENDING


async def test_the_box_of_another_store_is_thrown_away(house: SmallHouse, tmp_path: Path) -> None:
    """A box says which store it belongs to."""
    await house.accept()
    box = BlackBoxFile(tmp_path / "x.box", 10, "one store")
    box.claimed(await house.claim())
    box.close()
    assert [remains for _, remains in remains_in(tmp_path, "another store")] == [[]]
    assert not (tmp_path / "x.box").exists()


async def test_a_recorded_message_is_in_hand_no_more(house: SmallHouse, tmp_path: Path) -> None:
    """Slots are given back, so a box never fills up."""
    await house.accept()
    (claimed,) = await house.claim()
    box = BlackBoxFile(tmp_path / "x.box", 1, "s")
    for _ in range(5):
        box.claimed([claimed])
        box.done([give_back(claimed, 0, 0)])
    box.close()
    assert [remains for _, remains in remains_in(tmp_path, "s")] == [[]]


async def test_what_a_server_said_is_wiped_once_it_is_recorded(house: SmallHouse, tmp_path: Path) -> None:
    """It may name a person, and a person may be removed."""
    await house.add_provider("relay", Accepted("r", 250, "2.0.0", "Ok for ann@shop.example"))
    await house.accept()
    (claimed,) = await house.claim()
    box = BlackBoxFile(tmp_path / "x.box", 1, "s")
    box.claimed([claimed])
    settlement = await house.delivery.deliver(claimed)
    assert settlement is not None
    box.settled(settlement)
    assert b"ann@shop.example" in (tmp_path / "x.box").read_bytes()
    box.done([settlement])
    assert b"ann@shop.example" not in (tmp_path / "x.box").read_bytes()
    box.close()


def test_a_box_belongs_to_one_process(tmp_path: Path) -> None:
    """Nobody opens the box of the living."""
    box = BlackBoxFile(tmp_path / "x.box", 1, "s")
    with pytest.raises(FileExistsError):
        BlackBoxFile(tmp_path / "x.box", 1, "s")
    box.close()
