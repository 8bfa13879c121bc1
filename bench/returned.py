"""How fast returned mails are read, beside the standard library's MIME reader on the same mails in the same run.

    python bench/returned.py [--seconds 3]

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


def rate(read: Callable[[bytes], object], seconds: float) -> float:
    """Mails a second."""
    for mail in MAILS[:50]:
        read(mail)
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        for mail in MAILS:
            read(mail)
        count += len(MAILS)
    return count / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    seconds = parser.parse_args().seconds
    size = sum(map(len, MAILS)) / len(MAILS)
    ours = rate(read_returned, seconds)
    library = rate(email.message_from_bytes, seconds)
    print(f"{len(MAILS)} real mails, {size / 1024:.1f} KB each on average, one core")
    print(f"read_returned              {ours:8.0f} mails/s  {1e6 / ours:6.0f} µs")
    print(f"email.message_from_bytes   {library:8.0f} mails/s  {1e6 / library:6.0f} µs  (parsing alone)")
    print(f"ratio                      {library / ours:8.2f} times the time of parsing alone")
    try:
        failures = importlib.import_module("flufl.bounce").all_failures
    except ImportError:
        return
    other = rate(lambda mail: failures(email.message_from_bytes(mail)), seconds)
    print(f"flufl.bounce               {other:8.0f} mails/s  {1e6 / other:6.0f} µs  (addresses only)")


if __name__ == "__main__":
    main()
