"""Our SMTP client against servers that others wrote: Postfix, its smtp-sink, and aiosmtpd."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.providers import PROVIDERS, ProviderContext
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.outcomes import Accepted, Outcome, Refused, Scope
from posthouse.core.delivery.ports import Provider
from posthouse.core.kernel.clock import SystemClock
from posthouse.testing.providers import FlightLog
from posthouse.testing.smtp_sink import SinkServer
from posthouse.testing.smtp_tls import make_certificate

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
MISSING = "the mail server Postfix is needed for this test: install the package `postfix` and run as root"
CERTIFICATE = make_certificate()

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = {bin}
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
relayhost = [127.0.0.1]:{sink}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
message_size_limit = 200000
smtpd_tls_cert_file = {folder}/server.pem
smtpd_tls_key_file = {folder}/server.pem
smtpd_tls_security_level = may
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{ nobody@home.example=REJECT, later@home.example=DEFER }}, permit_mynetworks, reject
smtpd_client_connection_rate_limit = 0
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Running(NamedTuple):
    """A Postfix of our own."""

    port: int
    sink_port: int
    folder: Path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def tool(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.fail(MISSING)
    return found


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            pytest.fail(f"the server ended at once: {(process.stderr.read() if process.stderr else b'').decode()}")
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the server did not listen within ten seconds")


@pytest.fixture(scope="module")
def postfix() -> Iterator[Running]:
    """A Postfix with its own configuration, queue and port; nothing of the machine's own is touched."""
    if os.geteuid() != 0:
        pytest.fail(MISSING)
    postfix_command = tool("postfix")
    daemons = subprocess.run(
        [tool("postconf"), "-dh", "daemon_directory"], check=True, capture_output=True, text=True
    ).stdout.strip()
    folder = Path(tempfile.mkdtemp(prefix="pf"))
    folder.chmod(0o755)
    try:
        running = Running(free_port(), free_port(), folder)
        (folder / "etc").mkdir()
        (folder / "queue").mkdir()
        (folder / "data").mkdir()
        shutil.chown(folder / "data", "postfix")
        CERTIFICATE.write(folder)
        places = {"folder": folder, "bin": Path(postfix_command).parent, "daemons": daemons, "sink": running.sink_port}
        (folder / "etc/main.cf").write_text(MAIN.format(**places))
        (folder / "etc/master.cf").write_text(MASTER.format(port=running.port))
        command = [postfix_command, "-c", str(folder / "etc"), "start-fg"]
        process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"PATH": PATH}
        )
        try:
            wait_for(running.port, process)
            yield running
        finally:
            stop = [postfix_command, "-c", str(folder / "etc"), "stop"]
            subprocess.run(stop, check=False, capture_output=True, env={"PATH": PATH})
            process.wait(10)
            if process.stderr:
                process.stderr.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def sink(postfix: Running) -> AsyncIterator[SinkServer]:
    """Where Postfix relays to: what arrives there has been through it."""
    async with SinkServer(port=postfix.sink_port) as server:
        yield server


def relay(port: int, secret: dict[str, str] | None = None, **settings: Any) -> Provider:
    row = ProviderRow(
        b"p" * 16,
        b"w" * 16,
        "relay",
        PROVIDERS["smtp"].channel,
        "smtp",
        {"host": "127.0.0.1", "port": port} | settings,
        0,
    )
    return PROVIDERS["smtp"].create(row, secret or {}, ProviderContext(clock=SystemClock(), hostname="client.example"))


