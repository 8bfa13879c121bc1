"""One table of what the API can do: the router, the OpenAPI document and the human pages are all made from it."""

import dataclasses
from collections.abc import Callable
from typing import Any

from starlette.routing import compile_path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation.

    ``endpoint`` is None for the hot doors, which stand in front of the router. ``takes`` and ``gives`` are msgspec types, or a media
    type for what is no JSON. ``fails`` lists the statuses that are this operation's own; those that any operation may have are
    added to the document by themselves.
    """

    method: str
    path: str
    id: str
    summary: str
    description: str = ""
    tag: str
    endpoint: Callable[..., Any] | None = None
    scope: str | None = None
    public: bool = False
    """Whether it needs no key."""
    takes: Any = None
    gives: Any = None
    status: int = 200
    also: int | None = None
    """Another status with the same answer: of what is not new."""
    fails: tuple[int, ...] = ()
    pages: tuple[int, ...] = ()
    """Statuses that are answered with a page for people instead of a problem document."""
    example: Any = None
    """An example of the request's body."""
    answer_example: Any = None
    headers: tuple[str, ...] = ()
    """Names of request headers (see openapi.HEADERS) that mean something here."""


class Paths:
    """Which methods there are at a path."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self._patterns = [(compile_path(operation.path)[0], operation.method) for operation in operations]

    def add(self, path: str, method: str) -> None:
        """One more that is in no table: a page."""
        self._patterns.append((compile_path(path)[0], method))

    def methods(self, path: str) -> set[str]:
        """The methods, none when nothing is there."""
        return {method for pattern, method in self._patterns if pattern.match(path)}
