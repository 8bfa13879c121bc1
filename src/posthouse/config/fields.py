"""The settings as a flat list of names: what loading, showing and the reference walk over."""

import functools
from collections.abc import Sequence
from typing import Any

import msgspec

from posthouse.config.model import Section, Settings

PREFIX = "POSTHOUSE_"


class Setting(msgspec.Struct, frozen=True):
    """One setting: its name in the file, its variable, its type with bounds, its default and its description."""

    section: str
    name: str
    type: Any
    default: Any
    description: str
    secret: bool = False
    url: bool = False

    @property
    def path(self) -> str:
        """``http.port``."""
        return f"{self.section}.{self.name}" if self.section else self.name

    @property
    def variable(self) -> str:
        """``POSTHOUSE_HTTP_PORT``."""
        return PREFIX + self.path.replace(".", "_").upper()

    @property
    def many(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.default, tuple)


@functools.cache
def all_settings() -> Sequence[Setting]:
    """Every setting, in the order of the model."""
    found: list[Setting] = []
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.default, Section):
            found += [_setting(field.name, inner) for inner in msgspec.structs.fields(type(field.default))]
        else:
            found.append(_setting("", field))
    return tuple(found)


@functools.cache
def sections() -> dict[str, type[Section]]:
    """The sections by name."""
    fields = msgspec.structs.fields(Settings)
    return {field.name: type(field.default) for field in fields if isinstance(field.default, Section)}


@functools.cache
def by_path() -> dict[str, Setting]:
    """Every setting by its name in the file."""
    return {setting.path: setting for setting in all_settings()}


@functools.cache
def by_variable() -> dict[str, Setting]:
    """Every setting by its environment variable."""
    return {setting.variable: setting for setting in all_settings()}


def _setting(section: str, field: msgspec.structs.FieldInfo) -> Setting:
    meta = next(part for part in field.type.__metadata__ if isinstance(part, msgspec.Meta))
    extra = meta.extra or {}
    return Setting(
        section=section,
        name=field.name,
        type=field.type,
        default=field.default,
        description=meta.description or "",
        secret=bool(extra.get("secret")),
        url=bool(extra.get("url")),
    )
