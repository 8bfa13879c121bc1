"""Our SMTP client against `aiosmtplib` and Postfix's `smtp-source`, into `smtp-sink`, all on this machine.

    python bench/smtp.py [--messages 20000] [--size 20000]

Prints messages a second, microseconds of our CPU a message, and the ratios. The sink and the client share the machine.
"""

import argparse
import asyncio
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import aiosmtplib
import uvloop

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.providers import PROVIDERS, ProviderContext
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.outcomes import Accepted
from posthouse.core.kernel.clock import SystemClock
from posthouse.core.messages.model import Channel

SENDER, PERSON = "bounce@shop.example", "ann@home.example"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


class Result(NamedTuple):
    rate: float
    cpu: float
    """Microseconds a message, user and system."""


class Flight:
    def may_begin(self) -> bool:
        return True

    def committed(self) -> None:
        return


def content_of(size: int) -> bytes:
    head = b"From: <a@shop.example>\r\nSubject: bench\r\nMessage-ID: <1@shop.example>\r\n\r\n"
    return head + (b"x" * 74 + b"\r\n") * ((size - len(head)) // 76)


async def timed(messages: int, workers: int, send: Callable[[int], Awaitable[None]]) -> Result:
    left = iter(range(messages))

    async def worker(number: int) -> None:
        for _ in left:
            await send(number)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker(number) for number in range(workers)))
    spent = time.process_time() - cpu
    return Result(messages / (time.perf_counter() - began), spent / messages * 1e6)


async def ours(port: int, messages: int, connections: int, content: bytes) -> Result:
    settings = {
        "host": "127.0.0.1", "port": port, "tls": "none", "max_connections": connections, "max_messages_per_connection": 0,
    }  # fmt: skip
    row = ProviderRow(b"p" * 16, b"w" * 16, "relay", Channel.EMAIL, "smtp", settings, 0)
    provider = PROVIDERS["smtp"].create(row, {}, ProviderContext(clock=SystemClock(), hostname="bench.example"))
    outbound = Outbound(b"m" * 16, SENDER, (PERSON,), content, "<1@shop.example>")
    flight = Flight()

    async def send(_: int) -> None:
        outcome = await provider.send(outbound, flight)
        if not isinstance(outcome, Accepted):
            sys.exit(f"not accepted: {outcome}")

    await timed(connections * 20, connections, send)
    result = await timed(messages, connections, send)
    await provider.close()
    return result


async def peer(port: int, messages: int, connections: int, content: bytes) -> Result:
    clients = [
        aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False) for _ in range(connections)
    ]
    for client in clients:
        await client.connect()

    async def send(number: int) -> None:
        await clients[number].sendmail(SENDER, PERSON, content)

    await timed(connections * 20, connections, send)
    result = await timed(messages, connections, send)
    for client in clients:
        await client.quit()
    return result


def smtp_source(port: int, messages: int, connections: int, size: int) -> Result:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    command = [
        tool("smtp-source"), "-d", "-s", str(connections), "-m", str(messages), "-l", str(size),
        "-f", SENDER, "-t", PERSON, f"127.0.0.1:{port}",
    ]  # fmt: skip
    subprocess.run(command, check=True)
    elapsed = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Result(messages / elapsed, cpu / messages * 1e6)


def tool(name: str) -> str:
    found = shutil.which(name, path=PATH)
    return found or sys.exit(f"{name} is needed: install the package `postfix`")


def start_sink() -> tuple[subprocess.Popen[bytes], int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([tool("smtp-sink"), *user, f"127.0.0.1:{port}", "1000"])
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    return process, port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=20_000)
    options = parser.parse_args()
    content = content_of(options.size)
    sink, port = start_sink()
    try:
        for connections in (10, 20):
            mine = uvloop.run(ours(port, options.messages, connections, content))
            other = uvloop.run(peer(port, max(1000, options.messages // 10), connections, content))
            source = smtp_source(port, options.messages, connections, options.size)
            print(f"{connections} connections, {len(content):,} bytes a message")
            for name, result in (("posthouse", mine), ("aiosmtplib", other), ("smtp-source", source)):
                print(f"  {name:12} {result.rate:9,.0f} messages/s {result.cpu:8.1f} µs CPU a message")
            print(
                f"  {mine.rate / other.rate:.1f} times the rate of aiosmtplib at {other.cpu / mine.cpu:.1f} times less CPU"
            )
            print(f"  {mine.rate / source.rate:.2f} times the rate of smtp-source")
    finally:
        sink.terminate()
        sink.wait()


if __name__ == "__main__":
    main()
