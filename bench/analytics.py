"""What statistics cost, and how fast they answer.

    python -m bench.analytics [--messages 1000000 10000000] [--raw 1000000] [--stores sqlite postgres]

The roll-up's cost for each event: real messages, followed. Then questions about a month of so many messages, on roll-ups as they would have
left them (drawn by chance over 40 templates, 4 locales, 9 mailbox providers, 2 providers, and kept through the store), and the same numbers from
the events themselves, on rows as those messages would have left them. The processor's time stands beside: on a busy machine it says more.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

from bench.kit import machine
from bench.kit.databases import migrated
from posthouse.core.analytics.asking import Asked
from posthouse.core.analytics.calendar import monday_of
from posthouse.core.analytics.domains import DomainGroups
from posthouse.core.analytics.follower import Follower
from posthouse.core.analytics.latencies import Span, key_of
from posthouse.core.analytics.measures import INDEX
from posthouse.core.analytics.model import Cell, Combo, Grain, Kind, Place, Step, number_of
from posthouse.core.analytics.service import AnalyticsService
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import DAY, HOUR, SECOND
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.messages.model import Event, EventType
from posthouse.core.workspaces.model import ApiKey, Workspace
from posthouse.core.workspaces.service import WorkspaceService
from posthouse.testing.clock import FakeClock
from posthouse.testing.stores import Kit

BAR = 150.0
"""Milliseconds in which a month answers."""
DAYS = 30
GROUPS = DomainGroups((files("posthouse.core.analytics") / "domains.toml").read_text("utf-8"))
DOMAINS = ("gmail", "outlook", "yahoo", "apple", "gmx", "orange", "free", "proton", "other")
LOCALES = ("en", "fr", "es", "ru")
BEGIN = 1_795_651_200 * SECOND // DAY * DAY
QUESTIONS: dict[str, tuple[str, Asked]] = {
    "series by day": ("timeseries", Asked()),
    "series by day, one locale": ("timeseries", Asked(filters={"locale": ("fr",)})),
    "series by hour": ("timeseries", Asked(granularity="hour", metrics=("accepted", "sent"))),
    "series by day, another time zone": ("timeseries", Asked(timezone="America/New_York")),
    "breakdown by template": ("breakdown", Asked(by=("template",))),
    "breakdown by domain and locale": ("breakdown", Asked(by=("domain", "locale"))),
    "breakdown by provider, one domain": ("breakdown", Asked(by=("provider",), filters={"domain": ("gmail",)})),
    "funnel by source": ("funnel", Asked(by=("source",))),
    "percentiles by template": (
        "breakdown", Asked(by=("template",), metrics=("first_attempt_p50", "first_attempt_p95", "delivery_p99", "open_p50")),
    ),
    "percentiles, one locale": ("breakdown", Asked(metrics=("delivery_p95",), filters={"locale": ("fr",)})),
}  # fmt: skip
BESIDE: dict[str, tuple[str, Asked]] = {
    "by locale, another time zone (hours)": ("breakdown", Asked(by=("locale",), timezone="America/New_York")),
}
"""What is not promised."""


class Shop:
    """A workspace with what messages are told apart by."""

    def __init__(self) -> None:
        self.clock = FakeClock(BEGIN)
        self.kit = Kit(self.clock)
        self.chance = random.Random(7)
        self.templates = [self.kit.ids() for _ in range(40)]
        self.sources = [self.kit.ids() for _ in range(3)]
        self.providers = [self.kit.ids() for _ in range(2)]
        self.combos: list[Combo] = []
        self.weights: list[float] = []
        for place, template in enumerate(self.templates):
            for locale, share in zip(LOCALES, (8, 4, 2, 1), strict=True):
                for rank, domain in enumerate(DOMAINS):
                    for provider, weight in zip(self.providers, (9, 1), strict=True):
                        self.combos.append(
                            Combo(
                                self.kit.workspace, Kind.FINE, template.hex(), 1 + place % 3, 1, place % 3, 1,
                                self.sources[place % 3].hex(), locale, provider.hex(), domain,
                            )
                        )  # fmt: skip
                        self.weights.append(share * weight / (1 + place) / (1 + rank))

    async def furnish(self, store: Any) -> None:
        kit = self.kit
        await store.add_workspace(Workspace(kit.workspace, "shop", BEGIN, time_zone="UTC"))
        for number, source in enumerate(self.sources):
            await store.add_key(ApiKey(source, kit.workspace, f"source-{number}", True, (), "", BEGIN), source)
        for number, template in enumerate(self.templates):
            made = kit.template(key=f"template-{number}", id=template, version=1)
            await store.publish(made, [kit.release(made)])

    def service(self, store: Any) -> AnalyticsService:
        clock = FakeClock(BEGIN + DAYS * DAY)
        workspaces = WorkspaceService(store=store, new_id=Uuid7Source(clock.now), clock=clock)
        return AnalyticsService(store, store, store, workspaces, domains=GROUPS.words, clock=clock)


def cell_of(chance: random.Random, messages: int) -> Cell:
    """What so many messages of one combination and hour come to."""
    sent = messages - (messages > 50) * messages // 50
    opened = sent * chance.randrange(20, 50) // 100
    counts = {
        "accepted": messages, "sent": sent, "of_sent": sent, "delivered": sent // 2, "of_delivered": sent // 2,
        "bounced": messages - sent, "of_bounced": messages - sent, "opens_human": opened * 2, "opens_machine": opened,
        "opened": opened, "opened_human": opened, "of_opened": opened, "of_opened_human": opened,
        "clicked_human": opened // 5, "of_clicked_human": opened // 5,
    }  # fmt: skip
    latencies: Counter[int] = Counter()
    for span, middle in ((Span.FIRST_ATTEMPT, 300), (Span.DELIVERED, 900), (Span.OPENED, 4_000_000)):
        for _ in range(min(messages, 8)):
            latencies[key_of(span, middle * chance.lognormvariate(0, 0.7))] += max(1, messages // 8)
    return Cell({INDEX[name]: count for name, count in counts.items() if count}, dict(latencies))


async def fill_rollups(store: Any, shop: Shop, messages: int) -> int:
    """A month of roll-ups, kept through the store day by day; how many rows."""
    cumulative = list(_running(shop.weights))
    place = rows = 0
    for day in range(DAYS):
        cells: dict[Place, Cell] = {}
        combos: dict[int, Combo] = {}
        for hour in range(24):
            drawn = Counter(shop.chance.choices(shop.combos, cum_weights=cumulative, k=messages // DAYS // 24))
            at = BEGIN // HOUR + day * 24 + hour
            for combo, count in drawn.items():
                cell = cell_of(shop.chance, count)
                for grain, period, told in (
                    (Grain.FINE_HOUR, at, combo), (Grain.FINE_DAY, BEGIN // DAY + day, combo),
                    (Grain.FINE_WEEK, monday_of(BEGIN // DAY + day), combo),
                    (Grain.COARSE_HOUR, at, combo.scope), (Grain.COARSE_DAY, BEGIN // DAY + day, combo.scope),
                ):  # fmt: skip
                    _merge(cells, Place(shop.kit.workspace, grain, period, number_of(told)), cell)
                    combos[number_of(told)] = told
        step = Step(cells, {}, {shop.kit.workspace: "UTC"}, combos)
        assert await store.keep_rollup(0, place, place + 1, step)
        place, rows = place + 1, rows + len(cells)
    return rows


def _merge(cells: dict[Place, Cell], place: Place, added: Cell) -> None:
    found = cells.setdefault(place, Cell({}, {}))
    for mine, more in ((found.counts, added.counts), (found.latencies, added.latencies)):
        for key, count in more.items():
            mine[key] = mine.get(key, 0) + count


def _running(weights: list[float]) -> Any:
    total = 0.0
    for weight in weights:
        total += weight
        yield total


async def cost(store: Any, shop: Shop, messages: int = 12_000) -> None:
    """The follower's time for each event, alone on the machine."""
    kit, clock = shop.kit, FakeClock()
    for _ in range(messages // 500):
        some = shop.chance.choices(shop.combos, shop.weights, k=500)
        new = [
            kit.new(
                template_id=bytes.fromhex(one.template), key_id=bytes.fromhex(one.source), locale=one.locale,
                recipient=f"a{number}@{one.domain}.com", created_at=clock.now(), due_at=clock.now(),
            )
            for number, one in enumerate(some)
        ]  # fmt: skip
        await store.accept(new)
        shop.clock.step(clock.advance(20 * SECOND) - shop.clock.now())
        claimed = await kit.claim(store, 500)
        settled = [kit.settle(one) for one in claimed]
        data = {
            "provider_id": ids.show(ids.PROVIDER, shop.providers[0]),
            "attempt": 1,
            "milliseconds": 80,
            "text": "250 2.0.0 Ok",
        }
        for one in settled:
            one.events = (Event(one.message_id, one.workspace_id, EventType.SENT, one.at, "", data),)
        await store.record(settled)
        hits = [
            Event(one.id, kit.workspace, EventType.OPENED, clock.now(), "a", {"verdict": "human", "reason": "people"})
            for one in claimed[:150]
        ]
        await store.add_hits(hits, await store.tracked([hit.message_id for hit in hits]))
    end = await store.stream_end()
    for label in ("first", "again"):
        edition = await store.begin_edition()
        follower = Follower(store, store, store, GROUPS, clock)
        wall, cpu, turns = time.perf_counter(), time.process_time(), 1
        while await follower.turn(edition):
            turns += 1
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(
            f"  roll-up of {end:,} events ({label}): {wall / end * 1e6:.1f} µs an event, {cpu / end * 1e6:.1f} of them our CPU; "
            f"{wall / turns * 1000:.0f} ms a turn"
        )


async def ask(store: Any, shop: Shop, rounds: int = 7) -> dict[str, float]:
    """Milliseconds of each question: the median."""
    service, found = shop.service(store), {}
    for name, (kind, asked) in (QUESTIONS | BESIDE).items():
        times, costs = [], []
        for _ in range(rounds if name in QUESTIONS else 3):
            began, cpu = time.perf_counter(), time.process_time()
            await getattr(service, kind)(shop.kit.workspace, asked)
            times.append((time.perf_counter() - began) * 1000)
            costs.append((time.process_time() - cpu) * 1000)
        found[name] = statistics.median(times)
        print(
            f"  {name:<40} {found[name]:7.1f} ms (at best {min(times):.1f}; {min(costs):.1f} of our processor)",
            flush=True,
        )
    return found


RAW = """
SELECT m.template_id, e.type, count(*) FROM events e JOIN messages m ON m.id = e.message_id
WHERE m.workspace_id = {workspace} AND m.created_at >= {begin} AND m.created_at < {end} GROUP BY m.template_id, e.type
"""
"""The breakdown by template, without verdicts, uniqueness and waiting times."""


class Sqlite:
    """The default store, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        from posthouse.stores.sqlite.store import FILE, SqliteStore

        self.store = SqliteStore(folder / "data", clock=FakeClock())
        self.path = folder / "data" / FILE

    async def fill_raw(self, shop: Shop, messages: int) -> None:
        await asyncio.to_thread(self._fill, shop, messages)

    def _fill(self, shop: Shop, messages: int) -> None:
        import sqlite3

        raw = sqlite3.connect(self.path, isolation_level=None)
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("PRAGMA cache_size=-1000000")
        for rows in past(shop, messages):
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(
                "INSERT INTO messages (id, workspace_id, flow, live, channel, lane, template_id, locale, recipient,"
                " recipient_name, variables, created_at, due_at, policy)"
                " VALUES (?, ?, 7, 1, 1, 1, ?, ?, ?, 'Ann', x'7b7d', ?, ?, 0)",
                [
                    (one, shop.kit.workspace, template, locale, address, at, at)
                    for one, template, locale, address, at in rows
                ],
            )
            for kind, every in ((1, 1), (10, 1), (30, 3)):
                raw.executemany(
                    "INSERT INTO events (message_id, type, key, workspace_id, at) VALUES (?, ?, '', ?, ?)",
                    [(row[0], kind, shop.kit.workspace, row[4]) for row in rows[::every]],
                )
            raw.execute("COMMIT")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()

    async def ask_raw(self, shop: Shop, end: int) -> float:
        import sqlite3

        raw = sqlite3.connect(self.path)
        raw.execute("PRAGMA cache_size=-2000000")
        statement = RAW.format(workspace=f"x'{shop.kit.workspace.hex()}'", begin=BEGIN, end=end)
        began = time.perf_counter()
        raw.execute(statement).fetchall()
        raw.close()
        return (time.perf_counter() - began) * 1000


class Postgres:
    """A server of its own."""

    def __init__(self, url: str) -> None:
        from posthouse.stores.postgres.store import PostgresStore

        self.url = url
        self.store = PostgresStore(url, clock=FakeClock())

    async def fill_raw(self, shop: Shop, messages: int) -> None:
        import asyncpg

        connection = await asyncpg.connect(self.url)
        await connection.set_type_codec(
            "uuid", schema="pg_catalog", encoder=lambda value: value, decoder=bytes, format="binary"
        )
        await connection.execute("SET synchronous_commit = off")
        for rows in past(shop, messages):
            await connection.copy_records_to_table(
                "messages",
                columns=[
                    "id", "workspace_id", "flow", "live", "channel", "lane", "template_id", "locale", "recipient",
                    "recipient_name", "variables", "created_at", "due_at", "policy",
                ],
                records=[
                    (one, shop.kit.workspace, 7, True, 1, 1, template, locale, address, "Ann", b"{}", at, at, 0)
                    for one, template, locale, address, at in rows
                ],
            )  # fmt: skip
            for kind, every in ((1, 1), (10, 1), (30, 3)):
                await connection.copy_records_to_table(
                    "events",
                    columns=["message_id", "type", "key", "workspace_id", "at"],
                    records=[(row[0], kind, "", shop.kit.workspace, row[4]) for row in rows[::every]],
                )
        await connection.execute("VACUUM ANALYZE messages, events")
        await connection.close()

    async def ask_raw(self, shop: Shop, end: int) -> float:
        import asyncpg

        connection = await asyncpg.connect(self.url)
        statement = RAW.format(workspace=f"'{shop.kit.workspace.hex()}'::uuid", begin=BEGIN, end=end)
        began = time.perf_counter()
        await connection.fetch(statement)
        found = (time.perf_counter() - began) * 1000
        await connection.close()
        return found


def past(shop: Shop, messages: int) -> Any:
    """Messages of the month in chunks, oldest first: identifier, template, locale, recipient, instant."""
    step = DAYS * DAY // messages
    at = BEGIN
    made = Uuid7Source(lambda: at)
    cumulative = list(_running(shop.weights))
    for start in range(0, messages, 50_000):
        rows = []
        for combo in shop.chance.choices(shop.combos, cum_weights=cumulative, k=min(50_000, messages - start)):
            at += step
            rows.append((made(), bytes.fromhex(combo.template), combo.locale, f"a{at}@{combo.domain}.com", at))
        yield rows


async def measure(make: Any, name: str, sizes: list[int], raw: int) -> None:
    """One store: the cost, then the questions for each size, then the raw events."""
    medians: dict[int, dict[str, float]] = {}
    for number, messages in enumerate(sizes):
        shop, place = Shop(), make(f"{name}{number}")
        await place.store.open()
        await shop.furnish(place.store)
        began = time.perf_counter()
        rows = await fill_rollups(place.store, shop, messages)
        print(
            f"{name}, a month of {messages:,} messages: {rows:,} rows of roll-ups ({time.perf_counter() - began:.0f} s to fill)",
            flush=True,
        )
        medians[messages] = await ask(place.store, shop)
        if number == 0 and raw:
            await place.fill_raw(shop, raw)
            times = [await place.ask_raw(shop, BEGIN + DAYS * DAY) for _ in range(3)]
            own = medians[messages]["breakdown by template"]
            print(f"  RATIO {name}: by template from {raw:,} messages' events {statistics.median(times):,.0f} ms, "
                  f"{statistics.median(times) / own:.0f} times the roll-ups'", flush=True)  # fmt: skip
        await place.store.close()
    last = medians[sizes[-1]]
    worst = max(QUESTIONS, key=lambda one: last[one])
    verdict = "ok" if last[worst] <= BAR else "MISSED"
    print(
        f"RATIO {name}: slowest question on {sizes[-1]:,} messages {last[worst]:.0f} ms ({worst}; bar {BAR:.0f}): {verdict}"
    )
    growth = statistics.geometric_mean([last[one] / medians[sizes[0]][one] for one in QUESTIONS])
    print(
        f"RATIO {name}: from {sizes[0]:,} to {sizes[-1]:,} messages answers take {growth:.2f} times as long", flush=True
    )
    shop, place = Shop(), make(f"{name}_cost")
    await place.store.open()
    await shop.furnish(place.store)
    await cost(place.store, shop)
    await place.store.close()


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", nargs="+", type=int, default=[1_000_000, 10_000_000])
    parser.add_argument(
        "--raw", type=int, default=1_000_000, help="messages whose events are kept too, for the ratio; 0: none"
    )
    parser.add_argument("--stores", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    wanted = parser.parse_args()
    print(machine.described())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="posthouse-bench-")))
        if "sqlite" in wanted.stores:
            asyncio.run(measure(lambda name: Sqlite(folder / name), "sqlite", wanted.messages, wanted.raw))
        if "postgres" in wanted.stores:
            names = [*[f"postgres{number}" for number in range(len(wanted.messages))], "postgres_cost"]
            urls = migrated(stack, names, BEGIN)
            asyncio.run(measure(lambda name: Postgres(urls[name]), "postgres", wanted.messages, wanted.raw))


if __name__ == "__main__":
    main()
