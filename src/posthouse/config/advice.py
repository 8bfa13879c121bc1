"""What to write instead: the nearest known name, and the kind of value that is wanted."""

from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from posthouse.config.fields import Setting
from posthouse.core.kernel.nearest import nearest as nearest_of


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean http.port?``, or a hint where the names are listed."""
    close = nearest_of(name, known)
    return f"; did you mean {close}?" if close else "; docs/reference/settings.md lists them all"


def wanted(setting: Setting) -> str:
    """The kind of value in words, with an example where the default is one."""
    return kind_of(setting) + _example(setting.default)


def kind_of(setting: Setting) -> str:
    """A kind of value in words: ``a whole number from 1 to 256``, ``one of json, human``."""
    plain, bounds = _parts(setting.type)
    choices = get_args(plain)
    if choices and all(isinstance(choice, str) for choice in choices):
        return "one of " + ", ".join(choices)
    if setting.many:
        return "a list of words"
    if plain is bool:
        return "true or false"
    if plain in (int, float):
        return ("a whole number" if plain is int else "a number") + _range(bounds)
    return "a word in quotes"


def _parts(annotation: Any) -> tuple[Any, msgspec.Meta]:
    """The bare type and its bounds."""
    meta = next(part for part in annotation.__metadata__ if isinstance(part, msgspec.Meta))
    return annotation.__origin__, meta


def _range(meta: msgspec.Meta) -> str:
    if meta.ge is not None and meta.le is not None:
        return f" from {meta.ge} to {meta.le}"
    return f" of at least {meta.ge}" if meta.ge is not None else ""


def _example(default: Any) -> str:
    if default in ("", ()):
        return ""
    word = str(default).lower() if isinstance(default, bool) else default
    return f" (by default {word})"
