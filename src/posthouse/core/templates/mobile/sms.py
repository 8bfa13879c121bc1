"""The SMS: a text, and how it travels."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.mobile.gsm import Segments, measured, transliterated


class Sms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="format", tag="sms"):
    """What ``sms.LOCALE.txt`` says, with the settings of ``[sms]`` in template.toml."""

    text: Annotated[str, Meta(max_length=5_000)]
    transliterate: bool = False
    """Write letters that GSM 03.38 lacks with its nearest ones where that makes the text fit the alphabet."""
    max_segments: Annotated[int, Meta(ge=1, le=255)] = 1
    """Above it the lint warns."""
    segments: Segments | None = None
    """Set when rendered."""


def finished(sms: Sms) -> Sms:
    """The rendered text as it would leave: trimmed, perhaps transliterated, counted."""
    text = sms.text.replace("\r\n", "\n").strip()
    if sms.transliterate:
        text = transliterated(text)
    return msgspec.structs.replace(sms, text=text, segments=measured(text))


def problems(sms: Sms) -> Iterator[FieldProblem]:
    """What makes a rendered SMS unfit to be sent."""
    if not sms.text:
        yield FieldProblem("/text", "the text is empty", "missing")
    if sms.segments is not None and sms.segments.segments > 255:  # one octet counts them (TS 23.040 §9.2.3.24.1)
        yield FieldProblem("/text", f"the text takes {sms.segments.segments} segments; 255 are the most", "too-large")
