"""Shows a mail again, as it was or will be sent."""

from typing import Final

from posthouse.channels.email.addresses import domain_of
from posthouse.channels.email.compose import EmailComposer, sender_of
from posthouse.channels.email.enclosures import Enclosures
from posthouse.core.messages.content import Content
from posthouse.core.messages.model import Extras, Message
from posthouse.core.templates.model import Release, Tracking
from posthouse.core.tracking.preferences import TrackingPreferences

_UNNOTICED: Final = Tracking(opens=False, clicks=False)


class EmailViewer:
    """Viewer of the e-mail channel (core/messages/ports.py).

    Args:
        composer: the same that builds what is sent, so that both are the same bytes.
        enclosures: what travels with it.
        tracking: who writes the links of a message: those that we make work, the others are shown as the template has them, so that
            looking at a message is never taken for its reader.
    """

    def __init__(self, composer: EmailComposer, enclosures: Enclosures, tracking: TrackingPreferences) -> None:
        self._composer = composer
        self._enclosures = enclosures
        self._tracking = tracking

    async def content(self, message: Message, extras: Extras, release: Release | None) -> Content:
        """What the person was (or will be) sent, without signatures. ValidationError when it can no longer be built."""
        blobs: dict[bytes, bytes] = {}
        if extras.attachments or (release is not None and release.attachments):
            extras, blobs = await self._enclosures.of(message, extras, release, strict=False)
        domain = domain_of(sender_of(extras, release).email)
        links = await self._tracking.links(
            message.workspace_id, message.id, release, domain, live=False, said=_UNNOTICED
        )
        return self._composer.view(message, extras, release, blobs, links)
