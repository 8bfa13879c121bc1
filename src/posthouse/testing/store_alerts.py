"""The contract of alerts, their notices, circuits and service levels."""

from typing import Any

import msgspec
import pytest

from posthouse.core.alerts.levels import Measure, ServiceLevel
from posthouse.core.alerts.model import Alert, AlertSettings, Kind, Mute, Notice, Phase, Rule, Target, TargetKind
from posthouse.core.alerts.ports import AlertQuery, Circuit
from posthouse.core.kernel.clock import DAY
from posthouse.core.kernel.errors import ConflictError, NotFoundError
from posthouse.testing.store_kit import Kit, OpenStore, Store


def alert_of(kit: Kit, subject: str = "welcome", **changes: Any) -> Alert:
    """An alert that is open."""
    fields: dict[str, Any] = {
        "id": kit.ids(), "workspace_id": kit.workspace, "kind": Kind.SILENCE, "subject": subject, "opened_at": kit.clock.now(),
        "numbers": {"observed": 0, "expected": 40.5, "hours": 1, "weeks": 8}, "told": True,
    }  # fmt: skip
    return Alert(**(fields | changes))


def notice_of(kit: Kit, alert: Alert, phase: Phase = Phase.OPENED) -> Notice:
    """Something to be told now."""
    now = kit.clock.now()
    return Notice(kit.ids(), kit.workspace, alert, phase, "ops", now, next_at=now)


class StoreContractAlerts:
    """Alerts."""

    async def test_what_a_workspace_says_about_alerts(self, store: Store, kit: Kit) -> None:
        """Comes back as it was kept; of two changes at the same moment one is refused."""
        assert await store.alert_settings(kit.workspace) == AlertSettings()
        said = AlertSettings(
            {Kind.BOUNCES: Rule(0.02), Kind.SURGE: Rule(3, enabled=False)},
            (Mute(None, "welcome", 7),),
            (Target("ops", TargetKind.CHAT, "https://chat.example/", "ru", (Kind.QUEUE,), b"sealed"),),
        )
        await store.save_alert_settings(kit.workspace, AlertSettings(), said)
        assert await store.alert_settings(kit.workspace) == said
        assert await store.all_alert_settings() == {kit.workspace: said}
        with pytest.raises(ConflictError):
            await store.save_alert_settings(kit.workspace, AlertSettings(), AlertSettings())
        assert await store.alert_settings(kit.workspace) == said

    async def test_one_process_judges(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """Until its time runs out; a former holder keeps nothing any more."""
        other, now = await open_store(), kit.clock.now()
        assert await store.alerts_held_until() is None
        assert await store.hold_alerts(1, now, now + 10) is True
        assert await other.alerts_held_until() == now + 10
        assert await other.hold_alerts(2, now + 5, now + 15) is False
        assert await store.hold_alerts(1, now + 5, now + 20) is True
        assert await other.hold_alerts(2, now + 21, now + 30) is True
        alert = alert_of(kit)
        assert await store.keep_alerts(1, [alert], [notice_of(kit, alert)]) is False
        assert (await store.open_alerts(), await store.due_notices(now, 9)) == ([], [])

    async def test_one_alert_for_each_cause(self, store: Store, kit: Kit) -> None:
        """While it is open, the same cause is neither kept nor told again; when it is over, it may come again."""
        now = kit.clock.now()
        await store.hold_alerts(1, now, now + 10)
        first, again = alert_of(kit), alert_of(kit)
        assert await store.keep_alerts(1, [first], [notice_of(kit, first)])
        assert await store.keep_alerts(1, [again], [notice_of(kit, again)])
        assert await store.open_alerts(kit.workspace) == [first]
        assert [one.alert for one in await store.due_notices(now, 9)] == [first]
        seen = await store.acknowledge_alert(kit.workspace, first.id, 5, "ann", "on it")
        over = msgspec.structs.replace(first, recovered_at=now)
        assert await store.keep_alerts(1, [over], [])
        assert await store.alert(kit.workspace, first.id) == msgspec.structs.replace(seen, recovered_at=now)
        assert await store.keep_alerts(1, [again], [])
        assert await store.open_alerts() == [again]
        assert await store.open_alerts(kit.ids()) == []
        with pytest.raises(NotFoundError):
            await store.acknowledge_alert(kit.ids(), first.id, 5, "ann", "")
        assert await store.alert(kit.ids(), first.id) is None

    async def test_alerts_are_listed(self, store: Store, kit: Kit) -> None:
        """Newest first, by page, state and kind; those that are over are forgotten some time."""
        await store.hold_alerts(1, 0, 10)
        kept = [alert_of(kit, f"t{index}", kind=Kind.SURGE if index else Kind.QUEUE) for index in range(4)]
        kept[3] = msgspec.structs.replace(kept[3], recovered_at=9)
        await store.keep_alerts(1, kept, [])
        ask = AlertQuery(kit.workspace)
        assert await store.alerts(ask) == kept[::-1]
        assert await store.alerts(ask._replace(before=kept[2].id, limit=1)) == [kept[1]]
        assert await store.alerts(ask._replace(open=False)) == [kept[3]]
        assert await store.alerts(ask._replace(open=True, kind=Kind.SURGE)) == [kept[2], kept[1]]
        assert await store.purge_alerts(kit.ids(), 9) == 1
        assert await store.alerts(ask) == kept[2::-1]

    async def test_notices_wait_until_they_are_taken(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """They are kept with the alert, for whoever tells them; what failed waits."""
        now = kit.clock.now()
        await store.hold_alerts(1, now, now + 10)
        alert = alert_of(kit)
        first, second = notice_of(kit, alert), notice_of(kit, alert)
        await store.keep_alerts(1, [alert], [first, second])
        other = await open_store()
        assert await other.due_notices(now, 9) == [first, second]
        later = msgspec.structs.replace(first, attempts=1, next_at=now + 60, error="timeout")
        await other.delay_notice(later)
        await store.drop_notice(second.id)
        assert await store.due_notices(now, 9) == []
        assert await store.due_notices(now + 60, 9) == [later]

    async def test_circuits(self, store: Store, kit: Kit) -> None:
        """Each process says its own; what was said long ago is not believed."""
        one, two, now = kit.ids(), kit.ids(), kit.clock.now()
        await store.keep_circuits(1, [Circuit(one, now - 9), Circuit(two, now)], now)
        await store.keep_circuits(2, [Circuit(one, now - 20)], now + 5)
        assert sorted(await store.circuits(now)) == sorted([Circuit(one, now - 20), Circuit(two, now)])
        await store.keep_circuits(2, [], now + 6)
        assert sorted(await store.circuits(now)) == sorted([Circuit(one, now - 9), Circuit(two, now)])
        assert await store.circuits(now + 1) == []
        await store.keep_circuits(3, [], now + 2 * DAY)
        assert await store.circuits(0) == []

    async def test_service_levels(self, store: Store, kit: Kit) -> None:
        """One for each template."""
        level = ServiceLevel(kit.workspace, kit.template_id, 0.95, 5.0)
        await store.save_service_level(level)
        changed = msgspec.structs.replace(level, seconds=2.5, measure=Measure.DELIVERED, days=7)
        await store.save_service_level(changed)
        assert await store.service_levels(kit.workspace) == await store.service_levels() == [changed]
        assert await store.service_levels(kit.ids()) == []
        await store.remove_service_level(kit.workspace, kit.template_id)
        with pytest.raises(NotFoundError):
            await store.remove_service_level(kit.workspace, kit.template_id)
