"""Opening a connection: connect, greeting, EHLO, TLS, AUTH. Rare beside messages, so it is written to be read."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from posthouse.channels.email.smtp import auth, judge, tls
from posthouse.channels.email.smtp.connection import Connection, LostError, Owner
from posthouse.channels.email.smtp.options import Security, Target
from posthouse.channels.email.smtp.replies import NonsenseError, Reply
from posthouse.channels.email.smtp.stages import Stage
from posthouse.core.delivery.outcomes import Deferred, Outcome, Refused, Scope

Addresses: TypeAlias = Callable[[], Awaitable[Sequence[str]]]
"""Gives the IP addresses to try, in order. OSError when the name cannot be resolved."""

_NOT_OFFERED: Final = "5.7.4"
_CRYPTO: Final = "4.7.5"


class CannotOpenError(Exception):
    """No connection, and what that means for a message that waited for one."""

    def __init__(self, outcome: Outcome, *, tls_failed: bool = False) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.tls_failed = tls_failed


async def open_connection(target: Target, addresses: Addresses, owner: Owner, contexts: "TlsContexts") -> Connection:
    """A connection that is ready for messages.

    Raises:
        CannotOpenError: with the outcome for the message that wanted to use it.
    """
    try:
        return await _open(target, addresses, owner, contexts, plain=target.security is Security.NONE)
    except CannotOpenError as error:
        if not (error.tls_failed and target.security is Security.OPPORTUNISTIC):
            raise
        return await _open(target, addresses, owner, contexts, plain=True)


class TlsContexts:
    """Which TLS context to use. Given in, so that a private authority can be trusted for one relay."""

    def __init__(self, ca_file: str = "") -> None:
        self._ca_file = ca_file

    def of(self, security: Security) -> ssl.SSLContext:
        """The context of a mode."""
        return tls.verifying(self._ca_file) if security.verifies else tls.trusting()


async def _open(
    target: Target, addresses: Addresses, owner: Owner, contexts: TlsContexts, *, plain: bool
) -> Connection:
    connection = await _connect(target, addresses, owner, contexts)
    stage = Stage.GREETING
    try:
        async with asyncio.timeout(target.timeouts.greeting):
            _demand(await connection.reply(), stage, connection)
        stage = Stage.HELLO
        async with asyncio.timeout(target.timeouts.command):
            offered = await _hello(connection, target)
        if not plain and target.security is not Security.IMPLICIT:
            stage = Stage.STARTTLS
            async with asyncio.timeout(target.timeouts.command):
                offered = await _start_tls(connection, target, offered, contexts)
        stage = Stage.AUTH
        async with asyncio.timeout(target.timeouts.command):
            await _log_in(connection, target, offered)
    except BaseException as error:
        connection.give_up()
        if (found := _outcome_of(error, stage, connection)) is not None:
            raise found from error
        raise
    _note(connection, offered)
    return connection


def _outcome_of(error: BaseException, stage: Stage, connection: Connection) -> CannotOpenError | None:
    if isinstance(error, TimeoutError):
        text = f"the server kept silent too long at {stage}"
    elif isinstance(error, LostError):
        text = f"the server closed the connection at {stage}"
    elif isinstance(error, NonsenseError):
        text = error.detail
    elif isinstance(error, OSError):
        text = f"the connection broke at {stage}: {error}"
    else:
        return None
    return CannotOpenError(judge.trouble("4.4.2", text, connection.remote), tls_failed=stage is Stage.STARTTLS)


# -- connect -----------------------------------------------------------------------------------------------------------


async def _connect(target: Target, addresses: Addresses, owner: Owner, contexts: TlsContexts) -> Connection:
    try:
        async with asyncio.timeout(target.timeouts.connect):
            found = await addresses()
    except (OSError, UnicodeError) as error:
        raise CannotOpenError(judge.trouble("4.4.3", f"{target.host} was not found: {error}", target.host)) from error
    failures: list[str] = []
    for address in found:
        try:
            return await _connect_to(address, target, owner, contexts)
        except ssl.SSLError as error:
            failures.append(f"{address}: {tls.explain(error)}")
        except TimeoutError:
            failures.append(f"{address}: no answer within {target.timeouts.connect:g} s")
        except OSError as error:
            failures.append(f"{address}: {error.strerror or error}")
    text = f"cannot connect to {target.host} port {target.port}: " + ("; ".join(failures) or "it has no address to use")
    raise CannotOpenError(judge.trouble("4.4.1", text, target.host))


async def _connect_to(address: str, target: Target, owner: Owner, contexts: TlsContexts) -> Connection:
    loop = asyncio.get_running_loop()
    implicit = target.security is Security.IMPLICIT
    async with asyncio.timeout(target.timeouts.connect):
        transport, connection = await loop.create_connection(
            lambda: Connection(target, owner, loop.time),
            address,
            target.port,
            ssl=contexts.of(target.security) if implicit else None,
            server_hostname=_server_name(target) if implicit else None,
        )
    connection.remote = f"{target.host}[{address}]:{target.port}"
    if implicit:
        connection.tls = tls.describe(transport.get_extra_info("ssl_object"))
    return connection


def _server_name(target: Target) -> str:
    return target.host.rstrip(".")


def _demand(reply: Reply, stage: Stage, connection: Connection) -> Reply:
    """Goes on after a 2xx only."""
    if reply.code >= 400:
        raise CannotOpenError(judge.judge(stage, reply, connection.remote))
    if reply.code >= 300:
        raise NonsenseError(f"the server answered {reply.code} at {stage}")
    return reply


# -- EHLO --------------------------------------------------------------------------------------------------------------


async def _hello(connection: Connection, target: Target) -> dict[str, str]:
    """Says EHLO, or HELO to a server that does not know it; what the server offers."""
    reply = await connection.ask(f"EHLO {target.helo}")
    if reply.code in {500, 501, 502, 504}:
        _demand(await connection.ask(f"HELO {target.helo}"), Stage.HELLO, connection)
        return {}
    _demand(reply, Stage.HELLO, connection)
    words = [line.decode("ascii", "replace").strip() for line in reply.lines[1:]]
    offers: dict[str, str] = {}
    for word in words:
        keyword, _, rest = word.replace("=", " ", 1).partition(" ")  # AUTH=LOGIN: old servers
        offers[keyword.upper()] = f"{offers.get(keyword.upper(), '')} {rest}".strip()
    return offers


def _note(connection: Connection, offered: dict[str, str]) -> None:
    connection.pipelining = "PIPELINING" in offered
    connection.eight_bit = "8BITMIME" in offered
    connection.smtputf8 = "SMTPUTF8" in offered
    if "SIZE" in offered:
        connection.size = int(offered["SIZE"]) if offered["SIZE"].isdigit() else 0


# -- STARTTLS ----------------------------------------------------------------------------------------------------------


async def _start_tls(
    connection: Connection, target: Target, offered: dict[str, str], contexts: TlsContexts
) -> dict[str, str]:
    """Goes over to TLS (RFC 3207) and says EHLO anew; what the server offers then."""
    if "STARTTLS" not in offered:
        if target.security.required:
            text = f"{target.host} does not offer STARTTLS, and this provider may not send without TLS"
            raise CannotOpenError(Deferred(0, _NOT_OFFERED, text, connection.remote, Scope.PROVIDER))
        return offered
    connection.seal_after_reply()
    reply = await connection.ask("STARTTLS")
    if reply.code >= 300:
        outcome = judge.judge(Stage.STARTTLS, reply, connection.remote)
        raise CannotOpenError(outcome, tls_failed=True)
    if connection.injected:
        text = "plain text was slipped in between STARTTLS and TLS: somebody may sit on the line"
        raise CannotOpenError(Deferred(0, _CRYPTO, text, connection.remote, Scope.PROVIDER))
    try:
        transport = await asyncio.get_running_loop().start_tls(
            connection.transport,
            connection,
            contexts.of(target.security),
            server_hostname=_server_name(target),
            ssl_handshake_timeout=target.timeouts.command,
        )
    except (OSError, ssl.SSLError) as error:
        outcome = Deferred(0, _CRYPTO, tls.explain(error), connection.remote, Scope.PROVIDER)
        raise CannotOpenError(outcome, tls_failed=True) from error
    if transport is None:
        raise LostError
    connection.secured(transport, tls.describe(transport.get_extra_info("ssl_object")))
    return await _hello(connection, target)


# -- AUTH --------------------------------------------------------------------------------------------------------------


async def _log_in(connection: Connection, target: Target, offered: dict[str, str]) -> None:
    credentials = target.credentials
    if credentials is None:
        return
    mechanisms = offered.get("AUTH", "").split()
    private = bool(connection.tls) or target.trusted_path
    mechanism = auth.choose(mechanisms, credentials, private=private)
    if mechanism is None:
        raise CannotOpenError(
            Refused(0, _NOT_OFFERED, _why_none(mechanisms, private), connection.remote, Scope.PROVIDER)
        )
    reply = await auth.prove(mechanism, credentials, connection.ask)
    _demand(reply, Stage.AUTH, connection)


def _why_none(mechanisms: Sequence[str], private: bool) -> str:
    offered = ", ".join(mechanisms) or "none"
    if private:
        return f"no way to log in that both sides know; the server offers: {offered}"
    return f"the password would cross in clear text; set tls to verify, or use CRAM-MD5 (the server offers: {offered})"
