"""What a message says, rendered again."""

import msgspec

from posthouse.core.messages.model import Attachment


class Content(msgspec.Struct, frozen=True):
    """The content of one message as its reader sees it, and the bytes of the whole mail."""

    subject: str
    html: str | None
    text: str
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]
    source: bytes
