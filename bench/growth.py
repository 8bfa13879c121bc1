"""Whether the length of the queue or of the history costs anything.

    python -m bench.growth [--full] [--messages 8000] [--stores sqlite postgres]

The pipeline's rate with an empty store, with messages queued for tomorrow, and with history on top: 200 thousand and 1 million, with
``--full`` 1 and 10 million. The rows are copies of a real message.
"""

import argparse
import asyncio

from bench.kit import filling, machine, runs
from bench.kit.house import STORES, house
from bench.kit.sink import smtp_sink

BAR = 0.85
"""The rate must stay within 15 %."""


def main() -> None:
    """Prints the rates and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="1 million queued, 10 million in history")
    parser.add_argument("--messages", type=int, default=8_000)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    wanted = parser.parse_args()
    queued, history = (1_000_000, 10_000_000) if wanted.full else (200_000, 1_000_000)
    print(machine.described())
    for store in wanted.stores:
        with smtp_sink() as sink, house(store) as fresh:
            fresh.set_up(sink.port)
            rates, costs = [], []
            for step, what in enumerate(
                ("empty", f"{queued:,} queued", f"{queued:,} queued and {history:,} in history")
            ):
                if step:
                    filling.fill(fresh, queued if step == 1 else history, ended=step == 2, series=step * 200)
                    if fresh.database:
                        asyncio.run(filling.analyse(fresh.database))
                with fresh.serve():
                    runs.measure(fresh, sink, 1_000)
                    run = runs.measure(fresh, sink, wanted.messages)
                rates.append(run.rate)
                costs.append(sum(cost for name, cost in run.cpu.items() if name not in {"sink", "load"}))
                print(f"{store}, {what}: {run.rate:.0f}/s, {costs[-1]:.0f} µs of CPU a message", flush=True)
        ratio = min(rates[1:]) / rates[0]
        verdict = "ok" if ratio >= BAR else "MISSED"
        print(
            f"RATIO {store}: {ratio:.2f} of the empty store's rate (bar {BAR}): {verdict}; CPU {max(costs[1:]) / costs[0]:.2f} times"
        )


if __name__ == "__main__":
    main()
