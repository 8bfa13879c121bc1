"""Turns what a person wrote into programs. Runs at publish, never at dispatch."""

import functools
import importlib.metadata
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import minijinja
import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.always import NAMES
from posthouse.core.templates.attachments.codes import with_formats
from posthouse.core.templates.attachments.model import Declared
from posthouse.core.templates.attachments.programs import attachment_programs, pointer_of, without_sources
from posthouse.core.templates.library.model import NO_LIBRARY, Library
from posthouse.core.templates.mobile import FORMATS, programs_of, read_content
from posthouse.core.templates.model import Direction, Link, Scale, TemplateSource, VariantSource
from posthouse.rendering import engine, guard, guarding, isolation, mjml_lint, mrml, tags
from posthouse.rendering.analysis import Analysis
from posthouse.rendering.checker import compiled as compiled_schema
from posthouse.rendering.contexts import edited, page_of, tags_of
from posthouse.rendering.controls import without_controls
from posthouse.rendering.document import Written, speaking, written
from posthouse.rendering.formats.tongue import right_to_left
from posthouse.rendering.html_text import derive_text
from posthouse.rendering.links import Marked, marked, with_parameters
from posthouse.rendering.policy import refusals
from posthouse.rendering.schemas import derive, merge
from posthouse.rendering.wire import wire_program

GLOBALS: Final = frozenset({"range", "dict", "loop"})
_BODY: Final = re.compile(r"<body\b(?>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*)>", re.IGNORECASE)
_ROOT: Final = re.compile(r"<mjml\b(?>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*)>")
_LANG: Final = re.compile(r"\slang\s*=")
_DIR: Final = re.compile(r"\sdir\s*=")
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_OFFSET: Final = re.compile(r"position (\d+)")
_ENVIRONMENT: Final = engine.environment()
_SLOW: Final = "a macro, a block or a backslash escape rules out the wire form: dispatch encodes the whole body"
_NOT_DERIVED: Final = "no text part can be derived without losing a {% … %} tag; add a text file (email.LOCALE.txt)"
_BODIES: Final = ("html", "text")
_PATTERNS: Final = 32
"""Documents whose MJML is remembered compiled; some 25 KB each."""
_PAD: Final = "&#847;&zwnj;&nbsp;" * 60
"""Invisible letters after the preheader: without them the list of mails goes on with the mail's first words."""


class CompiledVariant(msgspec.Struct):
    """The programs of one variant, and what is known about their variables."""

    programs: dict[str, str]
    variables: tuple[str, ...]
    schema: dict[str, Any]
    compiler: str
    content: dict[str, Any] | None = None
    attachments: tuple[Declared, ...] = ()
    warnings: tuple[FieldProblem, ...] = ()
    links: tuple[Link, ...] = ()
    ratings: tuple[Scale, ...] = ()
    own_links: bool = False
    always: tuple[str, ...] = ()
    of_contact: tuple[str, ...] | None = ()
    isolates: Direction = ""


