"""How fast returned mails are read, beside the standard library's MIME reader on the same mails in the same run.

    python bench/returned.py [--seconds 10]

``flufl.bounce`` is measured too when it happens to be installed (pip install flufl.bounce); we do not depend on it.
"""

import argparse
import email
import importlib
import time
from collections.abc import Callable
from pathlib import Path

from posthouse.channels.email.returned import read_returned

MAILS = [path.read_bytes() for path in sorted((Path(__file__).parent.parent / "tests/data/bounces/mails").iterdir())]


def rates(readers: list[Callable[[bytes], object]], seconds: float) -> list[float]:
    """Mails a second of each reader: the best of rounds in turn, by processor time: neighbours disturb little."""
    best = [float("inf")] * len(readers)
    started = time.process_time()
    while time.process_time() - started < seconds:
        for index, read in enumerate(readers):
            begun = time.process_time()
            for mail in MAILS:
                read(mail)
            best[index] = min(best[index], time.process_time() - begun)
    return [len(MAILS) / round_time for round_time in best]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    seconds = parser.parse_args().seconds
    size = sum(map(len, MAILS)) / len(MAILS)
    readers: list[Callable[[bytes], object]] = [read_returned, email.message_from_bytes]
    try:
        failures = importlib.import_module("flufl.bounce").all_failures
        readers.append(lambda mail: failures(email.message_from_bytes(mail)))
    except ImportError:
        pass
    ours, library, *other = rates(readers, seconds)
    print(f"{len(MAILS)} real mails, {size / 1024:.1f} KB each on average, one core")
    print(f"read_returned              {ours:8.0f} mails/s  {1e6 / ours:6.0f} µs")
    print(f"email.message_from_bytes   {library:8.0f} mails/s  {1e6 / library:6.0f} µs  (parsing alone)")
    print(f"ratio                      {library / ours:8.2f} times the time of parsing alone")
    if other:
        print(f"flufl.bounce               {other[0]:8.0f} mails/s  {1e6 / other[0]:6.0f} µs  (addresses only)")


if __name__ == "__main__":
    main()
