"""How a client is told to behave: where, how safely, how patiently, how much."""

import enum
from typing import Final

import msgspec


class Security(enum.StrEnum):
    """What is asked of the connection before a message goes over it."""

    NONE = "none"
    """No TLS, even when offered."""
    OPPORTUNISTIC = "opportunistic"
    """TLS when offered and working, any certificate; plain text otherwise."""
    STARTTLS = "starttls"
    """TLS by STARTTLS or nothing; any certificate."""
    VERIFY = "verify"
    """TLS by STARTTLS or nothing; the certificate must be valid for the host."""
    IMPLICIT = "implicit"
    """TLS from the first byte (RFC 8314, port 465); the certificate must be valid for the host."""

    @property
    def verifies(self) -> bool:
        """Whether the certificate is checked."""
        return self in {Security.VERIFY, Security.IMPLICIT}

    @property
    def required(self) -> bool:
        """Whether going on without TLS is out of the question."""
        return self in {Security.STARTTLS, Security.VERIFY, Security.IMPLICIT}


class Timeouts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds of patience for each phase. RFC 5321 §4.5.3.2 allows more; these are what busy senders live well with."""

    connect: float = 15.0
    greeting: float = 60.0
    command: float = 60.0
    """EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA."""
    block: float = 120.0
    """Without any of a large message getting out."""
    end: float = 300.0
    """From the final dot to the answer: giving up here leaves the message in doubt, so this is the longest."""
    quit: float = 3.0
    idle: float = 20.0
    """A connection that has nothing to do is closed politely after this."""


class Limits(msgspec.Struct, frozen=True):
    """How much a target is given at a time."""

    connections: int = 10
    messages: int = 1000
    """Messages on one connection, then a new one. 0: no limit."""
    rate: float = 0.0
    """Messages a second. 0: no limit."""


class Credentials(msgspec.Struct, frozen=True):
    """Who we are to the relay: a password (PLAIN, LOGIN, CRAM-MD5) or an OAuth 2 token (XOAUTH2)."""

    username: str
    password: str = ""
    token: str = ""


class Target(msgspec.Struct, frozen=True):
    """One server and how to talk to it."""

    host: str
    port: int
    helo: str
    security: Security = Security.VERIFY
    credentials: Credentials | None = None
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    delivers: bool = False
    """Whether an Accepted from there means delivered: it is the person's own server."""
    trusted_path: bool = False
    """Whether a password may cross without TLS (the connection never leaves this machine)."""


TICK: Final = 0.2
"""Seconds between two looks at the deadlines of all connections: how exact the timeouts are."""
