"""How fast messages are found, and what the words that they are found by cost.

    python -m bench.search [--messages 100000 1000000] [--stores sqlite postgres] [--rounds 40]

Messages as the past would have left them: 100,000 people, 40 templates, an order number each, a tag in three, one in fifty bounced, and the
words of their subjects. Each filter alone and in combinations, rare and common; the processor's time of a word is measured apart.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from bench.analytics import Postgres, Sqlite
from bench.kit import machine
from bench.kit.databases import migrated
from posthouse.core.kernel.clock import DAY, SECOND
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.messages.model import MessageQuery, Status
from posthouse.core.messages.words import WordFollower, Words
from posthouse.core.workspaces.model import Workspace
from posthouse.testing.clock import FakeClock
from posthouse.testing.stores import Kit

BAR = 100.0
"""Milliseconds in which a search answers."""
BEGIN = 1_795_651_200 * SECOND // DAY * DAY
PEOPLE, TEMPLATES, CHUNK = 100_000, 40, 20_000
WORDS = Words(bytes(32))
COLUMNS = {
    "messages": ["id", "workspace_id", "flow", "live", "channel", "lane", "template_id", "locale", "recipient", "recipient_name",
                 "variables", "created_at", "due_at", "policy", "tags", "correlation"],
    "states": ["message_id", "workspace_id", "status", "ended_at", "attempts"],
    "message_tags": ["workspace_id", "tag", "message_id"],
    "message_words": ["word", "message_id"],
}  # fmt: skip
VARIABLES = b'{"order": {"number": "A-1001", "lines": "' + b"x" * 1_000 + b'"}}'


class Past:
    """A workspace and what it sent."""

    def __init__(self) -> None:
        self.kit = Kit(FakeClock(BEGIN))
        self.templates = [self.kit.ids() for _ in range(TEMPLATES)]

    async def furnish(self, store: Any) -> None:
        await store.add_workspace(Workspace(self.kit.workspace, "shop", BEGIN))
        for number, template in enumerate(self.templates):
            made = self.kit.template(key=f"template-{number}", id=template, version=1)
            await store.publish(made, [self.kit.release(made)])

    def rows(self, messages: int) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
        """Rows of each table, oldest first."""
        chance, at, step = random.Random(7), BEGIN, 30 * DAY // messages
        made, here, known = Uuid7Source(lambda: at), self.kit.workspace, {}
        common = [self._number(word, known) for word in ("your", "order", "has", "shipped")]
        for start in range(0, messages, CHUNK):
            rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
            for number in range(start, min(start + CHUNK, messages)):
                at += step
                one, template = made(), min(chance.randrange(TEMPLATES), chance.randrange(TEMPLATES))
                tag = '["vip"]' if number % 3 == 0 else None
                rows["messages"].append(
                    (one, here, 7, True, 1, 1, self.templates[template], "en", f"a{chance.randrange(PEOPLE)}@mail.example", "Ann",
                     VARIABLES, at, at, 0, tag, f"A-{number}")
                )  # fmt: skip
                bounced = chance.randrange(50) == 0 and template != 0
                rows["states"].append((one, here, int(Status.BOUNCED if bounced else Status.SENT), at, 1))
                if tag:
                    rows["message_tags"].append((here, "vip", one))
                rare = [self._number(f"a-{number}"), self._number(f"kind{template}", known)]
                rows["message_words"] += [(word, one) for word in (*common, *rare)]
            yield rows

    def _number(self, word: str, known: dict[str, int] | None = None) -> int:
        if known is not None and word in known:
            return known[word]
        (number,) = WORDS.asked(self.kit.workspace, subject=word, provider_id=None)
        if known is not None:
            known[word] = number
        return number

    def questions(self, messages: int) -> dict[str, Any]:
        """Each draws filters anew."""
        chance, words = random.Random(3), self._number
        person = lambda: f"a{chance.randrange(PEOPLE)}@mail.example"  # noqa: E731 - short on purpose
        order = lambda: chance.randrange(messages)  # noqa: E731
        return {
            "newest": dict,
            "address": lambda: {"recipient": person()},
            "order number": lambda: {"correlation": f"A-{order()}"},
            "subject, a rare word": lambda: {"words": (words(f"a-{order()}"),)},
            "subject, a common word": lambda: {"words": (words("order"),)},
            "subject, common and rare": lambda: {"words": (words("order"), words("has"), words(f"a-{order()}"))},
            "subject, a template's words": lambda: {"words": (words("order"), words("kind7"))},
            "subject, words never together": lambda: {"words": (words("kind1"), words("kind2"))},
            "tag": lambda: {"tag": "vip"},
            "common template": lambda: {"template_key": "template-0"},
            "bounced": lambda: {"status": Status.BOUNCED},
            "rare template, bounced": lambda: {"template_key": "template-39", "status": Status.BOUNCED},
            "template and status never together": lambda: {"template_key": "template-0", "status": Status.BOUNCED},
            "tag, template, sent, a day": lambda: {
                "tag": "vip", "template_key": "template-3", "status": Status.SENT, "since": BEGIN + 9 * DAY, "until": BEGIN + 10 * DAY,
            },
            "pending (none)": lambda: {"status": Status.DEFERRED},
            "test mode (none)": lambda: {"live": False},
        }  # fmt: skip


async def fill(place: Any, past: Past, messages: int) -> None:
    """Rows straight into the tables."""
    for rows in past.rows(messages):
        if isinstance(place, Sqlite):
            await asyncio.to_thread(_fill_sqlite, place.path, rows)
        else:
            await _fill_postgres(place.url, rows)
    if not isinstance(place, Sqlite):
        import asyncpg

        connection = await asyncpg.connect(place.url)
        await connection.execute("VACUUM ANALYZE messages, states, message_tags, message_words")
        await connection.close()


def _fill_sqlite(path: Path, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    import sqlite3

    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous=OFF")
    raw.execute("PRAGMA cache_size=-500000")
    raw.execute("BEGIN IMMEDIATE")
    for table, columns in COLUMNS.items():
        some = sorted(rows[table]) if table == "message_words" else rows[table]
        raw.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", some)
    raw.execute("COMMIT")
    raw.close()


async def _fill_postgres(url: str, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.set_type_codec(
        "uuid", schema="pg_catalog", encoder=lambda value: value, decoder=bytes, format="binary"
    )
    await connection.execute("SET synchronous_commit = off")
    for table, columns in COLUMNS.items():
        await connection.copy_records_to_table(table, columns=columns, records=rows[table])
    await connection.close()


async def ask(store: Any, past: Past, messages: int, rounds: int) -> dict[str, float]:
    """Milliseconds of each question at the 95th percentile; on SQLite, those of the processor, which others do not lengthen."""
    found, own = {}, not hasattr(store, "ensure_partitions")
    for name, draw in past.questions(messages).items():
        times, costs = [], []
        for _ in range(rounds):
            query = MessageQuery(past.kit.workspace, **{"live": True} | draw())
            began, cpu = time.perf_counter(), time.process_time()
            answer = await store.search(query, BEGIN + 31 * DAY)
            times.append((time.perf_counter() - began) * 1000)
            costs.append((time.process_time() - cpu) * 1000)
        times.sort()
        costs.sort()
        place = int(rounds * 0.95)
        found[name] = costs[place] if own else times[place]
        rest = ", more to look at" if answer.rest else ""
        print(
            f"  {name:<36} p50 {statistics.median(times):6.1f} ms, p95 {times[place]:6.1f}; of our processor "
            f"{statistics.median(costs):5.1f} and {costs[place]:5.1f} ({len(answer.messages)} found{rest})",
            flush=True,
        )
    return found


async def cost(store: Any, kit: Kit, messages: int = 10_000) -> None:
    """What the follower of words takes for each message."""
    for start in range(0, messages, 500):
        await store.accept([kit.new() for _ in range(500)])
        settled = [kit.settle(one) for one in await kit.claim(store, 500)]
        for number, one in enumerate(settled):
            data = {"text": f"2.0.0 Ok: queued as 4F{start + number:06X}", "remote_id": f"4F{start + number:06X}"}
            (event,) = one.events
            data["subject"] = f"Your order A-{start + number} has shipped"
            one.events = (msgspec.structs.replace(event, data=data),)
        await store.record(settled)
    follower = WordFollower(store, store, WORDS)
    wall, cpu, turns = time.perf_counter(), time.process_time(), 1
    longest = 0.0
    while True:
        began = time.perf_counter()
        more = await follower.turn()
        longest = max(longest, time.perf_counter() - began)
        if not more:
            break
        turns += 1
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"  words of {messages:,} messages: {wall / messages * 1e6:.1f} µs a message, {cpu / messages * 1e6:.1f} of them our CPU; "
          f"the longest turn {longest * 1000:.0f} ms")  # fmt: skip


async def measure(make: Any, name: str, sizes: list[int], rounds: int) -> None:
    """One store."""
    found: dict[int, dict[str, float]] = {}
    for number, messages in enumerate(sizes):
        past, place = Past(), make(f"{name}{number}")
        await place.store.open()
        await past.furnish(place.store)
        began = time.perf_counter()
        await fill(place, past, messages)
        print(f"{name}, {messages:,} messages ({time.perf_counter() - began:.0f} s to fill)", flush=True)
        found[messages] = await ask(place.store, past, messages, rounds)
        if number == 0:
            await cost(place.store, Kit(FakeClock(BEGIN + 40 * DAY)))
        await place.store.close()
    last, first = found[sizes[-1]], found[sizes[0]]
    worst = max(last, key=lambda one: last[one])
    verdict = "ok" if last[worst] <= BAR else "MISSED"
    print(
        f"RATIO {name}: slowest search of {sizes[-1]:,} messages {last[worst]:.0f} ms at p95 ({worst}), "
        f"{last[worst] / BAR:.2f} of the {BAR:.0f} ms allowed: {verdict}"
    )
    growth = statistics.geometric_mean([last[one] / first[one] for one in last])
    print(
        f"RATIO {name}: from {sizes[0]:,} to {sizes[-1]:,} messages searches take {growth:.2f} times as long",
        flush=True,
    )


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", nargs="+", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--stores", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    wanted = parser.parse_args()
    print(machine.described())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="posthouse-bench-")))
        if "sqlite" in wanted.stores:
            asyncio.run(measure(lambda name: Sqlite(folder / name), "sqlite", wanted.messages, wanted.rounds))
        if "postgres" in wanted.stores:
            urls = migrated(stack, [f"postgres{number}" for number in range(len(wanted.messages))], BEGIN)
            asyncio.run(measure(lambda name: Postgres(urls[name]), "postgres", wanted.messages, wanted.rounds))


if __name__ == "__main__":
    main()
