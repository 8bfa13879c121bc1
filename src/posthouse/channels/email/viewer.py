"""Shows a mail again, as it was or will be sent."""

from posthouse.channels.email.compose import EmailComposer
from posthouse.core.messages.content import Content
from posthouse.core.messages.model import Extras, Message
from posthouse.core.messages.ports import MessageStore
from posthouse.core.templates.model import Release


class EmailViewer:
    """Viewer of the e-mail channel (core/messages/ports.py).

    Args:
        composer: the same that builds what is sent, so that both are the same bytes.
        store: where the attachments' bytes are.
    """

    def __init__(self, composer: EmailComposer, store: MessageStore) -> None:
        self._composer = composer
        self._store = store

    async def content(self, message: Message, extras: Extras, release: Release | None) -> Content:
        """What the person was (or will be) sent, without signatures. ValidationError when it can no longer be built."""
        blobs: dict[bytes, bytes] = {}
        for attachment in extras.attachments:
            data = await self._store.blob(message.workspace_id, attachment.digest)
            if data is not None:
                blobs[attachment.digest] = data
        return self._composer.view(message, extras, release, blobs)
