"""How long somebody waits for a preview: ``POST /v1/templates/{key}/render`` over HTTP, against the promised 30 ms.

    python -m bench.preview [--requests 300] [--stores sqlite postgres]

An order confirmation as a document in four languages (examples/templates-as-documents), asked for one after the other by one client, as an
editor does. Three questions: the live version; the draft as it is; and a draft that was changed before each question, which is what
typing looks like. In the same run the floor: the same server's barest answer, ``GET /healthz``.
"""

import argparse
import http.client
import itertools
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.document import EXAMPLES
from bench.kit import machine
from bench.kit.house import STORES, House, house

PROMISE = 30.0
"""Milliseconds (issue 3, §2)."""
LOCALES = ("en", "fr", "es", "ru")
WARM = 8
ROOT = EXAMPLES / "templates-as-documents"
RENDER = "/v1/templates/order-confirmation/render"


class Client:
    """One connection that is kept."""

    def __init__(self, running: House) -> None:
        self._there = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
        self._head = {"authorization": f"Bearer {running.key}", "content-type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None) -> float:
        """Milliseconds until the whole answer is there."""
        sent = None if body is None else json.dumps(body)
        start = time.perf_counter()
        self._there.request(method, path, sent, self._head)
        answer = self._there.getresponse()
        read = answer.read()
        took = (time.perf_counter() - start) * 1e3
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {read.decode()[:500]}")
        return took


def files(words: str = "") -> dict[str, str]:
    """The folder as it is pushed; ``words`` stand at the end of its subjects and headings."""
    found = {
        path.relative_to(ROOT).as_posix(): path.read_text()
        for path in ROOT.rglob("*")
        if path.is_file() and path.parent.name != "one-time-code"
    }
    name = "order-confirmation/email.json"
    document = json.loads(found[name])
    for block in document["blocks"]:
        if block["type"] in {"heading", "text"}:
            block["text"] = {locale: f"{said}{words}" for locale, said in block["text"].items()}
    return found | {name: json.dumps(document)}


def measured(running: House, name: str, ask: Callable[[], float], count: int) -> float:
    """Prints one row; its median. The processor's time is that of the house for all that the question takes, pushing included."""
    before = sum(running.cpu().values())
    took = sorted(ask() for _ in range(count))
    used = (sum(running.cpu().values()) - before) / count * 1e3
    middle, worst = statistics.median(took), took[int(0.99 * len(took))]
    print(f"  {name:28}p50 {middle:6.1f} ms   p99 {worst:6.1f} ms   processor {used:5.1f} ms", flush=True)
    return middle


def questions(client: Client) -> dict[str, Callable[[], float]]:
    """What is asked, each for another language than before."""
    locales, numbers = itertools.cycle(LOCALES), itertools.count(1)

    def changed() -> float:
        client.ask("POST", "/v1/templates", {"files": files(f" {next(numbers)}")})
        return client.ask("POST", RENDER, {"version": "draft", "locale": next(locales)})

    return {
        "live version": lambda: client.ask("POST", RENDER, {"locale": next(locales)}),
        "draft": lambda: client.ask("POST", RENDER, {"version": "draft", "locale": next(locales)}),
        "draft, changed before each": changed,
    }


def main() -> None:
    """Prints the rows of each store, and a ratio for each question."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    wanted = parser.parse_args()
    print(machine.described())
    for store in wanted.stores:
        print(f"{store}: POST {RENDER}")
        with house(store) as fresh:
            fresh.set_up(2525)
            with fresh.serve("--role", "api"):
                _all(fresh, store, wanted.requests)


def _all(running: House, store: str, count: int) -> None:
    client = Client(running)
    client.ask("POST", "/v1/templates", {"files": files(), "publish": True})
    floor = measured(running, "floor: GET /healthz", lambda: client.ask("GET", "/healthz"), count)
    for name, ask in questions(client).items():
        for _ in range(WARM):
            ask()
        middle = measured(running, name, ask, count)
        verdict = "met" if middle < PROMISE else "missed"
        told = (
            f"{middle / PROMISE:.2f} of the promised {PROMISE:.0f} ms ({verdict}), {middle / floor:.0f} times the floor"
        )
        print(f"  RATIO {store} {name}: {told}")


if __name__ == "__main__":
    main()
