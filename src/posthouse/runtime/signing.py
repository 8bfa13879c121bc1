"""Chooses the faster of OpenSSL's two ways of RSA on processors where its own choice is the slower one.

OpenSSL takes multiplication by MULX and ADX wherever a processor has them. On some (AMD Zen 3: 865 µs against 615 µs a signature,
measured) its AVX2 way is faster. Which way it goes is decided when the library is loaded, from ``OPENSSL_ia32cap`` (openssl-manual,
OPENSSL_ia32cap(3)), so a dispatch process looks before it loads it. Both ways are OpenSSL's own and take constant time.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

VARIABLE: Final = "OPENSSL_ia32cap"
WITHOUT_ADX: Final = ":~0x80000"
"""Clears bit 19 (ADX) of CPUID leaf 7, EBX."""
WORTH_IT: Final = 0.9
"""The other way must take at most so much of the time of OpenSSL's own choice."""
_ROUNDS: Final = 10
_SIGNATURES: Final = 8


class Measured(msgspec.Struct, frozen=True):
    """What was found on a processor: microseconds of one RSA-2048 signature by each way."""

    processor: str
    own: float
    without_adx: float

    @property
    def setting(self) -> str:
        """What to set; '' to leave OpenSSL its choice."""
        return WITHOUT_ADX if self.without_adx <= self.own * WORTH_IT else ""


def choose(
    folder: Path, cpuinfo: Path = Path("/proc/cpuinfo"), measure: "Callable[[str], Measured] | None" = None
) -> str:
    """Sets the variable for this process where that is faster, and returns what was set ('' for nothing).

    Does nothing where the operator has set it, where the processor has no choice, or when measuring fails: signing works anyway.

    Args:
        folder: where the finding is kept, so that only the first start measures (a third of a second).
        cpuinfo: what the kernel says about the processor.
        measure: takes the processor's name.
    """
    processor = processor_with_a_choice(cpuinfo)
    if VARIABLE in os.environ or not processor:
        return ""
    kept = folder / "signing.json"
    try:
        found = msgspec.json.decode(kept.read_bytes(), type=Measured)
    except (OSError, msgspec.MsgspecError):
        found = None
    if found is None or found.processor != processor:
        try:
            found = (measure or measured)(processor)
            _keep(kept, found)
        except (OSError, ValueError, msgspec.MsgspecError):
            return ""
    if found.setting:
        os.environ[VARIABLE] = found.setting
    return found.setting


def processor_with_a_choice(cpuinfo: Path) -> str:
    """The processor's name when it has both ways and not the better third one (AVX-512 IFMA); '' otherwise."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0].splitlines()
    except OSError:
        return ""
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = set(facts.get("flags", "").split())
    if not {"adx", "bmi2", "avx2"} <= flags or flags & {"avx512ifma", "avx512_ifma", "avx_ifma"}:
        return ""
    return " ".join([facts.get(name, "?") for name in ("model name", "cpu family", "model", "stepping")])


def measured(processor: str) -> Measured:
    """Measures both ways, each in a process of its own, since the library reads the variable once.

    Raises:
        ValueError: a measuring process failed.
    """
    own = _in_another_process("")
    return Measured(processor, own, _in_another_process(WITHOUT_ADX))


def _in_another_process(setting: str) -> float:
    """The time of one signature under a setting. Forks: nothing runs in this process yet but its main thread."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.environ[VARIABLE] = setting or ":"
            os.write(writer, msgspec.json.encode(_time_of_a_signature()))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return msgspec.json.decode(said, type=float)


def _time_of_a_signature() -> float:
    """Microseconds of CPU, the best of some rounds."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - not before the variable is set
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    best = float("inf")
    for _ in range(_ROUNDS):
        begun = time.process_time()
        for _ in range(_SIGNATURES):
            key.sign(b"posthouse", padding.PKCS1v15(), hashes.SHA256())
        best = min(best, time.process_time() - begun)
    return best / _SIGNATURES * 1e6


def _keep(kept: Path, found: Measured) -> None:
    """Written beside and renamed: two processes may start at once."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    new = kept.with_suffix(f".{os.getpid()}")
    new.write_bytes(msgspec.json.encode(found))
    new.replace(kept)
