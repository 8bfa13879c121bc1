"""A variant that holds a document, as a variant that holds MJML: from here on both go the same way."""

from collections.abc import Sequence

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.document import EmailDocument
from posthouse.core.templates.document_reading import read_document, read_theme
from posthouse.core.templates.library.model import NO_LIBRARY, ItemKind, Library
from posthouse.core.templates.model import VariantSource
from posthouse.core.templates.theme import DEFAULT_THEME, Theme
from posthouse.rendering.document import structured
from posthouse.rendering.document.build import build
from posthouse.rendering.document.sharing import missing


class Written(msgspec.Struct, frozen=True):
    """A variant ready for the MJML compiler, and what the compiler must not see."""

    variant: VariantSource
    inserts: dict[str, str] = {}
    warnings: tuple[FieldProblem, ...] = ()
    head: str = ""
    """Goes to the end of the head."""
    pattern: str = ""
    """The MJML of a document with something in place of what is said, and what that is."""
    said: tuple[str, ...] = ()

    def completed(self, html: str | None) -> str | None:
        """The compiled HTML with the document's own HTML in place of its comments."""
        for comment, held in self.inserts.items():
            html = None if html is None else html.replace(comment, held)
        return html.replace("</head>", f"{self.head}</head>", 1) if html is not None and self.head else html


def written(variant: VariantSource, default_locale: str, base: str, library: Library = NO_LIBRARY) -> Written:
    """Writes the document of a variant as MJML; a variant without one stays as it is.

    Raises:
        ValidationError: every problem of the document and its theme, with pointers below ``base``.
    """
    if variant.document is None:
        return Written(variant)
    if variant.mjml is not None or variant.html is not None:
        detail = "give a document or a source of your own (mjml, html), not both"
        raise _refused(variant, [FieldProblem(f"{base}/document", detail, "ambiguous")])
    place = "document"
    try:
        document = read_document(variant.document)
        place = "theme"
        theme = _theme(document, variant, library, f"{base}/document/theme")
    except ValidationError as error:
        raise _refused(variant, _moved(f"{base}/{place}", error.fields)) from None
    if isinstance(theme, FieldProblem):
        raise _refused(variant, [theme])
    built = build(document, theme, variant.locale, default_locale, library)
    unusable = [FieldProblem(f"/about{at}", told, "expression") for at, told in structured.problems(document.about)]
    if found := [*built.problems, *unusable]:
        raise _refused(variant, _moved(f"{base}/document", found))
    settled = {"subject": built.subject, "preheader": built.preheader, "mjml": built.mjml, "document": None}
    as_mjml = msgspec.structs.replace(variant, **settled)
    about = structured.script(document.about) if document.about is not None else ""
    warnings = tuple(_moved(f"{base}/document", built.warnings))
    return Written(as_mjml, built.inserts, warnings, about, built.pattern, built.said)


def _theme(document: EmailDocument, variant: VariantSource, library: Library, pointer: str) -> Theme | FieldProblem:
    """The one the document names, the one beside it, the workspace's default, the built-in one."""
    if document.theme is not None:
        held = library.find(ItemKind.THEME, document.theme.key, document.theme.version)
        if held is None:
            return FieldProblem(pointer, missing(library, ItemKind.THEME, document.theme), "unknown-theme")
        return read_theme(held.content)
    if variant.theme is not None:
        return read_theme(variant.theme)
    usual = library.find(ItemKind.THEME, "")
    return DEFAULT_THEME if usual is None else read_theme(usual.content)


def _moved(base: str, problems: Sequence[FieldProblem]) -> list[FieldProblem]:
    return [FieldProblem(base + found.pointer, found.detail, found.code) for found in problems]


def _refused(variant: VariantSource, problems: Sequence[FieldProblem]) -> ValidationError:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    first = f"{problems[0].pointer.partition('/document')[2] or problems[0].pointer}: {problems[0].detail}"
    return ValidationError(
        f"The document of the {variant.channel} in {variant.locale!r} has problems: {first}{more}", fields=problems
    )
