"""The other side of the fault tests: what was delivered, how often and when."""

import re
import time
from collections import Counter
from typing import Final, Self

from posthouse.core.kernel import ids
from posthouse.core.kernel.ids import Id
from posthouse.testing.smtp_sink import SinkMessage, SinkServer

_MESSAGE_ID: Final = re.compile(rb"^Message-ID:\s*<(msg_[0-9a-z]{26})@[^>\s]+>\r$", re.MULTILINE | re.IGNORECASE)


class FaultSink:
    """Takes everything and remembers which message came when.

    Args:
        pause: seconds between storing a message and answering 250; in them a dying sender is in doubt.
        port: 0 takes a free one.
    """

    def __init__(self, pause: float = 0.01, port: int = 0) -> None:
        self.server = SinkServer(keep=False, on_message=self._note, pause=pause, port=port)
        self.wire: Counter[Id] = Counter()
        self.recipients: dict[str, Id] = {}
        self.first_at: dict[Id, float] = {}
        """``time.monotonic()`` of the first delivery."""
        self.last_at: dict[Id, float] = {}
        self.faults: list[str] = []

    async def __aenter__(self) -> Self:
        """Listens."""
        await self.server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops."""
        await self.server.__aexit__()

    @property
    def port(self) -> int:
        """On 127.0.0.1."""
        return self.server.port

    @property
    def duplicates(self) -> int:
        """Deliveries beyond the first of each message."""
        return sum(self.wire.values()) - len(self.wire)

    def _note(self, message: SinkMessage) -> None:
        id_, now = message_of(message.content), time.monotonic()
        if id_ is None:
            self.faults.append(f"a mail to {message.recipients} has no Message-ID of ours")
            return
        for recipient in message.recipients:
            if self.recipients.setdefault(recipient, id_) != id_:
                self.faults.append(f"{recipient} got two Message-IDs")
        self.wire[id_] += 1
        self.first_at.setdefault(id_, now)
        self.last_at[id_] = now


def message_of(content: bytes) -> Id | None:
    """Which message a mail is, by its Message-ID; None when it has none of ours."""
    found = _MESSAGE_ID.search(content)
    return ids.read(ids.MESSAGE, found[1].decode()) if found else None
