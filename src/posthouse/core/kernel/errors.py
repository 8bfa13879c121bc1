"""The root of the error tree.

    PosthouseError                   has a slug, a title, a status and the list of bad fields
    ├── InvalidIdError               an identifier that is none of ours
    ├── NotFoundError                there is no such thing in this workspace
    ├── ConflictError                the thing is not in a state that allows this
    ├── ValidationError              one or more fields are wrong
    ├── TooOftenError                wait a little; names how long
    ├── ForbiddenError               known, but not allowed to
    └── UnavailableError             try again later: the store cannot be used just now

The docstring is the title; the message says what to do. ``slug`` is the last part of the problem's ``type``
(RFC 9457) and is documented in docs/reference/problems.md.
"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec


class FieldProblem(msgspec.Struct, frozen=True):
    """One bad field: where (JSON pointer, RFC 6901), what is wrong, what to write instead."""

    pointer: str
    detail: str
    code: str = "invalid"

    @property
    def told(self) -> str:
        """For people: the place, then what is wrong there."""
        return f"{self.pointer}: {self.detail}"


def headline(problems: Sequence[FieldProblem]) -> str:
    """One sentence for all bad fields: how many there are, and the first of them."""
    count = "One field is" if len(problems) == 1 else f"{len(problems)} fields are"
    return f"{count} wrong: {problems[0].told if problems[0].pointer else problems[0].detail}"


class PosthouseError(Exception):
    """Something went wrong."""

    slug: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, detail: str = "", *, fields: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.fields = tuple(fields)

    @classmethod
    def title(cls) -> str:
        """The first line of the class docstring, without its full stop."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0].rstrip(".")


class NotFoundError(PosthouseError):
    """Not found."""

    slug = "not-found"
    status = 404


class InvalidIdError(NotFoundError):
    """This is not an identifier of the expected kind."""

    slug = "not-found"

    def __init__(self, word: str, prefix: str) -> None:
        shown = word if len(word) <= 64 else word[:61] + "…"
        super().__init__(
            f"{shown!r} is not an identifier of the form {prefix}_…; copy it from the answer that named it"
        )


class ConflictError(PosthouseError):
    """The current state does not allow this."""

    slug = "conflict"
    status = 409


class ValidationError(PosthouseError):
    """The request has bad fields."""

    slug = "invalid-request"
    status = 422


class TooOftenError(PosthouseError):
    """This was asked for too often."""

    slug = "too-often"
    status = 429

    def __init__(self, detail: str, wait: int) -> None:
        super().__init__(detail)
        self.wait = wait
        """Seconds after which it is worth another try."""


class ForbiddenError(PosthouseError):
    """This key may not do that."""

    slug = "forbidden"
    status = 403


class UnavailableError(PosthouseError):
    """The store cannot be used just now; nothing was changed, try again."""

    slug = "unavailable"
    status = 503
