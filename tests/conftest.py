"""What every test shares: no socket leaves this machine, and no POSTHOUSE_* variable of the caller leaks in."""

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

for _name in [name for name in os.environ if name.startswith("POSTHOUSE_") and not name.startswith("POSTHOUSE_TEST_")]:
    del os.environ[_name]

# Some hundred processes are started: a second each to compile what the first of them compiled already.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


class OutsideWorldError(AssertionError):
    """A test tried to reach something beyond this machine."""


def _is_local(address: Any) -> bool:
    """Loopback, a unix socket, or a netlink address."""
    if not isinstance(address, tuple) or not isinstance(address[0], str):
        return True
    if address[0] in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(address[0].partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Connecting or sending anywhere but to this machine fails the test at once."""
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}

    def guarded(name: str) -> Any:
        def call(self: socket.socket, *args: Any) -> Any:
            if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_local(args[-1]):
                raise OutsideWorldError(f"tests open sockets only to loopback, not to {args[-1]!r}")
            return real[name](self, *args)

        return call

    with pytest.MonkeyPatch.context() as patch:  # the standard library's, not ours
        for name in real:
            patch.setattr(socket.socket, name, guarded(name))
        yield
