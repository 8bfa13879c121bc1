"""PDFs, made in a process of their own that starts with the first one."""

import asyncio
import hashlib
import os
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Final

from posthouse.core.kernel.errors import UnavailableError, ValidationError
from posthouse.rendering.attachments import pdf_worker

TIMEOUT: Final = 20.0
"""Seconds for one PDF, with the start of the process."""
_SERVED: Final = 500
"""PDFs after which the process is replaced: what it may have leaked goes with it."""
_KEPT: Final = 32_000_000
"""Octets of PDFs that are remembered."""


class PdfProcess:
    """Makes PDFs, one at a time; remembers the last ones by the hash of their page.

    Args:
        timeout: seconds for one PDF; the process is killed after them.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._process: asyncio.subprocess.Process | None = None
        self._served = 0
        self._turn = asyncio.Lock()
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0

    async def make(self, page: str) -> bytes:
        """The PDF of a page of HTML.

        Raises:
            ValidationError: it cannot be made: too slow, too large, something in it.
            UnavailableError: the process does not start, or Pango is not installed: trying again later may help.
        """
        if (known := self.known(page)) is not None:
            return known
        async with self._turn:
            made = await self._asked(page.encode("utf-8", "replace"))
        self._keep(_digest(page), made)
        return made

    def known(self, page: str) -> bytes | None:
        """The PDF of a page that was made lately."""
        digest = _digest(page)
        if (known := self._kept.get(digest)) is not None:
            self._kept.move_to_end(digest)
        return known

    async def close(self) -> None:
        """Ends the process."""
        process, self._process, self._served = self._process, None, 0
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _asked(self, page: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._timeout):
                state, answer = await self._exchanged(page)
        except TimeoutError:
            await self.close()
            raise ValidationError(f"The PDF cannot be made: it takes over {self._timeout:g} seconds.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._died() from None
        except BaseException:
            await self.close()  # half an answer must not be taken for the next one's
            raise
        self._served += 1
        if self._served >= _SERVED:
            await self.close()
        if state != b"\x00":
            raise ValidationError(f"The PDF cannot be made: {answer.decode('utf-8', 'replace')}.")
        return answer

    async def _died(self) -> ValidationError | UnavailableError:
        process = self._process
        code = await process.wait() if process is not None else 0
        await self.close()
        if code == pdf_worker.MISSING:
            return UnavailableError("PDFs need Pango: install libpango-1.0-0, libpangoft2-1.0-0 and a font")
        return ValidationError("The PDF cannot be made: its process died; it may take too much memory.")

    async def _exchanged(self, page: bytes) -> tuple[bytes, bytes]:
        process = await self._started()
        if process.stdin is None or process.stdout is None:
            raise UnavailableError("the process for PDFs has no pipes")
        process.stdin.write(len(page).to_bytes(4, "big") + page)
        await process.stdin.drain()
        head = await process.stdout.readexactly(5)
        return head[:1], await process.stdout.readexactly(int.from_bytes(head[1:], "big"))

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._served = 0
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-s", "-P", str(Path(pdf_worker.__file__)),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    env={"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "PATH": os.environ.get("PATH", "")},
                )  # fmt: skip
            except OSError as error:
                raise UnavailableError(f"the process for PDFs does not start: {error}") from None
        return self._process

    def _keep(self, digest: bytes, made: bytes) -> None:
        self._kept[digest] = made
        self._size += len(made)
        while self._size > _KEPT:
            self._size -= len(self._kept.popitem(last=False)[1])


def _digest(page: str) -> bytes:
    return hashlib.sha256(page.encode("utf-8", "replace")).digest()
