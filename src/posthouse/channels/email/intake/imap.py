"""imaplib, bounded: by itself it takes whatever a server sends, for as long as the server goes on.

A literal may announce any length, answers without a tag any number, and a byte each minute never is a timeout.
"""

import imaplib
import io
import socket
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TIMEOUT: Final = 60.0
"""Seconds without a byte."""
COMMAND_SECONDS: Final = 120.0
"""For a whole answer, from the command to its tag."""
MOST_OF_ANSWER: Final = 4 << 20
"""Bytes of it, everything that came unasked included."""
LONGEST_LINE: Final = 1_000_000


class BoundedImap(imaplib.IMAP4):
    """A conversation in which each answer has an end. Call :meth:`allow` before each command."""

    command_seconds: float = COMMAND_SECONDS
    _until = 0.0
    _left = 0
    _heard: "io.BufferedReader | None" = None
    _heard_on: socket.socket | None = None

    def allow(self) -> None:
        """From here on one whole answer may come. What came unasked before is forgotten."""
        self._until = time.monotonic() + self.command_seconds
        self._left = MOST_OF_ANSWER
        self.untagged_responses.clear()

    def read(self, size: int) -> bytes:
        """A literal; shorter where the connection ended.

        Raises:
            imaplib.IMAP4.abort: it would be larger than anything that was asked for.
            TimeoutError: it takes too long.
        """
        if size > MOST_OF_ANSWER:
            raise self.abort(f"the mailbox announced {size} bytes, which nobody asked for")
        return self._hearing().read(size)

    def readline(self) -> bytes:
        """A line with its end; shorter where the connection ended.

        Raises:
            imaplib.IMAP4.abort: it has no end.
            TimeoutError: it takes too long.
        """
        line = self._hearing().readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise self.abort("the mailbox sent a line without an end")
        return line

    def hang_up(self) -> None:
        """Ends the conversation, whatever a thread waits for."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:  # it is over already
            return

    def receive(self, into: "WriteableBuffer") -> int:
        """What comes next, as far as it is allowed."""
        late = f"the mailbox was silent for {TIMEOUT:g} seconds, or took over {self.command_seconds:g} for an answer"
        self.sock.settimeout(min(max(0.001, self._until - time.monotonic()), TIMEOUT))
        try:
            size = self.sock.recv_into(into)
        except TimeoutError:
            raise TimeoutError(late) from None
        if time.monotonic() > self._until:
            raise TimeoutError(late)
        self._left -= size
        if self._left < 0:
            raise self.abort(f"the mailbox answered with more than {MOST_OF_ANSWER} bytes")
        return size

    def _hearing(self) -> io.BufferedReader:
        """What came before STARTTLS counts for nothing within it."""
        if self._heard is None or self._heard_on is not self.sock:
            if self._heard is None:
                self.allow()  # the greeting
            self._heard, self._heard_on = io.BufferedReader(_Raw(self), 1 << 16), self.sock
        return self._heard


class BoundedImapTls(BoundedImap, imaplib.IMAP4_SSL):
    """The same, within TLS from the beginning."""


class _Raw(io.RawIOBase):
    """What comes in a conversation, as a file."""

    def __init__(self, imap: BoundedImap) -> None:
        self._imap = imap

    def readable(self) -> bool:
        return True

    def readinto(self, into: "WriteableBuffer") -> int:
        return self._imap.receive(into)
