"""The sandbox's messages as the mailbox shows them."""

import asyncio
from typing import Final

from posthouse.core.delivery.ports import SandboxStore
from posthouse.core.kernel.errors import InvalidIdError
from posthouse.core.kernel.ids import MESSAGE, Id, read, show
from posthouse.testing.mailbox.smtp import unstuffed
from posthouse.testing.mailbox.source import KEEP, Mail

POLL: Final = 0.5
"""Seconds between two looks into the store while somebody waits."""


class SandboxMails:
    """A mail source over the store: what the sandbox provider delivered in one workspace.

    A mail has the identifier of its message (``msg_…``), so one leads to the other.

    Args:
        store: where the sandbox provider keeps what it delivers.
        workspace_id: whose messages are shown.
    """

    def __init__(self, store: SandboxStore, workspace_id: Id) -> None:
        self._store = store
        self._workspace_id = workspace_id
        self._hidden: set[str] = set()

    async def ids(self) -> list[str]:
        """Identifiers, newest first."""
        kept = await self._store.sandbox_list(self._workspace_id, KEEP, None)
        words = [show(MESSAGE, one.message_id) for one in kept]
        return [word for word in words if word not in self._hidden]

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail."""
        try:
            found = await self._store.sandbox_message(self._workspace_id, read(MESSAGE, mail_id))
        except InvalidIdError:
            return None
        if found is None or mail_id in self._hidden:
            return None
        content = unstuffed(found.content)  # kept in wire form, as a relay would have got it
        return Mail(mail_id, found.at, found.sender, found.recipients, content, "sandbox")

    async def clear(self) -> int:
        """Shows none of the present mails any more; the store keeps them, they are part of the messages' history."""
        ids = await self.ids()
        self._hidden.update(ids)
        return len(ids)

    async def changed(self, seconds: float) -> None:
        """Comes back soon: the store may have been written by another process, so it is looked at again and again."""
        await asyncio.sleep(min(seconds, POLL))
