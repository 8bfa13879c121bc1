"""Peer two: Celery, Redis, Jinja2, smtplib and dkimpy, with as many workers as cores."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.kit import orders
from bench.kit.sink import Sink, free_port, need, smtp_sink, wait_for_port

ROOT = Path(__file__).parents[2]


def rate(programs: dict[str, str], count: int) -> float:
    """Messages a second, from the first task put into Redis until the sink has the last mail."""
    with tempfile.TemporaryDirectory(prefix="posthouse-celery-") as name, smtp_sink() as sink:
        folder = Path(name)
        (folder / "programs.json").write_text(
            json.dumps({part: programs[part] for part in ("subject", "text", "html")})
        )
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
        (folder / "key.pem").write_bytes(key.private_bytes(*form, serialization.NoEncryption()))
        port = free_port()
        os.environ["POSTHOUSE_BENCH_BROKER"] = f"redis://127.0.0.1:{port}/0"
        os.environ["POSTHOUSE_BENCH_FOLDER"] = name
        os.environ["POSTHOUSE_BENCH_SINK"] = str(sink.port)
        redis = subprocess.Popen(
            [need("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", name],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        worker = None
        try:
            wait_for_port(port)
            command = [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "bench.kit.celery_app",
                "worker",
                "-c",
                str(os.cpu_count()),
            ]
            with (folder / "worker.log").open("w") as log:
                worker = subprocess.Popen([*command, "-l", "ERROR"], cwd=ROOT, stdout=log, stderr=log)
            try:
                _send(sink, 100)
                began = time.monotonic()
                _send(sink, count)
            except SystemExit as short:
                raise SystemExit(f"{short}; its worker said:\n{(folder / 'worker.log').read_text()[-2000:]}") from None
            return count / (time.monotonic() - began)
        finally:
            for process in (worker, redis):
                if process is not None:
                    process.terminate()
                    process.wait(timeout=60)


def _send(sink: Sink, count: int) -> None:
    from bench.kit.celery_app import send

    before = sink.messages()
    variables = orders.variables()
    for number in range(count):
        send.delay(f"ann.{number:07d}@customers.example", "Ann Miller", variables)
    until = time.monotonic() + 120 + count / 20
    while (got := sink.messages() - before) < count:
        if time.monotonic() > until:
            raise SystemExit(f"Celery sent {got} of {count}")
        time.sleep(0.02)
