"""What the hot door costs: requests a second and CPU microseconds a request, against the barest ASGI answer.

    python bench/http_door.py [seconds]

Two servers run in turn, each uvicorn (uvloop, httptools) on loopback with 32 kept connections: a raw ASGI application that reads the
body and answers 202, and Posthouse's whole application behind its own protocol (runtime/hot_protocol.py) with services in memory, so that
only the door is measured: HTTP, key, decoding, receipt. The CPU is the server process's own, so the load generator beside it does not count.
"""

import asyncio
import multiprocessing
import socket
import sys
import time
from pathlib import Path

import msgspec
import psutil
import uvicorn

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.unit.http.fakes import FakeMessages, Stage

from posthouse.core.kernel.clock import SystemClock
from posthouse.runtime.hot_protocol import HotProtocol

CONNECTIONS = 32
BODY = msgspec.json.encode(
    {
        "template": "order-confirmation",
        "to": {"email": "ann@shop.example", "name": "Ann Example"},
        "correlation": "A-1001",
        "tags": ["order"],
        "variables": {
            **{f"field_{number}": f"some value of a field {number}" for number in range(12)},
            "lines": [
                {"name": f"Product {number}", "quantity": number, "price": "19.90", "total": "39.80"}
                for number in range(1, 6)
            ],
        },
    }
)


class InstantMessages(FakeMessages):
    """Gives every message the same receipt: what is measured is the door, not the room."""

    receipt = None

    async def accept(self, caller, items):
        if self.receipt is None:
            self.receipt = (await super().accept(caller, items[:1]))[0]
        return [self.receipt for _ in items]


async def hello(scope, receive, send):
    """The barest application that does the same HTTP."""
    if scope["type"] != "http":
        return
    await receive()
    await send(
        {
            "type": "http.response.start",
            "status": 202,
            "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
        }
    )
    await send({"type": "http.response.body", "body": b"{}"})


def serve(kind, port, keys):
    """Runs one server until it is terminated."""
    app = hello
    if kind != "hello":
        stage = asyncio.run(_stage())
        keys.put(stage.live_key)
        app = stage.app
    protocol = "httptools" if kind == "hello" else HotProtocol
    uvicorn.run(
        app, host="127.0.0.1", port=port, http=protocol, log_level="error", access_log=False, lifespan="off",
        loop="uvloop", proxy_headers=False, server_header=False, date_header=False,
    )  # fmt: skip


async def _stage():
    stage = Stage(clock=SystemClock(), messages=InstantMessages, logged=False)
    return await stage.open()


async def load(port, request, seconds):
    """Answered requests on kept connections, one under way on each."""
    until = time.monotonic() + seconds

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        while time.monotonic() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 202"):
                raise SystemExit(head.decode())
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            count += 1
        writer.close()
        return count

    return sum(await asyncio.gather(*[one() for _ in range(CONNECTIONS)]))


def measure(kind, seconds):
    """Requests a second, CPU microseconds a request."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keys = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(kind, port, keys), daemon=True)
    server.start()
    key = keys.get(timeout=30) if kind != "hello" else "none"
    request = (
        f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    _wait_for(port)
    asyncio.run(load(port, request, 0.5))
    process = psutil.Process(server.pid)
    before, began = process.cpu_times(), time.monotonic()
    count = asyncio.run(load(port, request, seconds))
    after, took = process.cpu_times(), time.monotonic() - began
    server.terminate()
    server.join()
    cpu = after.user + after.system - before.user - before.system
    return count / took, cpu / count * 1e6


def _wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


def main():
    """Measures both and prints the ratio."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    print(f"request body {len(BODY)} bytes, {CONNECTIONS} connections, {seconds:g} s each")
    found = {}
    for kind in ("hello", "posthouse", "hello", "posthouse"):
        rate, cpu = measure(kind, seconds)
        found.setdefault(kind, []).append(cpu)
        print(f"{kind:10} {rate:8,.0f} requests/s  {cpu:6.1f} µs CPU a request")
    bare, ours = min(found["hello"]), min(found["posthouse"])
    print(f"the door costs {ours:.1f} µs, {ours - bare:.1f} µs over the bare server: ratio {ours / bare:.2f}")


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
