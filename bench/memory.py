"""Memory of each process, at rest and at the peak of a run; and what an idle house costs.

    python -m bench.memory [--messages 10000] [--stores sqlite postgres]

RSS counts shared pages in every process, PSS divides them fairly; both in MiB.
"""

import argparse
import threading
import time

import psutil

from bench.kit import machine, runs
from bench.kit.house import STORES, House, house
from bench.kit.sink import smtp_sink

_MIB = 2**20


def main() -> None:
    """Prints a line for each process, and the ratio of peak to rest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    wanted = parser.parse_args()
    print(machine.described())
    for store in wanted.stores:
        with smtp_sink() as sink, house(store) as fresh:
            fresh.set_up(sink.port)
            with fresh.serve():
                time.sleep(3)
                rest = _memory(fresh)
                print(f"{store}: an idle house takes {_idle_cpu(fresh):.2f} % of a core")
                peak = _peak(fresh, lambda sink=sink, fresh=fresh: runs.measure(fresh, sink, wanted.messages))
            for name, (rss, pss) in rest.items():
                top = peak[name]
                print(
                    f"{store}, {name:<11} at rest {rss:4.0f} MiB (PSS {pss:.0f}), at the peak {top[0]:4.0f} MiB (PSS {top[1]:.0f})"
                )
            total, most = sum(pss for _, pss in rest.values()), sum(pss for _, pss in peak.values())
            print(
                f"RATIO {store}: peak {most / total:.2f} times rest; together {total:.0f} MiB at rest, {most:.0f} at the peak (PSS)",
                flush=True,
            )


def _memory(fresh: House) -> dict[str, tuple[float, float]]:
    found = {}
    for name, process in fresh.processes().items():
        full = process.memory_full_info()
        found[name] = (full.rss / _MIB, full.pss / _MIB)
    return found


def _idle_cpu(fresh: House, seconds: float = 10.0) -> float:
    before = sum(fresh.cpu().values())
    time.sleep(seconds)
    return (sum(fresh.cpu().values()) - before) / seconds * 100


def _peak(fresh: House, work) -> dict[str, tuple[float, float]]:
    peak: dict[str, tuple[float, float]] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            try:
                for name, sizes in _memory(fresh).items():
                    peak[name] = max(peak.get(name, (0.0, 0.0)), sizes)
            except psutil.NoSuchProcess:
                continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return peak


if __name__ == "__main__":
    main()
