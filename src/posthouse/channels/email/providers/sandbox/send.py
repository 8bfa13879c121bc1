"""Keeping messages where they can be looked at, and acting out what real servers do."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.providers.context import ProviderContext
from posthouse.channels.email.providers.fields import read_fields
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.outcomes import Accepted, Deferred, Outcome, Refused, Throttled, Unknown
from posthouse.core.delivery.ports import Flight, SandboxStore
from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.errors import UnavailableError, ValidationError

REMOTE: Final = "sandbox"

_BOUNCE: Final = Refused(550, "5.1.1", "no such user here (the sandbox was asked to refuse)", REMOTE)
_DEFER: Final = Deferred(450, "4.2.0", "mailbox is busy (the sandbox was asked to defer)", REMOTE)
_THROTTLE: Final = Throttled(5 * SECOND, "too many messages (the sandbox was asked to throttle)", REMOTE)
_UNKNOWN: Final = Unknown("the sandbox was asked to fall silent after the final dot", REMOTE)

SIMULATED: Final[Mapping[str, Outcome]] = MappingProxyType(
    {"bounce": _BOUNCE, "defer": _DEFER, "throttle": _THROTTLE, "unknown": _UNKNOWN},
)
"""Outcome by local part: ``bounce@…``, ``bounce+anything@…``. All others are delivered."""


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The provider ``sandbox`` has no settings."""


class SandboxProvider:
    """A mailbox that takes everything for everybody."""

    concurrency = 50
    loopback = True

    def __init__(self, row: ProviderRow, store: SandboxStore, clock: Clock) -> None:
        self.row = row
        self._store = store
        self._clock = clock

    async def send(self, outbound: Outbound, flight: Flight) -> Outcome:
        """Keeps the message, or acts as its address asks."""
        if not flight.may_begin():
            return Deferred(0, "4.4.5", "lease lost: another process took the message over before it left", REMOTE)
        asked_for = outbound.recipients[0].partition("@")[0].partition("+")[0].lower()
        simulated = SIMULATED.get(asked_for)
        if simulated is not None and not isinstance(simulated, Unknown):
            return simulated
        flight.committed()
        try:
            await self._store.keep_sandbox(
                outbound.message_id,
                self.row.workspace_id,
                self._clock.now(),
                outbound.sender,
                outbound.recipients,
                unstuffed(outbound.content),
            )
        except UnavailableError as error:
            return Deferred(451, "4.3.0", error.detail, REMOTE)
        return simulated or Accepted(
            outbound.message_id.hex(), 250, "2.0.0", "kept in the sandbox", REMOTE, delivered=True
        )

    async def close(self) -> None:
        """Has nothing to let go of."""


def unstuffed(content: bytes) -> bytes:
    """The message without the dots that SMTP adds (RFC 5321 §4.5.2)."""
    if content.startswith(b"."):
        content = content[1:]
    return content.replace(b"\r\n.", b"\r\n")


def read_settings(settings: Mapping[str, Any]) -> SandboxSettings:
    """The settings of a row: none.

    Raises:
        ValidationError: a setting was given.
    """
    return read_fields(SandboxSettings, settings, "/settings")


def create(row: ProviderRow, secret: dict[str, Any], context: ProviderContext) -> SandboxProvider:  # noqa: ARG001
    """The provider of a row.

    Raises:
        ValidationError: a setting was given, or there is no store to keep messages in.
    """
    read_settings(row.settings)
    if context.sandbox is None:
        raise ValidationError("the sandbox needs a store to keep messages in; this process was started without one")
    return SandboxProvider(row, context.sandbox, context.clock)
