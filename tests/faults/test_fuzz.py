"""Not one generated request in a million may give a 500 (or end the process). ``make fuzz`` asks a million times.

Another seed makes other requests: POSTHOUSE_TEST_SEED; how many: POSTHOUSE_TEST_REQUESTS, for each store.
"""

import asyncio
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from tests.faults.fuzzing import Asked, Fuzzer
from tests.faults.kit import tell
from tests.integration.kit import Api, Tenant, open_api

from posthouse.core.tracking.tokens import PATHS
from posthouse.core.workspaces.scopes import EVERYTHING
from posthouse.testing.postgres import WheelServer, create_database

FOR_PEOPLE = (*PATHS.values(), "/alerts/", "/ratings/")
"""Doors that links in mails lead to: they answer people with pages, not programs with problems."""

REQUESTS = int(os.environ.get("POSTHOUSE_TEST_REQUESTS", "1500"))
SEED = int(os.environ.get("POSTHOUSE_TEST_SEED", "1"))
AT_ONCE = 64
PATIENCE = 5.0
"""Seconds of the processor that no round may take: one request among them holds up everybody."""
BUSY = 503
"""What a machine that does other things too may answer when the store keeps everybody waiting: lawful, and rare."""
_ID = re.compile(rb'"((?:msg|key|tpl|rel|dom|prv|upl)_[0-9a-z-]{26,90})"')


class Asker:
    """Asks, and judges each answer."""

    def __init__(self, api: Api, tenant: Tenant, fuzzer: Fuzzer) -> None:
        self.api = api
        self.tenant = tenant
        self.fuzzer = fuzzer
        self.statuses: Counter[int] = Counter()
        self.findings: list[str] = []
        self.secret = b""

    async def renew(self) -> None:
        """A key that may do everything: some request may have revoked the one before."""
        made = await self.api.house.keys.create(self.tenant.id, "fuzz", live=True, scopes=[EVERYTHING])
        self.secret = made.secret.encode()

    async def ask(self) -> None:
        """One request; what is wrong with its answer becomes a finding."""
        asked = self.fuzzer.request()
        try:
            status, headers, body = await self._answer(asked)
        except BaseException as error:  # a panic out of Rust is no Exception
            if isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
                raise
            self.findings.append(f"{error!r}: {asked}"[:20_000])
            return
        self.statuses[status] += 1
        if status >= 500 and status != BUSY:
            self.findings.append(f"{status} {body[:300]!r}: {asked}"[:20_000])
        elif status >= 400 and asked.method != "HEAD" and not asked.path.startswith(FOR_PEOPLE):
            problem = msgspec.json.decode(body)
            if headers[b"content-type"] != b"application/problem+json" or problem["status"] != status:
                self.findings.append(f"no problem document {body[:300]!r}: {asked}"[:20_000])
        else:
            for word in _ID.findall(body)[:3]:
                self.fuzzer.learn(word.decode())

    async def round(self) -> None:
        """Some at once; when they took long, which of them it was."""
        random = self.fuzzer.mark()
        began = time.process_time()
        await asyncio.gather(*[self.ask() for _ in range(AT_ONCE)])
        if time.process_time() - began < PATIENCE:
            return
        self.fuzzer.back_to(random)
        for _ in range(AT_ONCE):
            asked = self.fuzzer.request()
            began = time.process_time()
            await self._answer(asked)
            if (took := time.process_time() - began) > PATIENCE / 2:
                self.findings.append(f"{took:.1f} s of the processor: {asked}"[:20_000])

    async def _answer(self, asked: Asked) -> tuple[int, dict[bytes, bytes], bytes]:
        sent: list[dict[str, Any]] = []
        parts = [asked.body] if len(asked.body) < 100 else [asked.body[:50], asked.body[50:]]

        async def receive() -> dict[str, Any]:
            if not parts:
                return {"type": "http.disconnect"}  # it leaves: the live stream has no other end
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": asked.method,
            "path": asked.path,
            "raw_path": asked.path.encode(),
            "query_string": asked.query,
            "headers": [(b"authorization", b"Bearer " + self.secret), *asked.headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "root_path": "",
        }
        await self.api.app(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"]), b"".join(part.get("body", b"") for part in sent[1:])


@pytest.fixture
def quiet() -> Iterator[None]:
    """Only defects are logged: each refused request would be a line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest.mark.slow
@pytest.mark.usefixtures("quiet")
@pytest.mark.timeout(max(120, REQUESTS // 20))
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_no_request_breaks_the_api(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Bodies, headers, paths and queries of every sort, against the real application and store."""
    database = ""
    if kind == "postgres":
        server: WheelServer = request.getfixturevalue("pg_server")
        database = await create_database(server, f"fuzz_{os.getpid()}")
    mail = {"dns_servers": ["127.0.0.1"], "dns_port": 9}
    async with open_api(tmp_path / "data", database, mail=mail) as api:
        tenant = await api.workspace("shop")
        await tenant.furnish("shop.example")
        document = await tenant.ask("GET", "/openapi.json")
        queries = {
            operation["operationId"]: [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
            for methods in document["paths"].values()
            for operation in methods.values()
            if "operationId" in operation
        }
        asker = Asker(api, tenant, Fuzzer(SEED, queries))
        began = time.monotonic()
        for turn in range(REQUESTS // AT_ONCE):
            if turn % 20 == 0:
                await asker.renew()
            await asker.round()
            if turn % 100 == 99:
                print(f"{turn * AT_ONCE:,} {dict(asker.statuses)} {len(asker.findings)} findings", flush=True)  # noqa: T201
            if len(asker.findings) >= 20:
                break
        asked = sum(asker.statuses.values())
        tell(
            f"fuzz {kind}",
            requests=asked,
            seconds=time.monotonic() - began,
            statuses=dict(sorted(asker.statuses.items())),
        )
        assert not asker.findings, "\n\n".join(asker.findings)
        assert asker.statuses[BUSY] <= max(1, asked // 100)
        assert asker.statuses[202] > asked // 50, "next to nothing was accepted: the test says little"
