"""Runs the programs of releases. Everything slow happened at publish."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import minijinja

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.attachments.model import Declared
from posthouse.core.templates.attachments.programs import planned
from posthouse.core.templates.mobile import filled, shown
from posthouse.core.templates.model import Direction, Release, Rendered, WireBody
from posthouse.core.templates.ports import LinkWriter
from posthouse.rendering import engine, isolation, quoted, wire, written
from posthouse.rendering.controls import without_controls
from posthouse.rendering.data import guarded, reads_only_keys
from posthouse.rendering.formats.occasion import during
from posthouse.rendering.links import MARK
from posthouse.rendering.room import SMALL, Room, captures, fuel_for

_KEPT: Final = 512
_TOGETHER: Final = "wire"
_MOST: Final = 4
"""Bytes of wire form a character: a body beyond that is encoded whole, which knows how long it is to a reader."""
_BLANKS: Final = re.compile(r"[\x00-\x20\x7f]+")


class _Seen(NamedTuple):
    """Variables as a program is given them."""

    data: dict[str, Any]
    small: bool
    unmarked: bool


class _Ready(NamedTuple):
    """What came of running everything at once: the subject as it is, the bodies in wire form."""

    subject: str | None = None
    html: bytes | None = None
    text: bytes | None = None


_NOTHING: Final = _Ready()


class _Loaded:
    """The programs of one release, each compiled when it is run for the first time: of most, the plain bodies never are."""

    __slots__ = (
        "_added", "_counting", "_engine", "_fuel", "_isolating", "_locale", "_room", "_written", "keys_only", "places",
        "programs", "sections", "sources",
    )  # fmt: skip

    def __init__(self, made: Mapping[str, str], release: Release, isolating: Direction) -> None:
        programs = isolation.isolating(made, release.channel) if isolating else made
        self._written = made
        self.places = wire.Places(_MOST * engine.MAX_OUTPUT)
        self.sections, together = _together(programs, self.places)
        self.sources = {name: source for name, source in programs.items() if not name.startswith("wire.")}
        if self.sections:
            self.sources[_TOGETHER] = together
        self._locale, self._isolating = release.locale, isolating
        self._fuel = min(fuel_for(source, engine.FUEL) for source in programs.values()) if programs else engine.FUEL
        self._room = Room(2 * engine.MAX_OUTPUT)
        self._counting: minijinja.Environment | None = None
        plain = [source for name, source in programs.items() if not name.startswith("wire.")]  # wire has the same tags
        again = any(captures(source) for source in plain)
        self._added: set[tuple[bool, str]] = set()
        self._engine = self._counted() if again else self._environment()
        self.programs = frozenset(programs)
        self.keys_only = all(reads_only_keys(source) for source in plain)

    def run(self, name: str, seen: _Seen) -> str:
        """Renders one program; what it prints is counted unless the variables are small. ValidationError as engine.run."""
        self._room.empty()
        environment = self._engine if seen.small else self._counted()
        if (key := (environment is self._counting, name)) not in self._added:
            environment.add_template(name, self.sources[name])
            self._added.add(key)
        return engine.run(environment, name, seen.data, self._written.get(name, ""))

    def _counted(self) -> minijinja.Environment:
        if self._counting is None:
            self._counting = self._environment(self._room)
        return self._counting

    def _environment(self, room: Room | None = None) -> minijinja.Environment:
        return engine.environment(self._locale, fuel=self._fuel, room=room, isolating=self._isolating)


class MinijinjaRenderer:
    """Renders releases.

    Args:
        keep: of how many releases used last the programs are kept.
    """

    def __init__(self, keep: int = _KEPT) -> None:
        self._keep = keep
        self._loaded: OrderedDict[tuple[Id, bool, bool], _Loaded] = OrderedDict()

    def plain(
        self,
        release: Release,
        variables: Mapping[str, Any],
        *,
        at: int | None = None,
        zone: str = "UTC",
        links: LinkWriter | None = None,
    ) -> Rendered:
        """What the reader sees. ValidationError when a variable is missing or the fuel runs out."""
        loaded, seen, links = self._prepared(release, variables, links)
        with during(at, zone):
            if release.content is not None:
                return _mobile(loaded, seen, release.channel, release.content)
            return Rendered(
                subject=_subject(loaded, seen),
                html=quoted.plain_body(_printed(loaded, "html", seen, links)) if "html" in loaded.programs else None,
                text=quoted.plain_body(_printed(loaded, "text", seen, links)),
            )

    def wire(
        self,
        release: Release,
        variables: Mapping[str, Any],
        *,
        at: int | None = None,
        zone: str = "UTC",
        links: LinkWriter | None = None,
    ) -> WireBody:
        """The same, ready for the wire: decoding it gives exactly :meth:`plain`, but for what ``links`` writes. For e-mail."""
        loaded, seen, links = self._prepared(release, variables, links)
        with during(at, zone):
            ready = _at_once(loaded, seen, links) if seen.unmarked and loaded.sections else _NOTHING
            html = ready.html
            if html is None and "html" in loaded.programs:
                html = _encoded(loaded, "html", seen, links)
            return WireBody(
                subject=_subject(loaded, seen) if ready.subject is None else _one_line(ready.subject),
                html=html,
                text=_encoded(loaded, "text", seen, links) if ready.text is None else ready.text,
            )

    def attachments(
        self, release: Release, variables: Mapping[str, Any], *, at: int | None = None, zone: str = "UTC"
    ) -> tuple[Declared, ...]:
        """The attachments of one message with their texts filled in, not yet made. Errors as :meth:`plain`."""
        given = wire.json_of(variables)
        loaded = self._load(release, given, marked=False)
        seen = _seen(loaded, variables, given)
        with during(at, zone):
            return tuple(
                planned(release.attachments, loaded.programs, lambda name: without_controls(loaded.run(name, seen)))
            )

    def printed_links(
        self, release: Release, variables: Mapping[str, Any], *, at: int | None = None, zone: str = "UTC"
    ) -> list[tuple[int, str]]:
        """The links of the HTML in the order they stand in: number, and the address where it depends on the variables."""
        if "links.html" not in release.programs:
            return []
        variables = written.without_marks(variables)
        given = wire.json_of(variables)
        loaded = self._load(release, given, marked=True)
        with during(at, zone):
            printed = loaded.run("html", _seen(loaded, variables, given))
        return written.addresses(printed.split(MARK)[1::2])

    def encode(self, rendered: Rendered) -> WireBody:
        """Wire form of content that somebody rendered themselves."""
        return WireBody(
            subject=_one_line(rendered.subject),
            html=None if rendered.html is None else quoted.encode_body(rendered.html),
            text=quoted.encode_body(rendered.text),
        )

    def _prepared(
        self, release: Release, variables: Mapping[str, Any], links: LinkWriter | None
    ) -> tuple[_Loaded, _Seen, LinkWriter | None]:
        """The programs to run, the variables for them, and who writes links where there are any."""
        given = wire.json_of(variables)
        if links is None or not written.has_marks(release.programs):
            loaded = self._load(release, given, marked=False)
            return loaded, _seen(loaded, variables, given), None
        loaded = self._load(release, given, marked=True)
        if written.may_hold_marks(given):
            variables = written.without_marks(variables)
            given = wire.json_of(variables)
        return loaded, _seen(loaded, variables, given), links

    def _load(self, release: Release, given: bytes | None, *, marked: bool) -> _Loaded:
        """The programs for variables that are such JSON."""
        isolating = isolation.needed(release.isolates, given)
        key = (release.id, marked, isolating)
        loaded = self._loaded.get(key)
        if loaded is None:
            programs = (written.marked_programs if marked else written.unmarked_programs)(release.programs)
            loaded = self._loaded[key] = _Loaded(programs, release, release.isolates if isolating else "")
            if len(self._loaded) > self._keep:
                self._loaded.popitem(last=False)
        else:
            self._loaded.move_to_end(key)
        return loaded


def _mobile(loaded: _Loaded, seen: _Seen, channel: str, words: Mapping[str, Any]) -> Rendered:
    """SMS, push, WhatsApp: each text that is a program is run, the rest stands as it was written."""
    content = filled(channel, words, loaded.sources, lambda path: without_controls(loaded.run(path, seen)))
    return Rendered("", None, shown(content), content)


def _together(programs: Mapping[str, str], places: wire.Places) -> tuple[tuple[str, ...], str]:
    """One program for all that has a wire form, so that the variables are handed over once; and the names of its sections.

    Nothing that one section sets is seen by the next.
    """
    names: list[str] = []
    sections: list[str] = []
    if wire.wire_program(programs.get("subject", "{% do %}")) is not None:
        names.append("subject")
        sections.append(_scoped(programs["subject"]))
    for name in ("html", "text"):
        wired = programs.get(f"wire.{name}")
        placed = None if wired is None else places.program(wired)
        if placed is not None:
            names.append(name)
            section = _scoped(placed)
            sections.append(f"{{% autoescape true %}}{section}{{% endautoescape %}}" if name == "html" else section)
    return tuple(names), "".join(sections)


def _scoped(program: str) -> str:
    """A section. Its mark stands inside, so that no brace at the program's end becomes a tag with ours."""
    return f"{{% with %}}{program}{wire.SECTION}{{% endwith %}}"


