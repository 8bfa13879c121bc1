"""A house on a store, minute by minute: what is wrong is said once, by one process, and its end once."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.alerts.simulated import FIRST_HOUR, World, shop
from tests.unit.alerts.test_replay import Writer

from posthouse.core.alerts.levels import ServiceLevel
from posthouse.core.alerts.measuring import InFileError, LevelService
from posthouse.core.alerts.model import Alert, AlertSettings, Kind, Mute, Notice, Phase, Rule, Target, TargetKind
from posthouse.core.alerts.notifying import Notifier
from posthouse.core.alerts.ports import AlertQuery, Circuit
from posthouse.core.alerts.things import Certificate
from posthouse.core.alerts.watch import LEASE, AlertWatch, Means
from posthouse.core.analytics.latencies import Span, key_of
from posthouse.core.analytics.model import Cell, Combo, Grain, Place, Step, number_of
from posthouse.core.analytics.model import Kind as RowKind
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.kernel.clock import DAY, HOUR, MINUTE, SECOND
from posthouse.core.messages.model import Channel
from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.core.templates.promises import Promise
from posthouse.core.webhooks.model import Endpoint, Pause, Secret
from posthouse.core.workspaces.model import DkimKey, Domain, Verification, Workspace
from posthouse.core.workspaces.ports import DnsFinding, DnsRecord
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_alerts import alert_of
from posthouse.testing.stores import Kit

WEEK = 168
OPS = Target("ops", TargetKind.EMAIL, "ops@shop.example")


class House:
    """A store, a workspace, and a watch that looks each minute."""

    def __init__(self, store: SqliteStore, clock: FakeClock) -> None:
        self.store, self.clock, self.kit = store, clock, Kit(clock)
        self.certificates: list[Certificate] = []
        self.findings: list[DnsFinding] = []
        self.workspace = self.kit.workspace = b"w" * 16
        self.watch = self.another()

    def another(self, token: int = 1) -> AlertWatch:
        means = Means(
            self.store, LevelService(self.store, self.store, self.store, self.clock), self.look,
            lambda: self.certificates, self.clock, self.kit.ids,
        )  # fmt: skip
        return AlertWatch(means, token)

    async def furnish(self) -> None:
        await self.store.add_workspace(Workspace(self.workspace, "shop", self.clock.now()))
        await self.say(targets=(OPS,))

    async def say(self, **changes: Any) -> None:
        before = await self.store.alert_settings(self.workspace)
        await self.store.save_alert_settings(self.workspace, before, msgspec.structs.replace(before, **changes))

    async def look(self, domain: Domain) -> Sequence[DnsFinding]:
        return self.findings

    async def minutes(self, count: int = 1) -> None:
        for _ in range(count):
            self.clock.advance(MINUTE)
            assert await self.watch.minute()

    async def open(self) -> list[tuple[str, str]]:
        return [(one.kind.value, one.subject) for one in await self.store.open_alerts(self.workspace)]

    async def told(self) -> list[tuple[Phase, str]]:
        """What was to be told since the last time."""
        due = await self.store.due_notices(self.clock.now(), 50)
        for notice in due:
            await self.store.drop_notice(notice.id)
        return [(notice.phase, notice.alert.kind.value) for notice in due]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock((FIRST_HOUR + 6 * WEEK) * HOUR)
    store = SqliteStore(tmp_path / "data", clock=clock)
    await store.open()
    made = House(store, clock)
    await made.furnish()
    yield made
    await store.close()


async def test_a_template_stops_and_comes_back(house: House) -> None:
    """Opened within the hour, told once, over when it is sent again; a restart in between changes nothing."""
    template = house.kit.template(key="invoice", version=1)
    await house.store.publish(template, [house.kit.release(template)])
    key = template.id.hex()
    world = World({key: shop(60), "": shop(40)}, 1, weeks=8)
    at = 6 * WEEK + 34
    world.stop(key, at)
    writer = Writer(house.store)
    house.clock.step((FIRST_HOUR + at) * HOUR - house.clock.now())
    await writer.write(world, 0, at)
    await house.minutes()
    house.clock.step((FIRST_HOUR + at + 1) * HOUR - house.clock.now())
    await writer.write(world, at, at + 1)
    await house.minutes(2)
    assert await house.open() == [("silence", "invoice")]
    assert await house.told() == [(Phase.OPENED, "silence")]
    house.watch = house.another(token=2)
    house.clock.advance(LEASE)
    await house.minutes(3)
    assert await house.told() == []
    world.stops, world.counts[key] = {}, [50] * world.hours
    await writer.write(world, at + 1, at + 2)
    house.clock.step((FIRST_HOUR + at + 2) * HOUR - house.clock.now())
    await house.minutes(2)
    assert (await house.open(), await house.told()) == ([], [(Phase.RECOVERED, "silence")])


async def test_while_the_counting_is_behind_nothing_changes(house: House) -> None:
    """An event that is not in the roll-ups yet: whoever looks does not know what was sent since, nor whether all is well."""
    world = World({"": shop(60)}, 1, weeks=8)
    at = 6 * WEEK + 34
    house.clock.step((FIRST_HOUR + at) * HOUR - house.clock.now())
    await Writer(house.store).write(world, 0, at)
    new = house.kit.new()
    await house.store.accept([new])
    await house.store.cancel(house.workspace, new.id, house.clock.now())
    await house.minutes(12)
    assert await house.store.keep_alerts(1, [alert_of(house.kit, "invoice", kind=Kind.BOUNCES)], [])
    await house.minutes(80)
    assert await house.open() == [("bounces", "invoice")]


async def test_things_that_fail(house: House) -> None:
    """Provider, endpoint, certificate, review, key: each under its name, and over when it is well for long enough."""
    store, kit, now = house.store, house.kit, house.clock.now()
    relay = ProviderRow(kit.ids(), house.workspace, "relay", Channel.EMAIL, "smtp", {}, now)
    await store.add_provider(relay)
    await store.keep_circuits(1, [Circuit(relay.id, now - 50 * SECOND)], now + MINUTE)
    hook = Endpoint(kit.ids(), house.workspace, "crm", "https://crm.example/", True, now, (Secret(b"", now),))
    await store.add_endpoint(hook, 0)
    source = TemplateSource(
        "terms", "Terms", (VariantSource("email", "en", subject="s", text="t"),), review_on="2026-10-01"
    )
    await store.save_draft(msgspec.structs.replace(kit.template(key="terms"), draft=source), None)
    house.certificates = [Certificate("mail.pem", now + 3 * DAY)]
    await house.minutes()
    assert sorted(await house.open()) == [("certificate", "mail.pem"), ("provider", "relay"), ("review", "terms")]
    await store.pause_endpoint(hook.id, Pause.FAILING, house.clock.now())
    house.certificates = []
    await store.keep_circuits(1, [], house.clock.now())
    await house.minutes()
    assert sorted(await house.open()) == [("provider", "relay"), ("review", "terms"), ("webhook", "crm")]
    await house.minutes(6)
    assert sorted(await house.open()) == [("review", "terms"), ("webhook", "crm")]
    await store.pause_endpoint(hook.id, Pause.MANUAL, house.clock.now())
    await house.minutes()
    assert await house.open() == [("review", "terms")]


async def test_a_queue_that_does_not_move(house: House) -> None:
    """A message has been due for five minutes; over when it is gone, after some minutes of calm."""
    new = house.kit.new()
    await house.store.accept([new])
    await house.minutes(5)
    assert await house.open() == []
    await house.minutes()
    assert await house.open() == [("queue", "normal")]
    await house.store.cancel(house.workspace, new.id, house.clock.now())
    await house.minutes(5)
    assert await house.open() == [("queue", "normal")]
    await house.minutes()
    assert await house.open() == []


async def test_people_are_not_told_a_dozen_things_at_once(house: House) -> None:
    """They are told all of it together, machines each."""
    await house.say(targets=(OPS, Target("crm", TargetKind.WEBHOOK, "https://crm.example/")))
    house.certificates = [Certificate(f"{number}.pem", house.clock.now()) for number in range(5)]
    await house.minutes()
    due = await house.store.due_notices(house.clock.now(), 50)
    assert sorted([(one.target, len(one.others)) for one in due]) == [*[("crm", 0)] * 5, ("ops", 4)]


async def test_a_domain_whose_dns_changed(house: House) -> None:
    """After two bad looks; a resolver that does not answer says nothing."""
    now = house.clock.now()
    key = DkimKey("ph202601a", "rsa-sha256", b"", "p")
    await house.store.add_domain(
        Domain(house.kit.ids(), house.workspace, "shop.example", Verification.DNS, now - 500 * DAY, "b", "t", (key,))
    )
    record = DnsRecord("dkim", "x._domainkey.shop.example", "TXT", "v")
    house.findings = [DnsFinding(record, ok=True)]
    await house.minutes()
    house.findings = [DnsFinding(record, ok=False, known=False)]
    await house.minutes(60)
    house.findings = [DnsFinding(record, ok=False, advice="publish it")]
    await house.minutes(60)
    assert await house.open() == [("key", "shop.example")]
    await house.minutes(11)
    assert await house.open() == [("key", "shop.example"), ("domain", "shop.example")]
    house.watch = house.another()  # a new process whose resolver does not answer knows nothing better
    house.findings = [DnsFinding(record, ok=False, known=False)]
    await house.minutes(30)
    assert await house.open() == [("key", "shop.example"), ("domain", "shop.example")]
    house.findings = [DnsFinding(record, ok=True)]
    await house.minutes(11)
    assert await house.open() == [("key", "shop.example")]


async def late(house: House, *template_ids: bytes) -> None:
    """Ten of a hundred messages of each template were late, five hours ago."""
    combos = [Combo(house.workspace, RowKind.COARSE, one.hex(), 1, 1, 1, 1, "") for one in template_ids]
    took = {key_of(Span.FIRST_ATTEMPT, 100): 90, key_of(Span.FIRST_ATTEMPT, 50_000): 10}
    hour, known = house.clock.now() // HOUR - 5, {number_of(one): one for one in combos}
    cells = {Place(house.workspace, Grain.COARSE_HOUR, hour, number): Cell({}, took) for number in known}
    await house.store.keep_rollup(0, 0, 1, Step(cells, {}, combos=known))


async def test_a_service_level_that_is_missed(house: House) -> None:
    """Ten of a hundred late where five may be."""
    template = house.kit.template(key="invoice", version=1)
    await house.store.publish(template, [house.kit.release(template)])
    await late(house, template.id)
    await house.store.save_service_level(ServiceLevel(house.workspace, template.id, 0.95, 5.0))
    await house.minutes()
    (alert,) = await house.store.open_alerts()
    assert (alert.kind, alert.subject, alert.numbers["late"], alert.numbers["left"]) == (
        Kind.SERVICE_LEVEL, "invoice", 10, -5.0,
    )  # fmt: skip


async def test_what_the_files_promise_is_watched_too(house: House) -> None:
    """Unless somebody promised something else by hand; then that counts until it is taken back."""
    promise = Promise(0.95, 5.0)
    source = TemplateSource(
        "invoice", "Invoice", (VariantSource("email", "en", subject="s", text="t"),), service_level=promise
    )
    template = house.kit.template(key="invoice", version=1, draft=source)
    await house.store.save_draft(template, None)
    levels = LevelService(house.store, house.store, house.store, house.clock)
    ((_, level, _),) = await levels.all(house.workspace)
    assert (level.share, level.seconds, level.in_file) == (0.95, 5.0, True)
    with pytest.raises(InFileError, match=r"template\.toml"):
        await levels.remove(house.workspace, "invoice")
    await levels.save(house.workspace, "invoice", share=0.9, seconds=1, measure="delivered", days=7)
    assert [(one.share, one.in_file) for one in await levels.of(house.workspace)] == [(0.9, False)]
    await levels.remove(house.workspace, "invoice")
    assert [one.in_file for one in await levels.of(house.workspace)] == [True]
    await late(house, template.id)
    await house.minutes()
    assert ("service-level", "invoice") in await house.open()


async def test_one_process_judges_and_another_takes_over(house: House) -> None:
    """Two processes at once say everything once; the second goes on when the first is gone."""
    house.certificates = [Certificate("mail.pem", house.clock.now())]
    other = house.another(token=2)
    for _ in range(3):
        await house.minutes()
        assert await other.minute() is False
    assert await house.told() == [(Phase.OPENED, "certificate")]
    house.clock.advance(LEASE + 1)
    assert await other.minute() is True
    house.certificates = []
    assert await other.minute() is True
    assert await house.told() == [(Phase.RECOVERED, "certificate")]


async def test_muted_and_switched_off(house: House) -> None:
    """Muted is listed and not told; what is switched off is not looked at."""
    house.certificates = [Certificate("mail.pem", house.clock.now())]
    await house.say(mutes=(Mute(None, "mail.pem", None),))
    await house.minutes(2)
    assert (await house.open(), await house.told()) == ([("certificate", "mail.pem")], [])
    await house.say(mutes=())
    await house.minutes()
    assert await house.told() == [(Phase.OPENED, "certificate")]
    await house.say(rules={Kind.CERTIFICATE: Rule(21, enabled=False)})
    await house.minutes(2)
    assert await house.open() == []
    (over,) = await house.store.alerts(AlertQuery(house.workspace))
    assert over.recovered_at is not None


class KilledError(BaseException):
    """The end of a process."""


class Ears:
    """A teller whose other side takes, refuses, or dies with us."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.says = ""
        self.dies = False

    async def tell(self, target: Target, notice: Notice) -> str:
        self.heard.append(notice.id)
        if self.dies:
            raise KilledError
        return self.says