def message(number: int, *recipients: str, size: int = 200) -> Outbound:
    lines = b"".join(b"line %d of some text that goes on a little\r\n..dot\r\n" % n for n in range(size // 50))
    content = b"From: a@shop.example\r\nSubject: %d\r\nMessage-ID: <%d@x>\r\n\r\n%s" % (number, number, lines)
    return Outbound(b"m" * 16, "a@shop.example", recipients or ("ann@home.example",), content, f"<{number}@x>")


async def send_all(provider: Provider, *messages: Outbound) -> list[Outcome]:
    try:
        return await asyncio.gather(*(provider.send(each, FlightLog()) for each in messages))
    finally:
        await provider.close()


async def until(sink: SinkServer, count: int) -> None:
    async with asyncio.timeout(20):
        while sink.count < count:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("tls", ["none", "opportunistic", "starttls", "verify"])
async def test_postfix_takes_and_passes_on_what_we_send(postfix: Running, sink: SinkServer, tls: str) -> None:
    """Pipelined over kept connections, with and without TLS: every message arrives once, its body unchanged."""
    messages = [message(number, size=20_000) for number in range(20)]
    ca_file = str(postfix.folder / "ca.pem") if tls == "verify" else ""
    outcomes = await send_all(relay(postfix.port, tls=tls, ca_file=ca_file, max_connections=4), *messages)
    assert all(isinstance(outcome, Accepted) and outcome.remote_id for outcome in outcomes), outcomes
    assert all(bool(outcome.tls) == (tls != "none") for outcome in outcomes if isinstance(outcome, Accepted))
    await until(sink, 20)
    bodies = {each.content.partition(b"\r\n\r\n")[2] for each in sink.messages}
    assert bodies == {messages[0].content.partition(b"\r\n\r\n")[2].replace(b"\r\n..", b"\r\n.")}
    subjects = {line for each in sink.messages for line in each.content.split(b"\r\n") if line.startswith(b"Subject")}
    assert len(subjects) == sink.count == 20


async def test_postfix_refusals_are_understood(postfix: Running, sink: SinkServer) -> None:
    """The words, codes and scopes of a real server, and a connection that survives each of them."""
    provider = relay(postfix.port, tls="none", max_connections=1)
    refused, deferred, big, fine, copies = await send_all(
        provider,
        message(1, "nobody@home.example"),
        message(2, "later@home.example"),
        message(3, size=400_000),
        message(4),
        message(5, "ann@home.example", "nobody@home.example"),
    )
    assert isinstance(refused, Refused)
    assert (refused.code, refused.enhanced, refused.scope) == (554, "5.7.1", Scope.RECIPIENT)
    assert "nobody@home.example" in refused.text
    assert type(deferred).__name__ == "Deferred"
    assert isinstance(big, Refused)
    assert big.enhanced == "5.3.4"
    assert isinstance(fine, Accepted)
    assert isinstance(copies, Accepted)
    assert [copy.recipient for copy in copies.refused_copies] == ["nobody@home.example"]
    await until(sink, 2)


async def test_a_postfix_certificate_that_nobody_knows_is_not_trusted(postfix: Running) -> None:
    """The default of a relay is to check."""
    (outcome,) = await send_all(relay(postfix.port), message(1))
    assert "certificate" in getattr(outcome, "text", "")
    assert not isinstance(outcome, Accepted)


@pytest.fixture
def smtp_sink() -> Iterator[int]:
    """The port of Postfix's own sink."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([tool("smtp-sink"), *user, f"127.0.0.1:{port}", "100"], stderr=subprocess.PIPE)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(5)
        if process.stderr:
            process.stderr.close()


async def test_smtp_sink_takes_thousands(smtp_sink: int) -> None:
    """Postfix's own sink, ten connections, nothing lost, nothing out of step."""
    outcomes = await send_all(relay(smtp_sink, tls="none"), *(message(number) for number in range(3000)))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)


class Keeper:
    """What aiosmtpd calls for each message."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.kept.append(envelope)
        return "250 OK"


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"ann", b"secret"), handled=False)


@pytest.mark.parametrize("password", ["secret", "wrong"])
async def test_aiosmtpd_after_starttls_and_auth(password: str, tmp_path: Path) -> None:
    """A server without PIPELINING, that wants TLS and a login."""
    CERTIFICATE.write(tmp_path)
    keeper = Keeper()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            keeper,
            tls_context=CERTIFICATE.context(),
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
            enable_SMTPUTF8=True,
        ),
        "127.0.0.1",
        0,
    )
    port = server.sockets[0].getsockname()[1]
    provider = relay(port, {"password": password}, username="ann", ca_file=str(tmp_path / "ca.pem"), max_connections=2)
    outcomes = await send_all(provider, *(message(number) for number in range(10)))
    server.close()
    await server.wait_closed()
    if password == "secret":
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert len(keeper.kept) == 10
        assert b"\r\n.dot\r\n" in (keeper.kept[0].original_content or b"")
    else:
        assert all(isinstance(outcome, Refused) and outcome.code == 535 for outcome in outcomes)
        assert keeper.kept == []
