"""The load generator of posthouse.testing.load, with the order confirmation of the benchmarks."""

import json
import subprocess
import sys

import msgspec

from bench.kit import orders
from posthouse.testing.load import NUMBER, Load, Wanted


def start(*, more: dict | None = None, **wanted) -> subprocess.Popen:
    """Begins a load beside what the caller does (see ``Wanted``); ``more`` are further fields of each message."""
    body = NUMBER.join(part.decode() for part in orders.request_parts(**(more or {})))
    command = [
        sys.executable,
        "-m",
        "posthouse.testing.load",
        msgspec.json.encode(Wanted(body=body, **wanted)).decode(),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def result(process: subprocess.Popen) -> Load:
    """Waits for a load."""
    out, _ = process.communicate(timeout=600)
    if process.returncode:
        raise SystemExit("the load generator failed")
    return Load(**json.loads(out))


def run(**wanted) -> Load:
    """A whole load."""
    return result(start(**wanted))