def _at_once(loaded: _Loaded, seen: _Seen, links: LinkWriter | None) -> _Ready:
    """What has a wire form; nothing when something is wrong with any of it: run apart they say what, and where."""
    try:
        *printed, _ = loaded.run(_TOGETHER, seen).split(wire.SECTION)
        found = dict(zip(loaded.sections, printed, strict=True))
        html, text = found.get("html"), found.get("text")
        quote = quoted.quote_values if links is None else partial(written.quote_values, links)
        return _Ready(
            found.get("subject"),
            None if html is None else loaded.places.body(html, html=True, quote=quote),
            None if text is None else loaded.places.body(text, html=False, quote=quote),
        )
    except (ValidationError, ValueError):
        return _NOTHING


def _encoded(loaded: _Loaded, name: str, seen: _Seen, links: LinkWriter | None) -> bytes:
    """One body encoded whole: it has no wire form, or a variable holds a mark."""
    return quoted.encode_body(_printed(loaded, name, seen, links))


def _printed(loaded: _Loaded, name: str, seen: _Seen, links: LinkWriter | None) -> str:
    printed = loaded.run(name, seen)
    if name == "html":
        printed = printed.replace(quoted.SLASH, "/")
    return printed if links is None else written.in_plain(printed, links)


def _seen(loaded: _Loaded, variables: Mapping[str, Any], given: bytes | None) -> _Seen:
    """``given``: the variables as JSON."""
    return _Seen(_data(loaded, variables), given is not None and len(given) <= SMALL, wire.unmarked(given))


def _data(loaded: _Loaded, variables: Mapping[str, Any]) -> dict[str, Any]:
    if not loaded.keys_only:
        return guarded(variables)
    return variables if type(variables) is dict else dict(variables)


def _subject(loaded: _Loaded, seen: _Seen) -> str:
    return _one_line(loaded.run("subject", seen)) if "subject" in loaded.programs else ""


def _one_line(text: str) -> str:
    """Headers have one line: runs of blanks, line breaks and controls become one blank."""
    if text.isprintable() and "  " not in text:
        return text.strip(" ")
    return _BLANKS.sub(" ", text).strip(" ")
