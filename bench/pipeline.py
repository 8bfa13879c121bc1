"""The whole pipeline against what people use today, in one run on one machine.

    python -m bench.pipeline [--messages 30000] [--peer-messages 3000] [--stores sqlite postgres] [--rounds 1]

Each message is one HTTP request (1.4 KB of JSON) that becomes a signed order confirmation of some 25 KB at Postfix's smtp-sink. Time runs
from the first request until the last message is recorded as sent, with the load generator and the sink on the same cores. Peers: Postfix
with OpenDKIM relaying the same bytes, and Celery with Redis, Jinja2, smtplib and dkimpy. The floor is the RSA signature alone.
"""

import argparse
import os

from bench.kit import celery_peer, machine, postfix_peer, runs, sample
from bench.kit.house import STORES

BARS = {"Postfix + OpenDKIM": 5, "Celery + Redis + Jinja2 + smtplib + dkimpy": 13}
GOAL = 9
"""Times Postfix with OpenDKIM."""


def main() -> None:
    """Runs everything and prints a line for each ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=30_000)
    parser.add_argument("--peer-messages", type=int, default=3_000)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    parser.add_argument("--rounds", type=int, default=1, help="measured runs for each store; the best counts")
    parser.add_argument(
        "--both-signatures", action="store_true", help="also with RSA and Ed25519, as Posthouse signs by default"
    )
    wanted = parser.parse_args()
    print(machine.described())
    one = sample.make()
    print(f"one request {one.request} bytes, one mail {len(one.mail)} bytes before signing")
    signature, floor = machine.rsa_floor()
    print(f"floor: RSA-2048 alone {signature:.0f} µs, {floor:.0f}/s on {os.cpu_count()} cores")
    peers = {
        "Postfix + OpenDKIM": postfix_peer.rate(one.mail, wanted.peer_messages),
        "Celery + Redis + Jinja2 + smtplib + dkimpy": celery_peer.rate(one.programs, wanted.peer_messages // 3),
    }
    for name, rate in peers.items():
        print(f"{name}: {rate:.0f}/s")
    for store in wanted.stores:
        _measure(store, wanted, peers, floor)


def _measure(store: str, wanted: argparse.Namespace, peers: dict[str, float], floor: float) -> None:
    found = [runs.pipeline(store, wanted.messages) for _ in range(wanted.rounds)]
    best = max(found, key=lambda run: run.rate)
    print(f"Posthouse on {store}: {best.told()}")
    for name, rate in peers.items():
        ratio = best.rate / rate
        goal = f", goal {GOAL}" if name.startswith("Postfix") else ""
        print(
            f"RATIO {store}: {ratio:.1f} times {name} (bar {BARS[name]}{goal}): {'ok' if ratio >= BARS[name] else 'MISSED'}"
        )
    print(f"RATIO {store}: {best.rate / floor:.2f} of the floor (RSA alone on every core)")
    if wanted.both_signatures:
        both = runs.pipeline(store, wanted.messages, both_keys=True)
        print(f"Posthouse on {store}, signing with RSA and Ed25519: {both.told()}")


if __name__ == "__main__":
    main()