async def test_a_notice_is_neither_lost_nor_another(house: House) -> None:
    """Killed between telling and keeping: told again under the same identifier. Refused: tried again later, for a day."""
    house.certificates = [Certificate("mail.pem", house.clock.now())]
    await house.minutes()
    ears, failed = Ears(), list[str]()
    notifier = Notifier(house.store, ears, house.clock, lambda _notice, error: failed.append(error))
    ears.dies = True
    with pytest.raises(KilledError):
        await notifier.turn()
    ears.dies, ears.says = False, "timeout"
    assert await notifier.turn() == 1
    assert await notifier.turn() == 0
    house.clock.advance(MINUTE)
    ears.says = ""
    assert await notifier.turn() == 1
    assert (await notifier.turn(), failed) == (0, ["timeout"])
    assert len(ears.heard) == 3
    assert len(set(ears.heard)) == 1
    house.certificates = []
    await house.minutes()
    ears.says = "refused"
    for _ in range(60):
        await notifier.turn()
        house.clock.advance(HOUR)
    assert 20 < len(ears.heard) < 40
    assert await house.store.due_notices(house.clock.now(), 9) == []


async def test_a_target_that_is_gone_is_not_told(house: House) -> None:
    """And its notice does not stay."""
    house.certificates = [Certificate("mail.pem", house.clock.now())]
    await house.minutes()
    await house.say(targets=())
    ears = Ears()
    assert await Notifier(house.store, ears, house.clock, lambda *_: None).turn() == 1
    assert (ears.heard, await house.store.due_notices(house.clock.now(), 9)) == ([], [])


