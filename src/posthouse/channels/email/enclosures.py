"""Everything that travels with a mail: what its source attached, what its template has made for it."""

from typing import NamedTuple

import msgspec

from posthouse.channels.email.compose import Letter, instant_of, variables_of
from posthouse.core.kernel.errors import NotFoundError
from posthouse.core.messages.model import Extras
from posthouse.core.messages.ports import AttachmentMaker, MessageStore
from posthouse.core.templates.model import Release


class Enclosed(NamedTuple):
    """The extras with every attachment, and the bytes by digest."""

    extras: Extras
    contents: dict[bytes, bytes]


class Enclosures:
    """Fetches and makes.

    Args:
        store: where uploaded bytes are.
        maker: makes what a release declares.
    """

    def __init__(self, store: MessageStore, maker: AttachmentMaker) -> None:
        self._store = store
        self._maker = maker

    async def of(self, message: Letter, extras: Extras, release: Release | None, *, strict: bool = True) -> Enclosed:
        """Everything to enclose; only called where there is something.

        Raises:
            NotFoundError: bytes are gone; not unless ``strict``.
            ValidationError: an attachment cannot be made.
        """
        contents: dict[bytes, bytes] = {}
        if release is not None and release.attachments:
            made, contents = await self._maker.make(release, variables_of(message), instant_of(message))
            extras = msgspec.structs.replace(extras, attachments=(*extras.attachments, *made))
        for attachment in extras.attachments:
            if attachment.digest not in contents:
                data = await self._store.blob(message.workspace_id, attachment.digest)
                if data is not None:
                    contents[attachment.digest] = data
                elif strict:
                    raise NotFoundError(f"the bytes of the attachment {attachment.name!r} are not in the store")
        return Enclosed(extras, contents)
