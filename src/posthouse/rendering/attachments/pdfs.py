"""Few processes make all PDFs, and no workspace has more than one of them: a page that takes twenty seconds holds up its own workspace alone."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

from posthouse.core.kernel.ids import Id
from posthouse.rendering.attachments.pdf import TIMEOUT, PdfProcess

PROCESSES: Final = 2
"""Each has a hundred megabytes. The second starts only once two workspaces want PDFs at the same moment."""


class Process(Protocol):
    """Makes one PDF at a time (:class:`PdfProcess`)."""

    async def make(self, page: str) -> bytes:
        """The PDF of a page of HTML."""
        ...

    def known(self, page: str) -> bytes | None:
        """The same, if it was made lately."""
        ...

    async def close(self) -> None:
        """Ends it."""
        ...


class PdfProcesses:
    """Makes PDFs; those who wait have their turn workspace by workspace.

    Args:
        timeout: seconds for one PDF.
        processes: what makes them; none: as many as :data:`PROCESSES`.
    """

    def __init__(self, timeout: float = TIMEOUT, processes: Sequence[Process] = ()) -> None:
        self._all = tuple(processes) or tuple(PdfProcess(timeout) for _ in range(PROCESSES))
        self._idle = list(self._all)
        self._busy: set[Id] = set()
        self._waiting: OrderedDict[Id, deque[asyncio.Future[Process]]] = OrderedDict()

    async def make(self, page: str, workspace_id: Id) -> bytes:
        """The PDF of a page of HTML.

        Raises:
            ValidationError: it cannot be made: too slow, too large, something in it.
            UnavailableError: no process starts, or Pango is not installed: trying again later may help.
        """
        for process in self._all:
            if (known := process.known(page)) is not None:
                return known
        async with self._turn(workspace_id) as process:
            return await process.make(page)

    async def close(self) -> None:
        """Ends the processes."""
        for process in self._all:
            await process.close()

    @asynccontextmanager
    async def _turn(self, workspace_id: Id) -> AsyncIterator[Process]:
        process = await self._taken(workspace_id)
        try:
            yield process
        finally:
            self._give_back(workspace_id, process)

    async def _taken(self, workspace_id: Id) -> Process:
        turn: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workspace_id, deque()).append(turn)
        self._hand_out()
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it came in the same moment
                self._give_back(workspace_id, turn.result())
            raise

    def _give_back(self, workspace_id: Id, process: Process) -> None:
        self._busy.discard(workspace_id)
        self._idle.append(process)
        if workspace_id in self._waiting:
            self._waiting.move_to_end(workspace_id)
        self._hand_out()

    def _hand_out(self) -> None:
        """To one each of the workspaces that have none, those first that had their turn longest ago; the process used last goes first."""
        for workspace_id in list(self._waiting):
            if not self._idle:
                return
            if workspace_id in self._busy:
                continue
            turns = deque(turn for turn in self._waiting.pop(workspace_id) if not turn.cancelled())
            if turns:
                self._busy.add(workspace_id)
                turns.popleft().set_result(self._idle.pop())
            if turns:
                self._waiting[workspace_id] = turns
