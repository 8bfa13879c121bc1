"""The machine under the figures: the floor that no signing pipeline gets under, and what processes take of its memory."""

import contextlib
import hashlib
import os
import re
import threading
import time
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

_PROC: Final = Path("/proc")
_MEMORY: Final = re.compile(r"^(VmRSS|VmHWM):\s+(\d+) kB", re.MULTILINE)


class Floor(msgspec.Struct, frozen=True):
    """RSA-2048 signatures and nothing else."""

    microseconds: float
    """CPU of one."""
    per_second: float
    """By all cores together."""


class Memory(msgspec.Struct, frozen=True):
    """Of one process, in MiB: what it holds now and what it held at most."""

    now: float
    peak: float


def rsa_floor(seconds: float = 2.0) -> Floor:
    """Signs on every core for that long: no pipeline that signs each message once gets under it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    digest = hashlib.sha256(b"posthouse").digest()
    how = utils.Prehashed(hashes.SHA256())
    counts = [0] * (os.cpu_count() or 1)
    until = time.monotonic() + seconds

    def sign(place: int) -> None:
        pad = padding.PKCS1v15()
        while time.monotonic() < until:
            key.sign(digest, pad, how)
            counts[place] += 1

    threads = [threading.Thread(target=sign, args=(place,)) for place in range(len(counts))]  # signing releases the GIL
    began = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Floor((time.process_time() - began) / sum(counts) * 1e6, sum(counts) / seconds)


def family_memory(pid: int) -> dict[str, Memory]:
    """What a supervisor and its children hold, by name (``supervisor``, ``api-0`` …); empty where there is no ``/proc``."""
    found = {"supervisor": memory_of(pid)}
    for task in (_PROC / str(pid) / "task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                words = (_PROC / child / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                found[words[-1].decode("utf-8", "replace")] = memory_of(int(child))
    return {name: memory for name, memory in found.items() if memory is not None}


def memory_of(pid: int) -> Memory | None:
    """Of one process; None when it is gone or there is no ``/proc`` (proc(5))."""
    try:
        told = (_PROC / str(pid) / "status").read_text()
    except OSError:
        return None
    found = {name: int(kibibytes) / 1024 for name, kibibytes in _MEMORY.findall(told)}
    return Memory(found["VmRSS"], found["VmHWM"]) if len(found) == 2 else None