class MinijinjaCompiler:
    """Compiles documents, MJML and HTML with Jinja tags.

    Args:
        social_icons: address of the folder the icons of ``mj-social`` come from; never a vendor's.
    """

    def __init__(self, social_icons: str = "") -> None:
        self._social_icons = social_icons
        self.name = f"minijinja {importlib.metadata.version('minijinja')}, mjml-python {importlib.metadata.version('mjml-python')}"

    def compile(
        self, template: TemplateSource, variant: VariantSource, library: Library = NO_LIBRARY
    ) -> CompiledVariant:
        """Compiles one variant.

        Raises:
            ValidationError: with one FieldProblem for each thing wrong, its place in the source first.
        """
        base = f"/variants/{template.variants.index(variant)}" if variant in template.variants else ""
        if template.schema:
            compiled_schema(template.schema)
        if variant.channel != "email":
            return self._finished(template, variant, _mobile(variant, base), base, (), mobile=True)
        source = written(variant, template.default_locale, base, library)
        programs = self._programs(source, base)
        if template.attachments:
            programs |= {
                name: without_controls(program)
                for name, program in attachment_programs(
                    template.attachments, variant.locale, template.default_locale
                ).items()
            }
        return self._finished(template, variant, programs, base, source.warnings)

    def _finished(
        self,
        template: TemplateSource,
        variant: VariantSource,
        programs: dict[str, str],
        base: str,
        warnings: tuple[FieldProblem, ...],
        *,
        mobile: bool = False,
    ) -> CompiledVariant:
        """Programs looked over, with their wire form where they are of an e-mail, and what they need."""
        place = f"{base}/content" if mobile else base
        if template.link_parameters and "html" in programs and not mobile:
            excluded = template.link_parameters_exclude
            programs["html"] = with_parameters(programs["html"], template.link_parameters, excluded)
        problems = [
            found
            for name, source in programs.items()
            for found in _problems(pointer_of(name) or f"{place}/{name}", source)
        ]
        if problems:
            raise _refused(variant, problems)
        analysis, seen = Analysis(GLOBALS), {}
        for name, source in programs.items():
            analysis.add(source)
            seen[name] = frozenset(analysis.seen)
        if variant.text is None and not seen.get("text", frozenset()) <= seen.get("html", frozenset()) and not mobile:
            raise _refused(variant, [FieldProblem(f"{base}/text", _NOT_DERIVED, "missing")])
        marks = Marked({})
        if not mobile:
            programs |= {name: _in_place(variant, programs[name], name, place) for name in programs if _is_html(name)}
            marks = marked({name: programs[name] for name in _BODIES if name in programs}, template.link_parameters)
            programs |= {f"wire.{name}": wired for name in _BODIES if (wired := wire_program(programs.get(name, "")))}
            slow = [name for name in _BODIES if name in programs and f"wire.{name}" not in programs]
            warnings = (*warnings, *[FieldProblem(f"{base}/{name}", _SLOW, "slow") for name in slow])
            programs |= marks.programs
        derived = _without_always(derive(analysis.root))
        return CompiledVariant(
            programs=programs,
            variables=tuple(derived.get("required", ())),
            schema=with_formats(merge(template.schema, derived) if template.schema else derived, template.attachments),
            compiler=self.name,
            content=variant.content if mobile else None,
            attachments=() if mobile else without_sources(template.attachments),
            warnings=warnings,
            links=marks.links,
            ratings=marks.ratings,
            own_links=marks.own,
            always=tuple([name for name in NAMES if name in analysis.root.children]),
            isolates="rtl" if right_to_left(variant.locale) else "ltr",
            of_contact=read_of("contact", programs.values()) if "contact" in analysis.root.children else (),
        )

    def _programs(self, source: Written, base: str) -> dict[str, str]:
        programs, variant = {}, source.variant
        if variant.subject:
            programs["subject"] = without_controls(variant.subject).strip()
        html = source.completed(self._from_pattern(source) or self._html(variant, base))
        if html is not None:
            html = programs["html"] = _with_preheader(html, variant.preheader).replace("&#x2f;", "/")
        if variant.text is not None:
            programs["text"] = without_controls(variant.text)
        elif html is not None:
            programs["text"] = self._derived(variant, html, base)
        else:
            raise _refused(
                variant,
                [FieldProblem(base, "there is neither a document, an mjml, an html nor a text file", "missing")],
            )
        return programs

    def _html(self, variant: VariantSource, base: str) -> str | None:
        if variant.mjml is not None and variant.html is not None:
            raise _refused(variant, [FieldProblem(f"{base}/html", "give mjml or html, not both", "ambiguous")])
        if variant.mjml is not None:
            return self._from_mjml(variant, f"{base}/mjml")
        return None if variant.html is None else without_controls(variant.html)

    def _from_pattern(self, source: Written) -> str | None:
        """The HTML of a document; None where something is wrong with it: the MJML itself tells what."""
        compiled = _pattern(source.pattern, self._social_icons) if source.pattern else None
        return None if compiled is None else speaking(compiled, source.said)

    def _from_mjml(self, variant: VariantSource, pointer: str) -> str:
        source = _with_language(without_controls(variant.mjml or ""), variant.locale)
        try:
            protected, guarded = guard.protect(source)
        except tags.TagError as error:
            raise _refused(variant, [_at(pointer, tags.line_of(source, error.at), str(error))]) from None
        if problems := list(mjml_lint.lint(source, protected, guarded, pointer)):
            raise _refused(variant, problems)
        try:
            compiled = mrml.to_html(protected, social_icons=self._social_icons)
        except ValueError as error:
            raise _refused(variant, [_mjml_error(pointer, protected, guarded, str(error))]) from None
        if gone := list(guard.lost(compiled, guarded)):
            raise _refused(variant, list(_lost(pointer, source, gone)))
        return guard.restore(compiled, guarded)

    def _derived(self, variant: VariantSource, html: str, base: str) -> str:
        try:
            text = derive_text(html)
            _check(text)
        except tags.TagError as error:
            raise _refused(variant, [_at(f"{base}/html", tags.line_of(html, error.at), str(error))]) from None
        except minijinja.TemplateError:
            if problems := list(_problems(f"{base}/html", html)):
                raise _refused(variant, problems) from None
            raise _refused(variant, [FieldProblem(f"{base}/text", _NOT_DERIVED, "missing")]) from None
        return text


@functools.lru_cache(maxsize=_PATTERNS)
def _pattern(pattern: str, social_icons: str) -> str | None:
    """What MJML compiles to, with its tags; None where something is wrong with it. The languages of a document share one."""
    try:
        protected, guarded = guard.protect(pattern)
        if next(mjml_lint.lint(pattern, protected, guarded, ""), None) is not None:
            return None
        compiled = mrml.to_html(protected, social_icons=social_icons)
    except ValueError:
        return None
    return None if next(guard.lost(compiled, guarded), None) else guard.restore(compiled, guarded)


