"""The doors, one file a room."""

from posthouse.http.operations import Operation
from posthouse.http.routes import messages

OPERATIONS: tuple[Operation, ...] = (*messages.OPERATIONS,)
"""Everything that the API can do."""
