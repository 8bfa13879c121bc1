"""``python -m posthouse.runtime.child``: one process of the house. Its spec comes over standard input."""

import asyncio
import ctypes
import gc
import importlib
import os
import signal
import sys
from typing import Final

import msgspec
import structlog
import uvloop

from posthouse.runtime.logs import configure
from posthouse.runtime.signing import choose as choose_signing
from posthouse.runtime.spec import ChildSpec

_PR_SET_PDEATHSIG: Final = 1
GC_THRESHOLD: Final = 50_000
"""Net new objects between two looks at the youngest of them; Python's own 700 is for much smaller programs."""
_MODULES: Final = {
    "api": "posthouse.runtime.serving",
    "dispatch": "posthouse.runtime.dispatching",
    "scheduler": "posthouse.runtime.scheduling",
    "returned": "posthouse.runtime.receiving",
}

_log = structlog.get_logger("posthouse.child")


def main() -> None:
    """Runs the role that the spec names until SIGTERM, or until the supervisor is gone."""
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=ChildSpec)
    die_with_parent()
    configure(spec.settings.log, role=spec.role)
    if spec.role == "dispatch" and (setting := choose_signing(spec.settings.run_dir)):
        _log.info("signing_way_chosen", setting=setting)
    role = importlib.import_module(_MODULES[spec.role])
    uvloop.run(_until_told(role, spec))


async def _until_told(role: "object", spec: ChildSpec) -> None:
    _spare_the_collector()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await role.run(spec, stopping)  # type: ignore[attr-defined]  # a module, chosen by name to spare the others' imports


def _spare_the_collector() -> None:
    """What is there at the start stays for good: the garbage collector need not walk over it again and again.

    Messages in hand die by reference counting; cycles are rare, so they may wait for more company.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)


def die_with_parent() -> None:
    """Asks the kernel for SIGTERM when the supervisor dies (prctl(2)), so that nothing is left behind."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == 1:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
