"""Structs kept as one JSON document in a column, and the small pieces that several rooms write the same way."""

from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from posthouse.stores.shared import schema

S = TypeVar("S", bound=msgspec.Struct)

_ENCODER = msgspec.json.Encoder()

GENERATION = "settings_generation"
IDEMPOTENCY_GENERATION = "idempotency_generation"
EPOCH = "epoch"
EVENTS_ERASED = "events_erased"
"""How many events were erased, ever: a recount from the first event on would miss them."""
ROLLUP_EDITION = "rollup_edition"
SUPPRESSION_GENERATION = "suppression_generation"


def to_document(struct: Any) -> bytes:
    """JSON of a struct."""
    return _ENCODER.encode(struct)


def from_document(document: bytes, kind: type[S]) -> S:
    """The struct again."""
    return msgspec.json.decode(document, type=kind)


def insert_unless_there(connection: Connection, table: Table) -> Insert:
    """INSERT that leaves an existing row alone, as each database says it."""
    return upsert_for(connection, table).on_conflict_do_nothing()


def upsert_for(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def set_number(connection: Connection, name: str, number: int) -> None:
    """Writes one fact of ``meta``."""
    statement = upsert_for(connection, schema.meta).values(name=name, number=number)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"number": number}))


def raise_number(connection: Connection, name: str) -> int:
    """Adds one to a fact of ``meta``; the new number. Taken first, it also serialises the writers of settings."""
    c = schema.meta.c
    statement = upsert_for(connection, schema.meta).values(name=name, number=1)
    raised = statement.on_conflict_do_update(index_elements=["name"], set_={"number": c.number + 1})
    return int(connection.execute(raised.returning(c.number)).scalar_one())


def settings_changed(connection: Connection) -> None:
    """Tells every cache of settings, in every process, that it is out of date."""
    raise_number(connection, GENERATION)