def test_settings_say_what_is_left_out() -> None:
    """Without a word of the workspace every rule is on, and nobody is told."""
    settings = AlertSettings()
    assert all(settings.rule(kind).enabled for kind in Kind)
    assert settings.targets == ()
    assert Alert(b"", b"", Kind.QUEUE, "bulk", 0, {}).cause == "queue:bulk"


class Counting:
    """The roll-ups, and how often they were asked."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def rollup_sums(self, edition: int, query: Any) -> Any:
        self.asked += 1
        return await self._store.rollup_sums(edition, query)


async def test_many_levels_are_measured_with_few_questions(house: House) -> None:
    """One question for twenty templates and length of window, and the same answers as one by one."""
    ids = [house.kit.ids() for _ in range(50)]
    await late(house, ids[7], ids[44])
    promised = [ServiceLevel(house.workspace, one, 0.95, 5.0, days=7 if at % 2 else 28) for at, one in enumerate(ids)]
    store = Counting(house.store)
    levels = LevelService(house.store, store, house.store, house.clock)
    found = await levels.measured(house.workspace, promised)
    assert store.asked == 3 + 2 + 2
    assert [at for at, one in enumerate(found) if one.late] == [7, 44]
    assert found == [(await levels.measured(house.workspace, [one]))[0] for one in promised]
