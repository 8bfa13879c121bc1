"""A dry run over roll-ups in a store says what was wrong then; what is kept in memory says the same as the store."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.unit.alerts.simulated import FIRST_HOUR, World, shop

from posthouse.core.alerts.levels import ServiceLevel
from posthouse.core.alerts.loading import Loaded, complete, counted_until, question
from posthouse.core.alerts.model import AlertSettings, Kind, Rule
from posthouse.core.alerts.replay import replay
from posthouse.core.alerts.traffic import ACCEPTED, TOTAL
from posthouse.core.analytics.latencies import Span, key_of
from posthouse.core.analytics.measures import INDEX
from posthouse.core.analytics.model import Cell, Combo, Grain, Place, Step, number_of
from posthouse.core.analytics.model import Kind as RowKind
from posthouse.core.analytics.ports import Sums
from posthouse.core.kernel.clock import HOUR, MINUTE
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock

WORKSPACE = b"w" * 16
WEEK = 168


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "data", clock=FakeClock(FIRST_HOUR * HOUR))
    await store.open()
    yield store
    await store.close()


class Writer:
    """Writes a world into the roll-ups."""

    def __init__(self, store: SqliteStore) -> None:
        self.store, self.seq = store, 0

    async def write(self, world: World, since: int, until: int, part: float = 1.0) -> None:
        cells, combos = {}, {}
        for hour, key, counts in world.rows(since, until, part):
            combo = Combo(WORKSPACE, RowKind.COARSE, key, 1, 1, 1, 1, "")
            number = number_of(combo)
            combos[number] = combo
            cell = Cell({INDEX["accepted"]: counts[ACCEPTED], INDEX["sent"]: counts[1]}, {})
            cells[Place(WORKSPACE, Grain.COARSE_HOUR, hour, number)] = cell
        assert await self.store.keep_rollup(0, self.seq, self.seq + 1, Step(cells, {}, combos=combos))
        self.seq += 1


async def nothing() -> None:
    """Nobody else waits."""


async def test_a_dry_run_says_what_was_wrong(store: SqliteStore) -> None:
    """A template stopped for a day and came back: one alert, from the hour after to the hour after; none with other rules."""
    world = World({"aa": shop(40), "bb": shop(60)}, 1, weeks=6)
    at = 5 * WEEK + 34
    for hour in range(at, at + 24):
        world.counts["aa"][hour] = 0
    await Writer(store).write(world, 0, 6 * WEEK)
    names = {"aa": "invoice", "bb": "welcome"}
    ids = Uuid7Source(FakeClock().now)

    async def run(settings: AlertSettings) -> list[tuple[str, str, int, int]]:
        since, until = FIRST_HOUR + 4 * WEEK, FIRST_HOUR + 6 * WEEK
        found = await replay(
            store, 0, WORKSPACE, "UTC", settings, names, since=since, until=until, new_id=ids, pause=nothing
        )
        begin = FIRST_HOUR + at
        return [
            (one.kind, one.subject, one.opened_at // HOUR - begin, (one.recovered_at or 0) // HOUR - begin)
            for one in found
        ]

    assert await run(AlertSettings()) == [(Kind.SILENCE, "invoice", 1, 25)]
    assert await run(AlertSettings({Kind.SILENCE: Rule(10, enabled=False)})) == []


async def test_a_dry_run_looks_at_service_levels(store: SqliteStore) -> None:
    """A bad hour spends the budget of the day: one alert from its end on, until the day is over. By what is promised now."""
    key = (b"t" * 16).hex()
    combo = Combo(WORKSPACE, RowKind.COARSE, key, 1, 1, 1, 1, "")
    bad = FIRST_HOUR + 10 * 24 + 9
    cells = {}
    for hour in range(FIRST_HOUR, FIRST_HOUR + 12 * 24):
        late = 30 if hour == bad else 0
        took = {key_of(Span.FIRST_ATTEMPT, 100): 100 - late, key_of(Span.FIRST_ATTEMPT, 50_000): late}
        cells[Place(WORKSPACE, Grain.COARSE_HOUR, hour, number_of(combo))] = Cell(
            {}, {k: n for k, n in took.items() if n}
        )
    assert await store.keep_rollup(0, 0, 1, Step(cells, {}, combos={number_of(combo): combo}))
    since, until = FIRST_HOUR + 8 * 24, FIRST_HOUR + 12 * 24
    ids = Uuid7Source(FakeClock().now)

    async def run(settings: AlertSettings, *promised: ServiceLevel) -> list[tuple[str, int, int]]:
        found = await replay(
            store, 0, WORKSPACE, "UTC", settings, {key: "invoice"}, promised, since=since, until=until, new_id=ids,
            pause=nothing,
        )  # fmt: skip
        begin = FIRST_HOUR + 10 * 24
        return [
            (one.subject, one.opened_at // HOUR - begin, (one.recovered_at or 0) // HOUR - begin)
            for one in found
            if one.kind is Kind.SERVICE_LEVEL
        ]

    day = ServiceLevel(WORKSPACE, b"t" * 16, 0.99, 5.0, days=1)
    ((subject, opened, recovered),) = await run(AlertSettings(), day)
    assert (subject, opened) == ("invoice", 10)
    assert 24 < recovered <= 27
    assert await run(AlertSettings(), msgspec.structs.replace(day, seconds=60.0)) == []
    assert await run(AlertSettings({Kind.SERVICE_LEVEL: Rule(10, enabled=False)}), day) == []
    assert await run(AlertSettings()) == []


async def test_what_would_be_cut_off_is_asked_for_in_parts(store: SqliteStore) -> None:
    """Many templates, or many histograms, in two days: as much is found as with one large question."""
    cells, combos = {}, {}
    for number in range(5):
        combo = Combo(WORKSPACE, RowKind.COARSE, f"{number:02x}", 1, 1, 1, 1, "")
        combos[number_of(combo)] = combo
        for hour in range(FIRST_HOUR, FIRST_HOUR + 8):
            took = {key_of(Span.FIRST_ATTEMPT, 100 * number): 1 + number}
            cells[Place(WORKSPACE, Grain.COARSE_HOUR, hour, number_of(combo))] = Cell({INDEX["accepted"]: number}, took)
    assert await store.keep_rollup(0, 0, 1, Step(cells, {}, combos=combos))
    for columns in ((), ("accepted",)):
        for by, by_hour in (("template", True), ("template", False), ("lane", True), ("lane", False)):
            query = question(WORKSPACE, FIRST_HOUR, FIRST_HOUR + 8, by=by, columns=columns, by_hour=by_hour)
            small = msgspec.structs.replace(query, most=7)

            def shown(rows: list[Sums]) -> list[tuple[int, tuple[str | int, ...], tuple[int, ...], list[bytes]]]:
                return sorted((row.period, row.dims, tuple(row.counts), sorted(row.latencies)) for row in rows)

            assert shown(await complete(store, 0, small)) == shown(await store.rollup_sums(0, query))
            assert len(await complete(store, 0, small)) > 0


async def test_memory_says_what_the_store_says(store: SqliteStore) -> None:
    """Whatever was read before: the running hour grows, hours are over, months go by."""
    world = World({"aa": shop(40), "bb": shop(3)}, 2, weeks=14)
    writer = Writer(store)
    loaded = Loaded(store, WORKSPACE, "UTC")
    done = 0
    for until in (9 * WEEK + 5, 9 * WEEK + 6, 9 * WEEK + 60, 13 * WEEK):
        await writer.write(world, done, until)
        done = until
        now = (FIRST_HOUR + until) * HOUR
        edition, counted = await counted_until(store, now)
        traffic = await loaded.refresh(edition, counted - 20 * MINUTE)
        traffic = await loaded.refresh(edition, counted)
        fresh = await Loaded(store, WORKSPACE, "UTC").refresh(edition, counted)
        for key in ("aa", "bb", TOTAL):
            for hour in range(traffic.first, FIRST_HOUR + until):
                assert traffic.sum(key, ACCEPTED, hour, hour + 1) == fresh.sum(key, ACCEPTED, hour, hour + 1)
        assert traffic.first == fresh.first
    assert traffic.sum("aa", ACCEPTED, 0, 1 << 30) == sum(world.counts["aa"][traffic.first - FIRST_HOUR : done])
