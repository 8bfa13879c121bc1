"""Connections to PostgreSQL: one pool for the hot statements, an engine for the shared queries.

Both heal by themselves: a connection that a restarted server dropped is thrown away when it is noticed and replaced at the next
use, so the store needs no attention after the server is back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeAlias, TypeVar

import asyncpg
from sqlalchemy import Connection as SqlConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from posthouse.core.kernel.errors import UnavailableError
from posthouse.stores.postgres.errors import Transient, cause_of, unavailable
from posthouse.stores.shared.errors import StoreRefusedError

T = TypeVar("T")
P = ParamSpec("P")

Connection: TypeAlias = Any
"""An asyncpg connection or its pool proxy (the driver has no types of its own)."""

SESSION: Final = {
    "application_name": "posthouse",
    # Every statement here is a set of point lookups: compiling or scanning whole tables can only be a misjudgement, made while
    # the statistics of a young table are wrong and then kept with the prepared statement.
    "jit": "off",
    "enable_seqscan": "off",
    "enable_mergejoin": "off",
    "idle_in_transaction_session_timeout": "60000",
}
HOT_SESSION: Final = {
    **SESSION,
    # Arrays travel, so a plan made once fits every batch. Left to itself the server planned each claim anew: twice the cost of claiming.
    "plan_cache_mode": "force_generic_plan",
}

SLOTS: Final = 16
"""Connections of the hot pool at most; each counts in rows of its own, so no transaction waits for another one's fsync."""

_ATTEMPTS: Final = 6
_PAUSE: Final = 0.005


class Database:
    """The way to one database.

    Args:
        url: ``postgresql://user:password@host/database``, or with ``?host=/folder`` a unix socket.
        durable: raise ``synchronous_commit`` in sessions where a role's default lowered it.
        timeout: seconds that a statement may take before the server counts as away.
        connections: how many to hold at most (3 or more), that of :meth:`connect` included.
    """

    def __init__(self, url: str, *, durable: bool = True, timeout: float = 30.0, connections: int = 8) -> None:
        self._url = url
        self._for_queries = max(1, connections // 4)
        self._hot_ones = max(1, min(SLOTS, connections - 1 - self._for_queries))
        self._durable = durable
        self._timeout = timeout
        self._pool: Any = None
        self._engine: AsyncEngine | None = None
        self._slots = list(range(SLOTS))

    async def connect(self) -> Connection:
        """A connection of its own, set up like those of the pool; the caller closes it.

        Raises:
            UnavailableError: the server is not there.
        """
        return await self._set_up(self._prepare)

    async def bare(self) -> Connection:
        """A connection as the server's own settings make it; the caller closes it.

        Raises:
            UnavailableError: the server is not there.
            StoreRefusedError: it is there and does not let us in.
        """
        try:
            return await asyncpg.connect(
                self._url, timeout=10.0, command_timeout=self._timeout, server_settings=dict(SESSION)
            )
        except asyncpg.InvalidCatalogNameError as error:
            raise StoreRefusedError(
                f"PostgreSQL says: {error}. Create the database, then run `posthouse migrate`"
            ) from error
        except asyncpg.InvalidAuthorizationSpecificationError as error:
            raise StoreRefusedError(
                f"PostgreSQL says: {error}. Correct user and password in the database's URL"
            ) from error
        except Exception as error:
            raise unavailable(error) or error from error

    async def open(self) -> None:
        """Opens the pool; connections are made as they are needed."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._hot_ones,
            timeout=10.0,
            command_timeout=self._timeout,
            max_inactive_connection_lifetime=60.0,
            server_settings=dict(HOT_SESSION),
            init=self._prepare,
            reset=_nothing,
        )
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._raw,
            pool_size=self._for_queries,
            max_overflow=0,
            pool_timeout=self._timeout,
            pool_pre_ping=True,
            hide_parameters=True,  # people's addresses have no place in a log
        )

    async def close(self) -> None:
        """Lets every connection go, those in use after five seconds."""
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                await asyncio.wait_for(pool.close(), 5.0)
            except Exception:  # noqa: BLE001  a server that is gone must not keep us from ending
                pool.terminate()

    async def run(self, work: Callable[[Connection, int], Awaitable[T]]) -> T:
        """Runs one transaction on the hot pool, again when the server chose it as the victim of a deadlock.

        Args:
            work: gets a connection and a slot number that no other transaction of this process has at the same time.

        Raises:
            UnavailableError: the server is not there; whether a transaction that was being committed is kept is not known.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self._hot().acquire(timeout=self._timeout) as connection:
                    slot = self._slots.pop()
                    try:
                        return await work(connection, slot)
                    finally:
                        self._slots.append(slot)
            except Transient as error:
                if attempt == _ATTEMPTS:
                    raise UnavailableError(f"PostgreSQL rolled back {attempt} times: {error}; try again") from error
                await asyncio.sleep(_PAUSE * attempt)
            except Exception as error:
                raise unavailable(error) or error from error
        raise AssertionError  # the loop returns or raises

    async def query(self, work: Callable[Concatenate[SqlConnection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs one of the shared queries in a transaction of its own, again after a deadlock.

        Raises:
            UnavailableError: the server is not there.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self._shared().begin() as connection:
                    return await connection.run_sync(work, *args, **kwargs)
            except (DBAPIError, PoolTimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                cause = cause_of(error)
                if not isinstance(cause, Transient):
                    raise unavailable(error) or error from error
                if attempt == _ATTEMPTS:
                    raise UnavailableError(f"PostgreSQL rolled back {attempt} times: {cause}; try again") from error
                await asyncio.sleep(_PAUSE * attempt)
        raise AssertionError  # the loop returns or raises

    def _hot(self) -> Any:
        if self._pool is None:
            raise UnavailableError("the store is not open")
        return self._pool

    def _shared(self) -> AsyncEngine:
        if self._engine is None:
            raise UnavailableError("the store is not open")
        return self._engine

    async def _prepare(self, connection: Connection) -> None:
        await connection.set_type_codec(
            "uuid", schema="pg_catalog", encoder=_same, decoder=bytes, format="binary"
        )  # identifiers are bytes inside
        await self._make_durable(connection)

    async def _raw(self) -> Connection:
        return await self._set_up(self._make_durable)

    async def _set_up(self, prepare: Callable[[Connection], Awaitable[None]]) -> Connection:
        connection = await self.bare()
        try:
            await prepare(connection)
        except (
            BaseException
        ) as error:  # a cancelled wait too: nobody else knows of this connection, so nobody else would close it
            connection.terminate()
            raise (unavailable(error) if isinstance(error, Exception) else None) or error from error
        return connection

    async def _make_durable(self, connection: Connection) -> None:
        if self._durable and await connection.fetchval("SHOW synchronous_commit") == "off":
            await connection.execute("SET synchronous_commit = on")


async def _nothing(_connection: Connection) -> None:
    """What is reset when a connection comes back: our statements leave nothing behind (an open transaction is rolled back before).

    The default, RESET ALL, would cost a round trip a transaction and undo what :meth:`Database._prepare` has set.
    """


def _same(value: bytes) -> bytes:
    return value
