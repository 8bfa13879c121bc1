"""Looks over a rendering for what mail programs punish."""

from collections.abc import Iterator, Sequence
from typing import Final

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.model import Rendered

CLIPPED: Final = 102_400
"""Octets of HTML beyond which the largest mail host shows only the beginning."""
_LONG_SUBJECT: Final = 120


def review(rendered: Rendered, size: int) -> Sequence[FieldProblem]:
    """Warnings about a rendering: nothing that stops it."""
    return tuple(_warnings(rendered, size))


def _warnings(rendered: Rendered, size: int) -> Iterator[FieldProblem]:
    if rendered.html is not None and len(rendered.html.encode("utf-8", "replace")) > CLIPPED:
        yield FieldProblem("/html", f"over {CLIPPED // 1024} KB of HTML: some readers cut it ({size:,} octets)", "size")
    if len(rendered.subject) > _LONG_SUBJECT:
        yield FieldProblem("/subject", f"{len(rendered.subject)} characters: phones show about 40", "length")
    if not rendered.text.strip():
        yield FieldProblem("/text", "the text part is empty", "empty")
