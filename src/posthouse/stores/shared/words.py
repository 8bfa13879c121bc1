"""Words that messages are found by: the queries of both stores."""

import uuid
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select, update

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import EventType
from posthouse.core.messages.words import Handed
from posthouse.stores.shared.documents import insert_unless_there
from posthouse.stores.shared.maintenance import number
from posthouse.stores.shared.schema import events, meta

POSITION: Final = "words_position"
HAND_OVERS: Final = (int(EventType.SENT), int(EventType.DELIVERED))

_ADD_ROWS: Final = "INSERT OR IGNORE INTO message_words (word, message_id) VALUES (?, ?)"
_ADD_ARRAYS: Final = """
INSERT INTO message_words (word, message_id) SELECT * FROM unnest($1::bigint[], $2::uuid[]) ON CONFLICT DO NOTHING
"""
_TAKE_ROWS: Final = "DELETE FROM message_words WHERE word = ? AND message_id = ?"
_TAKE_ARRAYS: Final = """
DELETE FROM message_words w USING unnest($1::bigint[], $2::uuid[]) AS gone (word, message_id)
WHERE w.word = gone.word AND w.message_id = gone.message_id
"""
"""By hand: some ten rows a message, which SQLAlchemy would prepare one by one."""


def position(connection: Connection) -> int:
    """Up to which event words were kept."""
    return number(connection, POSITION)


def handed_between(connection: Connection, after: int, until: int) -> list[Handed]:
    """Hand-overs among some events."""
    e = events.c
    statement = select(e.message_id, e.workspace_id, e.data).where(
        e.seq > after, e.seq <= until, e.type.in_(HAND_OVERS)
    )
    return [Handed(*row) for row in connection.execute(statement.order_by(e.seq))]


def keep(connection: Connection, since: int, until: int, found: Sequence[tuple[int, Id]]) -> bool:
    """Keeps words and moves the position; False: it was moved meanwhile."""
    first = insert_unless_there(connection, meta).values(name=POSITION, number=0)
    connection.execute(first)
    mine = (meta.c.name == POSITION) & (meta.c.number == since)
    if connection.execute(update(meta).where(mine).values(number=until)).rowcount != 1:
        return False
    if found and connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_ADD_ROWS, list(found))
    elif found:
        numbers, ids = zip(*found, strict=True)
        connection.exec_driver_sql(_ADD_ARRAYS, (list(numbers), [uuid.UUID(bytes=one) for one in ids]))
    return True


def forget(connection: Connection, found: Sequence[tuple[int, Id]]) -> None:
    """Removes words of messages."""
    if found and connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_TAKE_ROWS, sorted(found))
    elif found:
        numbers, ids = zip(*found, strict=True)
        connection.exec_driver_sql(_TAKE_ARRAYS, (list(numbers), [uuid.UUID(bytes=one) for one in ids]))
