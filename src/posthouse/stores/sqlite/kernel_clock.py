"""The machine's clock as the kernel tells it: the reference for a process whose own idea of the time may be wrong.

What a process reads through the C library can be bent for it alone (libfaketime does so on purpose). ``adjtimex(2)`` goes to the kernel
directly, changes nothing when asked nothing, needs no right, and takes about a microsecond.
"""

import ctypes
from typing import Final

_STA_NANO: Final = 0x2000
"""Status bit: the fraction is in nanoseconds, not microseconds (``<linux/timex.h>``)."""


class _TimeValue(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("fraction", ctypes.c_long))


class _Timex(ctypes.Structure):
    """``struct timex``, with room for what later kernels may add."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("max_error", ctypes.c_long),
        ("estimated_error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _TimeValue),
        ("rest", ctypes.c_char * 256),
    )


def kernel_now() -> int | None:
    """Microseconds since the epoch; None where the kernel does not say (no Linux, or a sandbox that forbids the call)."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (AttributeError, OSError):
        return None
    answer = _Timex()
    if adjtimex(ctypes.byref(answer)) < 0:
        return None
    fraction = answer.time.fraction // (1000 if answer.status & _STA_NANO else 1)
    return int(answer.time.seconds * 1_000_000 + fraction)
