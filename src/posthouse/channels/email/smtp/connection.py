"""One connection to a server. It knows bytes, replies and deadlines; what a message needs is in ``transaction``."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, cast

from posthouse.channels.email.smtp.options import Target
from posthouse.channels.email.smtp.replies import NonsenseError, Reply, ReplyReader
from posthouse.channels.email.smtp.stages import Stage
from posthouse.channels.email.smtp.transaction import ONE_WRITE, Transaction
from posthouse.core.delivery.outcomes import Outcome

NEVER: Final = float("inf")


class Owner(Protocol):
    """Who is told what becomes of a connection: the pool."""

    def freed(self, connection: "Connection") -> None:
        """It has nothing to do."""
        ...

    def gone(self, connection: "Connection") -> None:
        """It is closed."""
        ...

    def again(self, transaction: Transaction) -> None:
        """This message needs another connection; nothing of it has been sent."""
        ...

    def next_for(self, connection: "Connection") -> Transaction | None:
        """The message that waits and may follow on this connection without a pause, taken out of the queue."""
        ...


class LostError(ConnectionError):
    """The connection went away while it was being opened."""


class Connection(asyncio.Protocol):
    """A conversation with one server, one message at a time.

    While it is being opened, :meth:`ask` is awaited; afterwards :meth:`start` gives it a message and the replies drive the
    transaction from within ``data_received``.
    """

    def __init__(self, target: Target, owner: Owner, clock: Callable[[], float]) -> None:
        self.target = target
        self.remote = target.host
        self.tls = ""
        self.pipelining = self.eight_bit = self.smtputf8 = False
        self.size: int | None = None
        self.needs_reset = False
        self.messages = 0
        self.busy: Transaction | None = None
        self.following: Transaction | None = None
        """Its envelope has left behind the body of the one that is busy."""
        self.deadline = NEVER
        self.idle_since = 0.0
        self.closed = False
        self.clogged = False
        self._owner = owner
        self._now = clock
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[Reply] | None = None
        self._closing = False
        self._quitting = False
        self._more = False
        self._sealing = False
        self._unsent = 0
        self._nonsense: NonsenseError | None = None
        self.farewell: asyncio.Future[None] | None = None

    # -- while opening -------------------------------------------------------------------------------------------------

    async def reply(self) -> Reply:
        """The next reply. NonsenseError or LostError when none can come."""
        if self._replies:
            return self._replies.popleft()
        if self._nonsense is not None:
            raise self._nonsense
        if self.closed:
            raise LostError
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            return await self._waiter
        finally:
            self._waiter = None

    async def ask(self, line: str) -> Reply:
        """Sends one command and waits for its reply."""
        self._transport.write(f"{line}\r\n".encode())
        return await self.reply()

    def seal_after_reply(self) -> None:
        """Stops listening with the next reply: plain text behind it is an injection (RFC 3207 §6, CVE-2011-0411 and kin)."""
        self._sealing = True

    @property
    def injected(self) -> bool:
        """Whether plain text arrived that nobody asked for."""
        return bool(self._replies) or self._reader.mid_reply

    def secured(self, transport: asyncio.Transport, tls: str) -> None:
        """Goes on over TLS."""
        self._transport = transport
        self._reader = ReplyReader()
        self._limit_buffer()
        self.tls = tls

    @property
    def transport(self) -> asyncio.Transport:
        """What the bytes go through."""
        return self._transport

    # -- messages ------------------------------------------------------------------------------------------------------

    def start(self, transaction: Transaction) -> None:
        """Gives the connection, which must be idle, a message."""
        self.busy = transaction
        try:
            transaction.begin(self)
        except Exception as error:  # noqa: BLE001 - a defect of ours: it belongs to this message, not to the next in line
            self.busy = None
            self.give_up()
            if not transaction.future.done():
                transaction.future.set_exception(error)

    def write(self, data: bytes) -> None:
        """Sends commands; the answer is due within the command timeout."""
        self.deadline = self._now() + self.target.timeouts.command
        self._transport.write(data)

    def write_body(self, data: bytes) -> None:
        """Sends content; the answer may take as long as the server needs to store it."""
        self.deadline = self._now() + self.target.timeouts.end
        self._transport.write(data)
        if self.clogged:
            self._unsent = self._transport.get_write_buffer_size()
            self.deadline = self._now() + self.target.timeouts.block

    def following_envelope(self) -> bytes:
        """The envelope of the message that comes next, to leave in the same write as a body (RFC 2920 §3.1); or nothing."""
        if not self.pipelining or self.following is not None:
            return b""
        self.following = self._owner.next_for(self)
        return b"" if self.following is None else self.following.follow(self)

    def carries(self, transaction: Transaction) -> bool:
        """Whether it is this message's turn."""
        return self.busy is transaction

    def finished(self, transaction: Transaction, outcome: Outcome) -> None:
        """The message has its outcome; the connection is free, unless it was given up."""
        if not transaction.future.done():
            transaction.future.set_result(outcome)
        self._let_go()

    def replace(self, transaction: Transaction) -> None:
        """Hands the message back for another connection."""
        transaction.replaced = True
        self._let_go()
        self._owner.again(transaction)

    def _let_go(self) -> None:
        self.busy = None
        self.deadline = NEVER
        self.messages += 1
        following, self.following = self.following, None
        if following is not None:
            self._go_on(following)
            return
        if self._more:
            self.give_up()  # answers to questions that were not asked: the next message would take them for its own
        if not self._closing:
            self._owner.freed(self)

    def _go_on(self, following: Transaction) -> None:
        """The message whose envelope has left already is next, on another connection if this one is done for."""
        if self._closing:
            self._owner.again(following)
        elif following.future.done():
            self.give_up()  # nobody waits for it any more, and its DATA cannot be taken back
        else:
            self.busy = following
            self.deadline = self._now() + self.target.timeouts.command

    # -- endings -------------------------------------------------------------------------------------------------------

    def give_up(self) -> None:
        """Closes without ceremony."""
        self._closing = True
        if not self.closed:
            self._transport.abort()

    def abandon(self) -> None:
        """Nobody waits for the message that is on its way: it is stopped with the connection."""
        self.busy = None
        self.give_up()

    def quit(self) -> None:
        """Closes politely; the owner hears ``gone`` when it is done."""
        if self._closing or self.closed:
            return
        self._closing = self._quitting = True
        self.deadline = self._now() + self.target.timeouts.quit
        self._transport.write(b"QUIT\r\n")

    def check(self, now: float) -> None:
        """Called by the pool's coarse timer."""
        if self.clogged and (unsent := self._transport.get_write_buffer_size()) < self._unsent:
            self._unsent = unsent
            self.deadline = now + self.target.timeouts.block
        if now < self.deadline:
            return
        self.deadline = NEVER
        if self.busy is not None:
            self.busy.timed_out()
        else:
            self.give_up()

    # -- asyncio.Protocol ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The way is open."""
        self._transport = cast("asyncio.Transport", transport)
        self._limit_buffer()

    def _limit_buffer(self) -> None:
        self._transport.set_write_buffer_limits(high=ONE_WRITE)

    def data_received(self, data: bytes) -> None:
        """Replies, in whatever pieces."""
        if self._closing and not self._quitting:
            return
        try:
            replies = self._reader.feed(data)
        except NonsenseError as error:
            self._on_nonsense(error)
            return
        last = len(replies) - 1
        for index, reply in enumerate(replies):
            self._more = index < last or self._reader.mid_reply
            if self.busy is not None:
                self.busy.on_reply(reply, more=self._more)
            elif not self._on_other(reply):
                return

    def _on_other(self, reply: Reply) -> bool:
        """A reply that is not about a message; False when it ends the connection."""
        if self._quitting or self._closing:
            self._transport.close()
            return False
        if self.idle_since:
            self.give_up()
            return False
        if self._sealing:
            self._sealing = False
            self._transport.pause_reading()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(reply)
        else:
            self._replies.append(reply)
        return True

    def _on_nonsense(self, error: NonsenseError) -> None:
        if self.busy is not None:
            self.busy.broken(error.detail)
            return
        self._nonsense = error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self.give_up()

    def pause_writing(self) -> None:
        """The kernel takes no more just now."""
        self.clogged = True

    def resume_writing(self) -> None:
        """The kernel took what we had."""
        self.clogged = False
        if self.busy is not None and self.busy.stage is Stage.BODY:
            self.busy.body_is_out()

    def eof_received(self) -> bool:
        """The other side says no more: so do we."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whoever wanted it."""
        self.closed = self._closing = True
        if self.busy is not None:
            self.busy.lost("the server closed the connection" if exc is None else f"the connection broke ({exc})")
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(LostError(str(exc or "")))
        if self.farewell is not None and not self.farewell.done():
            self.farewell.set_result(None)
        self._owner.gone(self)
