"""Types of columns that both databases have, each in its own way, and the collection of all tables."""

import uuid
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, MetaData, TypeDecorator
from sqlalchemy.dialects.postgresql import BYTEA, UUID
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