def read_of(name: str, programs: Iterable[str]) -> tuple[str, ...] | None:
    """Which attributes of an object programs read; None when they take it whole, or compute what they read."""
    word = re.compile(rf"(?<![\w.]){name}\b(?:\s*\.\s*([A-Za-z_]\w*))?")
    found: set[str] = set()
    for program in programs:
        for piece in tags.pieces(program):
            if piece.kind in {tags.Kind.EXPRESSION, tags.Kind.BLOCK}:
                found.update(attribute for attribute in word.findall(_QUOTED.sub("''", piece.code)))
    return None if "" in found else tuple(sorted(found))


def _in_place(variant: VariantSource, source: str, name: str, place: str) -> str:
    """A program of HTML whose values stay in their places, and where they may be of another writing direction."""
    page = page_of(source)
    inside = tags_of(page)
    if found := list(guarding.refusals(page, inside)):
        pointer = pointer_of(name) or f"{place}/{name}"
        raise _refused(variant, [_at(pointer, tags.line_of(source, at), told) for at, told in found])
    return edited(source, [*guarding.edits(page, inside), *isolation.edits(page)])


def _is_html(name: str) -> bool:
    """The HTML of the mail, or the page of a PDF."""
    return name == "html" or (name.startswith("attachment.") and name.endswith(".html"))


def _without_always(schema: dict[str, Any]) -> dict[str, Any]:
    """What is always there need not be sent, though what is read of it must be in it."""
    required = [name for name in schema.get("required", ()) if name not in NAMES]
    return {
        **{name: part for name, part in schema.items() if name != "required"},
        **({"required": required} if required else {}),
    }


def _mobile(variant: VariantSource, base: str) -> dict[str, str]:
    """The programs of an SMS, a push or a WhatsApp message, by their paths."""
    if variant.channel not in FORMATS or variant.content is None:
        detail = f"a variant of {variant.channel} needs content, and a channel among {', '.join(FORMATS)}"
        raise _refused(variant, [FieldProblem(f"{base}/content", detail, "missing")])
    try:
        content = read_content(variant.channel, variant.content)
    except ValidationError as error:
        found = [FieldProblem(f"{base}/content{one.pointer}", one.detail, one.code) for one in error.fields]
        raise _refused(variant, found) from None
    return {path: without_controls(source) for path, source in programs_of(variant.channel, content).items()}


def _with_language(source: str, locale: str) -> str:
    """The MJML with the variant's language, and its direction where that is from right to left, unless it says its own."""
    found = _ROOT.search(source)
    if found is None:
        return source
    added = "" if _LANG.search(found[0]) else f' lang="{locale}"'
    if right_to_left(locale) and not _DIR.search(found[0]):
        added += ' dir="rtl"'
    at = found.start() + len("<mjml")
    return source[:at] + added + source[at:]


def _with_preheader(html: str, preheader: str | None) -> str:
    """Puts the line that mail programs show after the subject at the top of the body, hidden."""
    if not preheader:
        return html
    words = f"{without_controls(preheader)}{_PAD}"
    hidden = f'<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{words}</div>'
    found = _BODY.search(html)
    return html[: found.end()] + hidden + html[found.end() :] if found else hidden + html


def _problems(pointer: str, source: str) -> Iterator[FieldProblem]:
    """Everything that speaks against one program."""
    try:
        found = list(refusals(source))
    except tags.TagError as error:
        yield _at(pointer, tags.line_of(source, error.at), str(error))
        return
    for at, detail in found:
        yield _at(pointer, tags.line_of(source, at), detail)
    if found:
        return
    try:
        _check(source)
    except minijinja.TemplateError as error:
        yield _at(pointer, error.line or 1, error.detail or error.message)


@functools.lru_cache(maxsize=8)
def _check(source: str) -> None:
    """minijinja.TemplateError where it does not compile. A derived text is asked for twice."""
    _ENVIRONMENT.add_template("checked.html", source)


def _lost(pointer: str, source: str, gone: list[guard.Guarded]) -> Iterator[FieldProblem]:
    for held in gone:
        detail = f"{held.piece.source} would be lost or moved by MJML here; put it into an element's text or attribute"
        yield FieldProblem(pointer, f"line {tags.line_of(source, held.piece.start)}: {detail}", "mjml-tag")


def _mjml_error(pointer: str, protected: str, guarded: list[guard.Guarded], message: str) -> FieldProblem:
    found = _OFFSET.search(message)
    for held in guarded:
        message = message.replace(held.token, held.piece.source)
    detail = f"MJML is strict XML: {message} (every element closed, & written as &amp;)"
    line = f"line {tags.line_of(protected, int(found[1]))}: " if found else ""
    return FieldProblem(pointer, line + detail, "mjml-syntax")


def _at(pointer: str, line: int, detail: str) -> FieldProblem:
    return FieldProblem(pointer, f"line {line}: {detail}", "syntax")


def _refused(variant: VariantSource, problems: list[FieldProblem]) -> ValidationError:
    first = problems[0].detail
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return ValidationError(
        f"The {variant.channel} variant in {variant.locale!r} has problems: {first}{more}", fields=problems
    )
