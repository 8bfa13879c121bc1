"""One finished order confirmation of ours: the bytes that the peers relay, and the programs that they run."""

import asyncio
import json
import time
import urllib.request
from typing import NamedTuple

from bench.kit import load
from bench.kit.house import house
from bench.kit.sink import smtp_sink
from posthouse.bootstrap import open_house
from posthouse.config import load as load_settings


class Sample(NamedTuple):
    """The unsigned mail, the size of the request, and the release's programs by name."""

    mail: bytes
    request: int
    programs: dict[str, str]


def make() -> Sample:
    """Sends one order through a house and reads it back."""
    from bench.kit import orders

    with smtp_sink() as sink, house("sqlite") as fresh:
        fresh.set_up(sink.port)
        with fresh.serve("--dispatchers", "1"):
            load.run(port=fresh.port, key=fresh.key, count=1)
            fresh.wait_sent(1, 20)
            time.sleep(0.1)
            first = _get(fresh, "/v1/messages")["items"][0]["id"]
            mail = _get(fresh, f"/v1/messages/{first}/content")["source"].encode()
        programs = asyncio.run(_programs(fresh.data))
    return Sample(mail, len(orders.request(1, orders.request_parts())), programs)


def _get(fresh, path: str) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{fresh.port}{path}", headers={"Authorization": f"Bearer {fresh.key}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


async def _programs(data) -> dict[str, str]:
    async with open_house(load_settings(data=data).settings, role="cli") as opened:
        (workspace,) = await opened.workspaces.list()
        releases = await opened.store.releases(workspace.id, "order-confirmation", None)
        return next(dict(one.programs) for one in releases if one.locale == "en")
