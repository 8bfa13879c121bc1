"""The machine under the figures, and the floor that no pipeline can get under."""

import hashlib
import os
import time
from concurrent.futures import ProcessPoolExecutor

import psutil
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils


def described() -> str:
    """Cores, memory, load: what belongs beside every figure."""
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, load before the start {load:.2f}, {time.strftime('%Y-%m-%d %H:%M')}"
    )


def rsa_floor(seconds: float = 2.0) -> tuple[float, float]:
    """RSA-2048 signatures and nothing else: microseconds of one, and how many a second all cores make together."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(_sign, [seconds] * (os.cpu_count() or 1)))
    return sum(cost for _, cost in found) / len(found), sum(count for count, _ in found) / seconds


def _sign(seconds: float) -> tuple[int, float]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    digest = hashlib.sha256(b"posthouse").digest()
    scheme, algorithm = padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())
    count, until, began = 0, time.monotonic() + seconds, time.process_time()
    while time.monotonic() < until:
        key.sign(digest, scheme, algorithm)
        count += 1
    return count, (time.process_time() - began) / count * 1e6
