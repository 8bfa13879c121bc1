"""What can be set for a relay."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from posthouse.channels.email.providers.fields import read_fields, refused
from posthouse.channels.email.smtp.options import Security, Timeouts
from posthouse.core.kernel.errors import FieldProblem

HostName: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[\w.:\[\]-]+\Z")]
MaybeHostName: TypeAlias = Annotated[str, msgspec.Meta(max_length=255, pattern=r"^[A-Za-z0-9.:\[\]_-]*\Z")]
Port: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=3600)]
Connections: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Rate: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]

_ALIASES: Final = {"starttls-verify": "verify"}


class SmtpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the provider ``smtp``."""

    host: HostName
    """Name or IP address of the relay."""
    port: Port = 587
    """465 for ``tls = "implicit"``, 587 for submission, 25 between servers."""
    tls: Literal["none", "opportunistic", "starttls", "verify", "starttls-verify", "implicit"] = "verify"
    """``none``, ``opportunistic``, ``starttls``, ``verify`` (also written ``starttls-verify``) or ``implicit``."""
    username: str = ""
    """With a secret ``password`` or ``token``. Empty: no AUTH."""
    helo: MaybeHostName = ""
    """How we introduce ourselves. Empty: the name of this machine."""
    ca_file: str = ""
    """PEM file of the authorities to trust, for a relay with a private certificate. Empty: those of the machine."""
    max_connections: Connections = 4
    """Connections at a time, for each dispatch process."""
    max_messages_per_connection: Count = 1000
    """Then a new connection. 0: no limit."""
    rate: Rate = 0.0
    """Messages a second, for each dispatch process. 0: no limit."""
    connect_timeout: Seconds = 15.0
    """Seconds for the TCP connection."""
    greeting_timeout: Seconds = 60.0
    """Seconds for the server's first line."""
    command_timeout: Seconds = 60.0
    """Seconds for the answer to a command."""
    block_timeout: Seconds = 120.0
    """Seconds without any of a large message getting out."""
    end_timeout: Seconds = 300.0
    """Seconds for the answer after the final dot. Giving up there leaves the message in doubt: better not too short."""
    idle_timeout: Seconds = 20.0
    """Seconds after which a connection with nothing to do is closed."""

    @property
    def security(self) -> Security:
        """The mode that ``tls`` names."""
        return Security(_ALIASES.get(self.tls, self.tls))

    @property
    def timeouts(self) -> Timeouts:
        """All of them, as the client takes them."""
        return Timeouts(
            connect=self.connect_timeout,
            greeting=self.greeting_timeout,
            command=self.command_timeout,
            block=self.block_timeout,
            end=self.end_timeout,
            idle=self.idle_timeout,
        )


class SmtpSecret(msgspec.Struct, frozen=True, kw_only=True):
    """Secret of the provider ``smtp``: one of the two."""

    password: str = ""
    """For PLAIN, LOGIN and CRAM-MD5."""
    token: str = ""
    """An OAuth 2 access token, for XOAUTH2."""


def read_settings(settings: Mapping[str, Any]) -> SmtpSettings:
    """The settings of a row.

    Raises:
        ValidationError: pointers below ``/settings``.
    """
    found = read_fields(SmtpSettings, settings, "/settings")
    if found.port == 465 and found.security not in {Security.IMPLICIT, Security.NONE}:
        advice = 'port 465 speaks TLS from the first byte: write tls = "implicit" (or another port)'
        raise refused([FieldProblem("/settings/tls", advice)])
    return found


def read_secret(secret: Mapping[str, Any], username: str) -> SmtpSecret:
    """The secret of a row, checked against the user name.

    Raises:
        ValidationError: pointers below ``/secret``, or ``/settings/username``.
    """
    found = read_fields(SmtpSecret, secret, "/secret")
    if found.password and found.token:
        raise refused([FieldProblem("/secret", "give a password or a token, not both")])
    given = bool(found.password or found.token)
    if given and not username:
        raise refused([FieldProblem("/settings/username", "a password or token needs its user name", "missing")])
    if username and not given:
        raise refused([FieldProblem("/secret/password", "the user name needs a password or a token", "missing")])
    return found
