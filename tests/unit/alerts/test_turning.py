"""One alert for each cause: opened once, over once, and quiet while it is muted."""

import msgspec

from posthouse.core.alerts.model import AlertSettings, Kind, Mute, Rule, Signal
from posthouse.core.alerts.turning import Calm, Turn, turn
from posthouse.core.kernel.clock import MINUTE
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.testing.clock import FakeClock

BAD = Signal(Kind.BOUNCES, "invoice", {"rate": 0.2})
NEAR = Signal(Kind.BOUNCES, "invoice", {"rate": 0.045}, bad=False)


class Stage:
    """One workspace, minute by minute."""

    def __init__(self) -> None:
        self.clock, self.calm = FakeClock(), Calm()
        self.ids = Uuid7Source(self.clock.now)
        self.open: dict[bytes, object] = {}
        self.settings = AlertSettings()

    def minute(self, *signals: Signal, judged: tuple[Kind, ...] = tuple(Kind), minutes: int = 1) -> Turn:
        self.clock.advance(minutes * MINUTE)
        found = turn(
            b"w" * 16, self.settings, signals, list(self.open.values()), judged=judged, calm=self.calm,
            now=self.clock.now(), new_id=self.ids,
        )  # fmt: skip
        for alert in found.recovered:
            del self.open[alert.id]
        self.open |= {alert.id: alert for alert in (*found.opened, *found.unmuted)}
        return found


def test_a_cause_is_said_once_and_its_end_once() -> None:
    """What flaps around the limit neither ends nor is said again; it ends after half an hour of calm."""
    stage = Stage()
    (alert,) = stage.minute(BAD).opened
    for _ in range(20):
        assert stage.minute(BAD, minutes=5) == stage.minute(NEAR, minutes=5) == Turn([], [], [])
        assert stage.minute(minutes=5) == Turn([], [], [])  # well, but not for long
    assert stage.minute(minutes=29).recovered == []
    (over,) = stage.minute(minutes=1).recovered
    assert (over.id, over.opened_at, over.recovered_at) == (alert.id, alert.opened_at, stage.clock.now())
    assert stage.minute(NEAR) == Turn([], [], [])
    assert len(stage.minute(BAD).opened) == 1


def test_what_cannot_be_judged_does_not_change() -> None:
    """While the counting is behind, no news is not good news."""
    stage = Stage()
    stage.minute(BAD)
    for _ in range(5):
        assert stage.minute(judged=(Kind.QUEUE,), minutes=60) == Turn([], [], [])
    assert stage.minute(minutes=1).recovered == []
    assert len(stage.minute(minutes=30).recovered) == 1


def test_muted_is_kept_and_told_afterwards() -> None:
    """If it is still so; a rule that is switched off ends what is open."""
    stage = Stage()
    stage.settings = AlertSettings(mutes=(Mute(Kind.BOUNCES, None, stage.clock.now() + 10 * MINUTE),))
    assert [alert.told for alert in stage.minute(BAD).opened] == [False]
    assert stage.minute(BAD).unmuted == []
    (told,) = stage.minute(msgspec.structs.replace(BAD, numbers={"rate": 0.3}), minutes=10).unmuted
    assert (told.told, told.numbers) == (True, {"rate": 0.3})
    assert stage.minute(BAD).unmuted == []
    stage.settings = AlertSettings({Kind.BOUNCES: Rule(0.05, enabled=False)})
    assert len(stage.minute().recovered) == 1
