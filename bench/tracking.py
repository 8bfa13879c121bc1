"""What opens and clicks cost: durable hits a second in one process, their p99, and the ratio to the barest server.

    python -m bench.tracking [seconds]

Two servers run in turn, each as `posthouse serve` runs its own (uvicorn, uvloop, httptools) on loopback with 64 kept connections: a raw
ASGI application that answers 302, and Posthouse's whole application over its SQLite store (``synchronous=FULL``), where every answer
waits until the hit is on the disk. Clicks go to 2,000 messages in turn; nine of ten lead to a known address, one to an address that is
printed again. The last lines are the cost of writing 19 links into a mail, and of judging.
"""

import asyncio
import contextlib
import gc
import multiprocessing
import socket
import sys
import tempfile
import time
from pathlib import Path

import psutil
import uvicorn
import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.unit.tracking.stage import RULES, Stage

from posthouse.core.kernel.clock import SystemClock
from posthouse.core.messages.model import EventType
from posthouse.core.tracking.model import Facts
from posthouse.core.tracking.tokens import Kind, Tokens
from posthouse.core.tracking.writer import MessageLinks
from posthouse.runtime.child import GC_THRESHOLD
from posthouse.runtime.hot_protocol import HotProtocol
from posthouse.stores.sqlite.store import SqliteStore

CONNECTIONS = 64
MESSAGES = 2_000
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"


async def hello(scope, receive, send):
    """The barest application that does the same HTTP."""
    if scope["type"] != "http":
        return
    headers = [(b"location", b"https://shop.example/"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def serve(kind, port, folder, paths):
    """Runs one server until it is terminated."""
    uvloop.run(_serve(kind, port, folder, paths))


async def _serve(kind, port, folder, paths):
    app = hello
    store = None
    if kind != "hello":
        store = SqliteStore(Path(folder) / "data", clock=SystemClock())
        await store.open()
        stage = Stage(store, SteppingClock())  # type: ignore[arg-type]  # it asks for a clock put by hand
        paths.put(await _filled(stage))
        app = stage.app
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, http=HotProtocol, loop="none", ws="none", lifespan="off", log_level="error",
        access_log=False, proxy_headers=False, server_header=False, date_header=False,
    )  # fmt: skip
    gc.collect()  # as the API process does once it is furnished
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)
    try:
        await uvicorn.Server(config).serve()
    finally:
        if store is not None:
            await store.close()


class SteppingClock(SystemClock):
    """The machine's clock, which a stage may want to put forward."""

    def advance(self, _microseconds):
        return self.now()


async def _filled(stage):
    await stage.open()
    release = stage.release()
    kit = stage.kit
    news = [kit.new(release_id=release.id, variables=b'{"name":"A","lines":[{"name":"a","url":"https://a.example/1"}]}')
            for _ in range(MESSAGES)]  # fmt: skip
    await stage.store.accept(news)
    return [
        stage.path(Kind.CLICK, 1 if n % 10 == 0 else 0, 0, new.id) for n, new in enumerate(news)
    ]  # fmt: skip


class Clicks(asyncio.Protocol):
    """One kept connection, which asks for the next path as soon as the answer is there."""

    def __init__(self, requests, start, until, took):
        self.requests, self.at, self.until, self.took = requests, start, until, took
        self.done = asyncio.get_running_loop().create_future()
        self.came = b""

    def connection_made(self, transport):
        self.transport = transport
        self.ask()

    def ask(self):
        self.began = time.monotonic()
        if self.began >= self.until:
            self.transport.close()
            return
        self.transport.write(self.requests[self.at % len(self.requests)])
        self.at += CONNECTIONS

    def data_received(self, data):
        self.came += data
        if b"\r\n\r\n" not in self.came:
            return
        if not self.came.startswith(b"HTTP/1.1 302"):
            raise SystemExit(self.came.decode())
        self.came = b""
        self.took.append(time.monotonic() - self.began)
        self.ask()

    def connection_lost(self, exc):
        if not self.done.done():
            self.done.set_result(exc)


async def load(port, paths, seconds):
    """How long each answered request took, seconds."""
    until, took = time.monotonic() + seconds, []
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: links.shop.example\r\nUser-Agent: {AGENT}\r\n\r\n".encode() for path in paths
    ]
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda n=n: Clicks(requests, n, until, took), "127.0.0.1", port)
        for n in range(CONNECTIONS)
    ]
    await asyncio.gather(*[client.done for _, client in made])
    return took


def measure(kind, seconds):
    """Hits a second, p99 in seconds, CPU microseconds a hit."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    queue = multiprocessing.Queue()
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-", ignore_cleanup_errors=True) as folder:
        server = multiprocessing.Process(target=serve, args=(kind, port, folder, queue), daemon=True)
        server.start()
        paths = queue.get(timeout=60) if kind != "hello" else ["/"]
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.1)
        uvloop.run(load(port, paths, 0.5))
        process = psutil.Process(server.pid)
        before, began = process.cpu_times(), time.monotonic()
        took = sorted(uvloop.run(load(port, paths, seconds)))
        after, passed = process.cpu_times(), time.monotonic() - began
        server.terminate()
        server.join()
    cpu = after.user + after.system - before.user - before.system
    return len(took) / passed, took[int(len(took) * 0.99)], cpu / len(took) * 1e6


def micro():
    """Microseconds of CPU for the links of one mail, and for one verdict."""
    tokens = Tokens(lambda _: b"k" * 32)
    marks = [*map(str, range(19)), "o"]
    message = bytes(range(16))
    facts = Facts(AGENT, "203.0.113.0/24", 60_000, link=1)
    yield (
        "19 links and the picture",
        _best(
            lambda: MessageLinks(tokens, message, "https://links.shop.example", opens=True, clicks=True).write(marks)
        ),
    )
    yield "one verdict", _best(lambda: RULES.judge(EventType.CLICKED, facts))


def _best(work, times=2_000):
    best = 1.0
    for _ in range(20):
        began = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - began) / times)
    return best * 1e6


def main():
    """Measures both and prints the ratio."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    print(f"{CONNECTIONS} connections, {seconds:g} s each, one process, SQLite with synchronous=FULL")
    found = {}
    for kind in ("hello", "posthouse", "hello", "posthouse"):
        rate, p99, cpu = measure(kind, seconds)
        found[kind] = max(found.get(kind, (0.0, 0.0)), (rate, cpu))
        print(f"{kind:10} {rate:8,.0f} hits/s  p99 {p99 * 1000:6.1f} ms  {cpu:6.1f} µs CPU a hit")
    (bare, bare_cpu), (ours, our_cpu) = found["hello"], found["posthouse"]
    print(f"durable hits against the barest server: ratio {ours / bare:.2f} in hits/s, {our_cpu / bare_cpu:.1f} in CPU")
    for name, microseconds in micro():
        print(f"{name}: {microseconds:.1f} µs")


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
