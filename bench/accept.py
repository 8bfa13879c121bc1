"""The way in alone: messages a second and answer times, nothing being sent meanwhile.

    python -m bench.accept [--messages 20000] [--stores sqlite postgres]

A request is answered once its message is durable. Single requests and batches of 100 and 1,000, with 64 and 256 clients.
"""

import argparse

from bench.kit import load, machine
from bench.kit.house import STORES, house

PEER = 218
"""Accepts a second of GOV.UK Notify, measured on this kind of machine (docs/reference/benchmarks.md)."""


def main() -> None:
    """Prints a line for each combination, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    wanted = parser.parse_args()
    print(machine.described())
    for store in wanted.stores:
        with house(store) as fresh:
            fresh.set_up(2525)
            with fresh.serve("--role", "api"):
                best = max(
                    _measure(fresh, store, batch, clients, wanted.messages)
                    for batch in (1, 100, 1000)
                    for clients in (64, 256)
                )
        print(f"RATIO {store}: {best / PEER:.0f} times what GOV.UK Notify accepted ({PEER}/s)")


def _measure(fresh, store: str, batch: int, clients: int, messages: int) -> float:
    requests = max(messages // batch, clients if batch < 1000 else 20)
    request = {"port": fresh.port, "key": fresh.key, "connections": clients, "batch": batch}
    load.run(**request, count=max(1, requests // 10))
    before = fresh.cpu()
    found = load.run(**request, count=requests, first=10**6)
    used = sum(fresh.cpu().values()) - sum(before.values())
    rate = found.rate * batch
    print(
        f"{store:<9} batches of {batch:<4} {clients:>3} clients: {rate:>6.0f}/s, p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms, "
        f"{used / requests / batch * 1e6:.0f} µs of CPU a message",
        flush=True,
    )
    return rate


if __name__ == "__main__":
    main()
