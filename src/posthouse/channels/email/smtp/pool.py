"""The connections to one server, and who may use them.

The one used last is used first, so that the others can go when there is less to do; a new one is opened only when all are
busy. Messages wait in the order they came, urgent ones before the others. A message that follows another on a connection is
started from within the reply to the former: no task, no trip through the event loop.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from typing import Final

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.smtp.connection import Connection
from posthouse.channels.email.smtp.opening import Addresses, CannotOpenError, TlsContexts, open_connection
from posthouse.channels.email.smtp.options import TICK, Target
from posthouse.channels.email.smtp.pace import Bucket
from posthouse.channels.email.smtp.transaction import Transaction
from posthouse.core.delivery.outcomes import Outcome, Scope, Throttled
from posthouse.core.delivery.ports import Flight
from posthouse.core.kernel.clock import SECOND

CLOSED: Final = Throttled(
    SECOND, "this way out is being closed: the message goes back into the queue", scope=Scope.RECIPIENT
)


def _uncounted(_change: int) -> None:
    """For those who do not want to know."""


class Pool:
    """Sends messages to one target.

    Args:
        target: where and how.
        addresses: gives the IP addresses to try, in order.
        contexts: TLS contexts by mode.
        counted: told of each connection that was opened (1) or closed (-1).
    """

    def __init__(
        self, target: Target, addresses: Addresses, contexts: TlsContexts, counted: Callable[[int], None] = _uncounted
    ) -> None:
        self.target = target
        self._addresses = addresses
        self._contexts = contexts
        self._counted = counted
        self._queue: deque[Transaction] = deque()
        self._idle: list[Connection] = []
        self._connections: set[Connection] = set()
        self._openers: set[asyncio.Task[None]] = set()
        self._bucket = Bucket(target.limits.rate)
        self._ticker: asyncio.TimerHandle | None = None
        self._pacer: asyncio.TimerHandle | None = None
        self._pumping = False
        self._closed = False
        self._no_growth_before = 0.0

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    @property
    def idle(self) -> int:
        """How many have nothing to do."""
        return len(self._idle)

    @property
    def unused(self) -> bool:
        """Whether nothing is open, opening or waiting."""
        return not (self._connections or self._openers or self._queue)

    async def send(self, outbound: Outbound, flight: Flight) -> Outcome:
        """One attempt for one message."""
        outcome, _ = await self.attempt(outbound, flight)
        return outcome

    async def attempt(self, outbound: Outbound, flight: Flight) -> tuple[Outcome, bool]:
        """One attempt, and whether a connection was there for it (False: nothing was said about the message)."""
        if self._closed:
            return CLOSED, False
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        transaction = Transaction(outbound, flight, future)
        self._enqueue(transaction)
        self._pump()
        try:
            outcome = await future
        except asyncio.CancelledError:
            transaction.abandon()
            raise
        return outcome, transaction.started

    async def close(self) -> None:
        """Lets messages under way finish and says QUIT, as long as the QUIT timeout allows. What waits is given back."""
        self._closed = True
        self._settle_waiting(len(self._queue), CLOSED)
        for opener in tuple(self._openers):
            opener.cancel()
        farewells = []
        for connection in tuple(self._connections):
            connection.farewell = asyncio.get_running_loop().create_future()
            farewells.append(connection.farewell)
            if connection.busy is None:
                connection.quit()
        self._idle.clear()
        waiting = [*farewells, *self._openers]
        if waiting:
            await asyncio.wait(waiting, timeout=self.target.timeouts.quit + TICK)
        for connection in tuple(self._connections):
            connection.give_up()
        for handle in (self._ticker, self._pacer):
            if handle is not None:
                handle.cancel()

    def _enqueue(self, transaction: Transaction) -> None:
        """At the end, or behind the urgent ones that wait already: a one-time code does not stand behind a hundred newsletters."""
        if not transaction.outbound.urgent:
            self._queue.append(transaction)
            return
        ahead = itertools.takewhile(lambda waiting: waiting.outbound.urgent, self._queue)
        self._queue.insert(sum(1 for _ in ahead), transaction)

    # -- handing out ---------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Starts what can start now."""
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._queue and self._start_one():
                pass
        finally:
            self._pumping = False

    def _start_one(self) -> bool:
        if self._queue[0].future.done():
            self._queue.popleft()
            return True
        if not self._idle:
            self._grow()
            return False
        if wait := self._bucket.take(asyncio.get_running_loop().time()) if self.target.limits.rate else 0.0:
            self._pump_later(wait)
            return False
        connection = self._idle.pop()
        connection.idle_since = 0.0
        connection.start(self._queue.popleft())
        return True

    def _pump_later(self, wait: float) -> None:
        if self._pacer is None:
            self._pacer = asyncio.get_running_loop().call_later(wait, self._pump_now)

    def _pump_now(self) -> None:
        self._pacer = None
        self._pump()

    # -- growing -------------------------------------------------------------------------------------------------------

    def _grow(self) -> None:
        """Opens as many as wait and the limit allows. While others work, a server that refused another is not pressed."""
        loop = asyncio.get_running_loop()
        if self._closed or (self._connections and loop.time() < self._no_growth_before):
            return
        room = self.target.limits.connections - len(self._connections) - len(self._openers)
        for _ in range(min(room, len(self._queue) - len(self._openers))):
            opener = loop.create_task(self._open())
            self._openers.add(opener)
            opener.add_done_callback(self._openers.discard)

    async def _open(self) -> None:
        me = asyncio.current_task()
        try:
            connection = await open_connection(self.target, self._addresses, self, self._contexts)
        except CannotOpenError as error:
            self._openers.discard(me)
            self._no_connection(error.outcome)
            return
        except Exception as error:  # noqa: BLE001 - a defect of ours: it belongs to those who wait, not into the void
            self._openers.discard(me)
            self._settle_waiting(len(self._queue), error)
            return
        self._openers.discard(me)
        if connection.closed:
            self._pump()
            return
        self._connections.add(connection)
        self._counted(1)
        self._tick_later()
        self.freed(connection)

    def _no_connection(self, outcome: Outcome) -> None:
        """While other connections live, the messages wait for them; otherwise the failure is theirs."""
        self._no_growth_before = asyncio.get_running_loop().time() + 5.0
        if self._connections:
            return
        self._settle_waiting(len(self._queue) if not self._openers else 1, outcome)

    def _settle_waiting(self, number: int, outcome: Outcome | Exception) -> None:
        """Answers the first that wait; with an exception when it is a defect of ours."""
        for _ in range(min(number, len(self._queue))):
            future = self._queue.popleft().future
            if future.done():
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    # -- what connections tell -----------------------------------------------------------------------------------------

    def freed(self, connection: Connection) -> None:
        """A connection has nothing to do: the next message, a goodbye, or rest."""
        limit = self.target.limits.messages
        if self._closed or (limit and connection.messages >= limit):
            connection.quit()
            return
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)
        if self._queue:
            self._pump()

    def gone(self, connection: Connection) -> None:
        """A connection is closed."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._counted(-1)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._queue and not self._closed:
            self._pump()

    def again(self, transaction: Transaction) -> None:
        """A message whose connection was dead before it began goes first on another one."""
        if self._closed and not transaction.future.done():
            transaction.future.set_result(CLOSED)
            return
        self._queue.appendleft(transaction)
        self._pump()

    def next_for(self, connection: Connection) -> Transaction | None:
        """The first that waits, if it may go behind what the connection carries now. A rate is kept by starting one by one."""
        limits = self.target.limits
        if self._closed or limits.rate or (limits.messages and connection.messages + 1 >= limits.messages):
            return None
        while self._queue and self._queue[0].future.done():
            self._queue.popleft()
        if self._queue and self._queue[0].may_follow(connection):
            return self._queue.popleft()
        return None

    # -- the coarse timer ----------------------------------------------------------------------------------------------

    def _tick_later(self) -> None:
        if self._ticker is None and self._connections:
            self._ticker = asyncio.get_running_loop().call_later(TICK, self._tick)

    def _tick(self) -> None:
        """Looks at every deadline, five times a second; sends home those that idle."""
        self._ticker = None
        now = asyncio.get_running_loop().time()
        oldest_allowed = now - self.target.timeouts.idle
        for connection in tuple(self._connections):
            connection.check(now)
        while self._idle and self._idle[0].idle_since < oldest_allowed:
            self._idle.pop(0).quit()
        if self._queue:
            self._pump()
        self._tick_later()
