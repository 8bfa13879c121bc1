"""Types of columns that both databases have, each in its own way, and the collection of all tables."""

import uuid
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, Integer, LargeBinary, MetaData, Text, TypeDecorator, literal
from sqlalchemy.dialects.postgresql import BYTEA, UUID
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import BLOB, TypeEngine

metadata = MetaData()


class IdType(TypeDecorator[bytes]):
    """16 bytes in Python on both stores; a BLOB on SQLite, uuid on PostgreSQL."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of each database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(UUID(as_uuid=True))
        return dialect.type_descriptor(BLOB())

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> Any:
        """Bytes to what the driver wants."""
        return uuid.UUID(bytes=value) if value is not None and dialect.name == "postgresql" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        """What the driver gives to bytes."""
        stored: bytes | None = value.bytes if value is not None and dialect.name == "postgresql" else value
        return stored


Id = IdType()
Bytes = LargeBinary().with_variant(BYTEA(), "postgresql")
Sequence = BigInteger().with_variant(Integer(), "sqlite")
"""Auto-incrementing 64-bit key (SQLite wants INTEGER for that)."""


class Folded(FunctionElement[str]):
    """A text without regard to the case of A to Z: what indexes of addresses and order numbers hold. A literal is folded the same way.

    Other letters count as they are. SQLite knows the case of no others; PostgreSQL does as it does, whatever its locale, so that an index
    stays right when the system's tables of letters change.
    """

    type = Text()
    name = "folded"
    inherit_cache = True

    def __init__(self, word: ColumnElement[Any] | str) -> None:
        super().__init__(literal(word) if isinstance(word, str) else word)


@compiles(Folded)
def _folded(element: Folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(Folded, "postgresql")
def _folded_on_postgres(element: Folded, compiler: SQLCompiler, **options: Any) -> str:
    return f'lower({compiler.process(element.clauses, **options)} COLLATE "C")'
