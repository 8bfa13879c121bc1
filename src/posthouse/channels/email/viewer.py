"""Shows a mail again, as it was or will be sent."""

from posthouse.channels.email.compose import EmailComposer
from posthouse.channels.email.enclosures import Enclosures
from posthouse.core.messages.content import Content
from posthouse.core.messages.model import Extras, Message
from posthouse.core.templates.model import Release


class EmailViewer:
    """Viewer of the e-mail channel (core/messages/ports.py).

    Args:
        composer: the same that builds what is sent, so that both are the same bytes.
        enclosures: what travels with it.
    """

    def __init__(self, composer: EmailComposer, enclosures: Enclosures) -> None:
        self._composer = composer
        self._enclosures = enclosures

    async def content(self, message: Message, extras: Extras, release: Release | None) -> Content:
        """What the person was (or will be) sent, without signatures. ValidationError when it can no longer be built."""
        blobs: dict[bytes, bytes] = {}
        if extras.attachments or (release is not None and release.attachments):
            extras, blobs = await self._enclosures.of(message, extras, release, strict=False)
        return self._composer.view(message, extras, release, blobs)
