"""From a claimed message to the signed mail: what the dispatcher calls for the e-mail channel."""

from typing import Final

import msgspec

from posthouse.channels.email.addresses import domain_of, wire_address
from posthouse.channels.email.compose import EmailComposer, sender_of
from posthouse.channels.email.enclosures import Enclosures
from posthouse.channels.email.identities import EmailIdentities
from posthouse.channels.email.model import Identity, Outbound
from posthouse.core.delivery.delivery import Doors
from posthouse.core.delivery.model import Claimed
from posthouse.core.delivery.outcomes import Copy
from posthouse.core.kernel.errors import NotFoundError, ValidationError
from posthouse.core.kernel.waiting import Turnstile
from posthouse.core.messages.model import Extras, Lane
from posthouse.core.messages.ports import Releases
from posthouse.core.templates.model import Category
from posthouse.core.tracking.preferences import TrackingPreferences

_extras: Final = msgspec.json.Decoder(Extras)
_NO_EXTRAS: Final = Extras()
_IN_A_TURN: Final = 4
"""Mails built in one turn of the event loop while none is critical: some 6 ms. One by one they cost a seventh more of the processor."""


class EmailBuilder:
    """Builder of the e-mail channel.

    Args:
        composer: makes the bytes.
        identities: who signs.
        releases: what the message says.
        enclosures: what travels with it.
        tracking: who writes the links of a message.
        suppressions: who must not be written to.
    """

    def __init__(
        self,
        composer: EmailComposer,
        identities: EmailIdentities,
        releases: Releases,
        enclosures: Enclosures,
        tracking: TrackingPreferences,
        suppressions: Doors,
    ) -> None:
        self._composer = composer
        self._identities = identities
        self._releases = releases
        self._enclosures = enclosures
        self._tracking = tracking
        self._suppressions = suppressions
        self._turnstile = Turnstile(_IN_A_TURN)

    async def build(self, message: Claimed) -> Outbound:
        """The finished mail.

        Raises:
            NotFoundError: the release or an attachment is gone.
            ValidationError: the sending domain is not ours any more, or the content cannot be built.
            UnavailableError: the store cannot be read just now.
        """
        extras = _extras.decode(message.extras) if message.extras else _NO_EXTRAS
        release = None
        if message.release_id is not None:
            release = await self._releases.by_id(message.release_id)
            if release is None:
                raise NotFoundError("the release that this message names is not in the store")
        sender = sender_of(extras, release)
        identity = await self._identities.identity(message.workspace_id, sender.email)
        if identity is None:
            if message.live:
                raise ValidationError(f"{domain_of(sender.email)} is no longer a verified sending domain")
            identity = _unsigned(domain_of(sender.email))
        contents: dict[bytes, bytes] = {}
        if extras.attachments or (release is not None and release.attachments):
            extras, contents = await self._enclosures.of(message, extras, release)
        links = await self._tracking.links(
            message.workspace_id, message.id, release, identity.domain, live=message.live, said=extras.tracking
        )
        urgent = message.lane is Lane.CRITICAL
        await self._turnstile.passed(urgent=urgent)
        built = self._composer.compose(message, extras, release, identity, contents, links)
        built.urgent = urgent
        if message.live and (extras.cc or extras.bcc):
            await self._leave_out(built, message, extras, release.category if release else Category.TRANSACTIONAL)
        return built

    async def _leave_out(self, built: Outbound, message: Claimed, extras: Extras, category: Category) -> None:
        """Takes copies off the envelope that must not be sent. The header still names whom the source named."""
        gone: dict[str, Copy] = {}
        for copy in (*extras.cc, *extras.bcc):
            at = max(message.created_at, message.due_at)
            stopped = await self._suppressions.stops(message.workspace_id, message.channel, copy.email, category, at)
            if stopped is not None:
                text = f"suppressed ({stopped['reason']}): the copy was not sent"
                gone[wire_address(copy.email, "/cc")] = Copy(copy.email, 0, "", text)
        if gone:
            person, *copies = built.recipients
            built.recipients = (person, *(copy for copy in copies if copy not in gone))
            built.left_out = tuple(gone.values())


def _unsigned(domain: str) -> Identity:
    """Test messages never leave the sandbox, so they need no proof of the domain."""
    return Identity(domain=domain, return_path=domain, manual=True, sign=lambda _headers, _body: [])
