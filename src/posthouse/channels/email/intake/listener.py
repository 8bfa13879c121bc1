"""The SMTP listener for returned mail: takes mail to our own return paths and to ``feedback@`` our domains, nothing else.

The 250 is said after the commit: from then on the mail is ours. When the store is away it is 451, and the other server keeps it.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Final

from posthouse.channels.email.addresses import ascii_domain
from posthouse.channels.email.intake.strict import Crowd, ListenerLimits, StrictSmtp, peer_of
from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.kernel.ids import Id
from posthouse.core.returned.intake import Filed
from posthouse.core.returned.model import Kind

VIA: Final = "smtp"
FEEDBACK: Final = "feedback"
"""The local part that complaints are sent to."""
MOST_RECIPIENTS: Final = 20

Take = Callable[[bytes, list[str], str], Awaitable[tuple[Filed, Kind]]]
IsOurDomain = Callable[[str], Awaitable[bool]]


class ReturnedMail:
    """The listener's hooks, as aiosmtpd names them.

    Args:
        take: files a mail (core/returned, Intake).
        proves: recognises return paths.
        is_our_domain: whether a domain (A-labels, lower case) belongs to this house.
        crowd: counts mails by peer.
        on_filed: told of each mail: what became of it, what it was.
        on_trouble: told of defects.
    """

    def __init__(
        self,
        take: Take,
        proves: Callable[[str], Id | None],
        is_our_domain: IsOurDomain,
        crowd: Crowd,
        *,
        on_filed: Callable[[Filed, Kind], None],
        on_trouble: Callable[[Exception], None],
    ) -> None:
        self._take = take
        self._proves = proves
        self._is_our_domain = is_our_domain
        self._crowd = crowd
        self._on_filed = on_filed
        self._on_trouble = on_trouble

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: Any,  # noqa: ARG002 - aiosmtpd's signature
        session: Any,  # noqa: ARG002 - as above
        envelope: Any,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        """Lets addresses of ours pass."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        try:
            if self._proves(address) is None and not await self._is_feedback(address):
                return "550 5.1.1 no such address here: this server takes returned mail only"
        except UnavailableError:
            return "451 4.3.0 the store is away, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - as above
        """Files the mail; the answer says that it is on the disk."""
        if not self._crowd.may_send(peer_of(session.peer)):
            return "450 4.7.0 too many mails in a minute, try again later"
        try:
            filed, kind = await self._take(envelope.original_content, list(envelope.rcpt_tos), VIA)
        except UnavailableError:
            return "451 4.3.0 the store is away, try again later"
        except Exception as error:  # noqa: BLE001 - a defect must not lose the mail: the other server keeps it
            self._on_trouble(error)
            return "451 4.3.0 something went wrong here, try again later"
        self._on_filed(filed, kind)
        return "250 2.0.0 filed"

    async def handle_exception(self, error: Exception) -> str:
        """A defect of ours or of the other side, told without its insides."""
        self._on_trouble(error)
        return "451 4.3.0 something went wrong here, try again later"

    async def _is_feedback(self, address: str) -> bool:
        local, _, domain = address.rpartition("@")
        if local.lower() != FEEDBACK:
            return False
        try:
            return await self._is_our_domain(ascii_domain(domain))
        except ValueError:
            return False


async def listen(
    host: str,
    port: int,
    hooks: ReturnedMail,
    crowd: Crowd,
    limits: ListenerLimits,
    *,
    hostname: str,
    tls: ssl.SSLContext | None,
) -> asyncio.Server:
    """Opens the listener.

    Raises:
        OSError: the address cannot be listened on.
    """

    def connection() -> StrictSmtp:
        return StrictSmtp(hooks, crowd, limits, hostname=hostname, tls=tls)

    return await asyncio.get_running_loop().create_server(connection, host, port)
