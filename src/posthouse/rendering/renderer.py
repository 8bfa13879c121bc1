"""Runs the programs of releases. Everything slow happened at publish."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import minijinja

from posthouse.core.kernel.ids import Id
from posthouse.core.templates.model import Release, Rendered, WireBody
from posthouse.rendering import engine, quoted, wire
from posthouse.rendering.data import guarded, reads_only_keys
from posthouse.rendering.formats.occasion import during

_KEPT: Final = 512
_BLANKS: Final = re.compile(r"[\x00-\x20\x7f]+")


class _Loaded:
    """The programs of one release, compiled."""

    __slots__ = ("engine", "keys_only", "programs")

    def __init__(self, programs: Mapping[str, str], locale: str) -> None:
        self.engine: minijinja.Environment = engine.environment(locale)
        self.programs = dict(programs)
        self.keys_only = all(reads_only_keys(source) for source in programs.values())
        for name, source in programs.items():
            self.engine.add_template(name, source)


class MinijinjaRenderer:
    """Renders releases, keeping the programs of the 512 used last."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[Id, _Loaded] = OrderedDict()

    def plain(
        self, release: Release, variables: Mapping[str, Any], *, at: int | None = None, zone: str = "UTC"
    ) -> Rendered:
        """What the reader sees. ValidationError when a variable is missing or the fuel runs out."""
        loaded = self._load(release)
        data = _seen(loaded, variables)
        with during(at, zone):
            return Rendered(
                subject=_subject(loaded, data),
                html=quoted.plain_body(_printed(loaded, "html", data)) if "html" in loaded.programs else None,
                text=quoted.plain_body(_printed(loaded, "text", data)),
            )

    def wire(
        self, release: Release, variables: Mapping[str, Any], *, at: int | None = None, zone: str = "UTC"
    ) -> WireBody:
        """The same, ready for the wire: decoding it gives exactly :meth:`plain`."""
        loaded = self._load(release)
        data = _seen(loaded, variables)
        direct = wire.unmarked(variables)
        with during(at, zone):
            return WireBody(
                subject=_subject(loaded, data),
                html=_body(loaded, "html", data, direct=direct) if "html" in loaded.programs else None,
                text=_body(loaded, "text", data, direct=direct),
            )

    def encode(self, rendered: Rendered) -> WireBody:
        """Wire form of content that somebody rendered themselves."""
        return WireBody(
            subject=_one_line(rendered.subject),
            html=None if rendered.html is None else quoted.encode_body(rendered.html),
            text=quoted.encode_body(rendered.text),
        )

    def _load(self, release: Release) -> _Loaded:
        loaded = self._loaded.get(release.id)
        if loaded is None:
            loaded = self._loaded[release.id] = _Loaded(release.programs, release.locale)
            if len(self._loaded) > _KEPT:
                self._loaded.popitem(last=False)
        else:
            self._loaded.move_to_end(release.id)
        return loaded


def _body(loaded: _Loaded, name: str, data: dict[str, Any], *, direct: bool) -> bytes:
    """One body in wire form: by its wire program, or encoded whole where there is none or a variable holds the mark."""
    program = f"wire.{name}"
    if direct and program in loaded.programs:
        return wire.assemble(engine.run(loaded.engine, program, data, loaded.programs[program]), html=name == "html")
    return quoted.encode_body(_printed(loaded, name, data))


def _printed(loaded: _Loaded, name: str, data: dict[str, Any]) -> str:
    printed = engine.run(loaded.engine, name, data, loaded.programs[name])
    return printed.replace(quoted.SLASH, "/") if name == "html" else printed


def _seen(loaded: _Loaded, variables: Mapping[str, Any]) -> dict[str, Any]:
    if not loaded.keys_only:
        return guarded(variables)
    return variables if type(variables) is dict else dict(variables)


def _subject(loaded: _Loaded, data: dict[str, Any]) -> str:
    if "subject" not in loaded.programs:
        return ""
    return _one_line(engine.run(loaded.engine, "subject", data, loaded.programs["subject"]))


def _one_line(text: str) -> str:
    """Headers have one line: runs of blanks, line breaks and controls become one blank."""
    if text.isprintable() and "  " not in text:
        return text.strip(" ")
    return _BLANKS.sub(" ", text).strip(" ")
