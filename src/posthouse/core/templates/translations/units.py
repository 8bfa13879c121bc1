"""Every text of a template that a translator would touch, by language; and the way back in.

Units are texts of documents (by the block's id, so that moving a block moves no translation), and of SMS, push and WhatsApp.
 MJML and HTML sources, with their subjects, are whole files: they are listed as missing, never cut into sentences.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.locales import fallbacks
from posthouse.core.templates.mobile import programs_of, read_content
from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.core.templates.translations.marks import marks_in, meaning_of

_WORDS: Final = {"push": ("title", "body"), "sms": ("text",), "whatsapp": ("text",)}
"""Texts of mobile content that have words even where they hold no tag."""
DOCUMENT: Final = "email.json"
_THEME: Final = "theme"
"""Names a theme of the library: ``{"key": "brand"}`` looks like words in a language of three letters."""
_LOCALE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?")


class Unit(msgspec.Struct, frozen=True):
    """One text. ``key`` names it: its file without the locale, ``#``, its place there."""

    key: str
    texts: dict[str, str]
    """By locale."""


class Missing(msgspec.Struct, frozen=True):
    """What a language lacks. ``key`` is a unit, or a whole file (``email.fr.mjml``)."""

    locale: str
    key: str
    shown: str
    """The locale whose words stand in, empty when none do."""


def units_of(source: TemplateSource) -> tuple[Unit, ...]:
    """Every unit, in the order of the source."""
    found: dict[str, dict[str, str]] = {}
    documents = [variant.document for variant in source.variants if variant.document is not None]
    for document in documents[:1]:
        worded = {name: part for name, part in document.items() if name != _THEME}
        for key, texts in _texts(worded, f"{DOCUMENT}#"):
            found[key] = dict(texts)
    for variant in source.variants:
        for key, text in _variant_texts(variant):
            found.setdefault(key, {})[variant.locale] = text
    return tuple([Unit(key, texts) for key, texts in found.items()])


def locales_of(source: TemplateSource) -> tuple[str, ...]:
    """Every locale that the template speaks anywhere."""
    return tuple(
        sorted({one.locale for one in source.variants} | {one for unit in units_of(source) for one in unit.texts})
    )


def missing_in(source: TemplateSource, locales: Sequence[str] = ()) -> tuple[Missing, ...]:
    """What each language lacks. A country's variant lacks nothing that its language has.

    Args:
        source: the template.
        locales: those to look for; every one that is spoken anywhere if none is given.
    """
    units = units_of(source)
    found: list[Missing] = []
    for locale in locales or locales_of(source):
        found.extend(
            Missing(locale, unit.key, _stand_in(unit.texts, locale, source.default_locale))
            for unit in units
            if not _has(unit.texts, locale)
        )
        found.extend(_missing_files(source, locale))
    return tuple(found)


def translated(source: TemplateSource, locale: str, texts: Mapping[str, str]) -> TemplateSource:
    """The source with the words of one language put in. Empty words change nothing.

    Raises:
        TemplateProblemsError: a unit that is not there, or words that lost or gained an expression.
    """
    units = {unit.key: unit for unit in units_of(source)}
    problems = []
    for key, text in texts.items():
        unit = units.get(key)
        if unit is None:
            problems.append(FieldProblem(f"/{key}", f"{key}: the template has no such text", "unknown"))
        elif text and (detail := _changed_marks(unit, source.default_locale, locale, text)):
            problems.append(FieldProblem(f"/{key}", f"{key}: {detail}", "expression"))
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise TemplateProblemsError(f"The translation does not fit: {problems[0].detail}{more}", fields=problems)
    wanted = {key: text for key, text in texts.items() if text}
    return msgspec.structs.replace(source, variants=tuple(_variants(source, locale, wanted)))


def _variants(source: TemplateSource, locale: str, texts: Mapping[str, str]) -> Iterator[VariantSource]:
    document = next((one.document for one in source.variants if one.document is not None), None)
    if document is not None:
        document = _with(document, f"{DOCUMENT}#", locale, texts)
    there = {(one.channel, one.locale) for one in source.variants}
    for variant in source.variants:
        if variant.document is not None:
            yield msgspec.structs.replace(variant, document=document)
        elif variant.locale == locale:
            yield _rewritten(variant, texts)
        else:
            yield variant
    if document is not None and ("email", locale) not in there and any(key.startswith(DOCUMENT) for key in texts):
        one = next(one for one in source.variants if one.document is not None)
        subject = document["subject"].get(locale, one.subject)
        yield msgspec.structs.replace(one, locale=locale, subject=subject.strip(), text=None, document=document)
    for variant in source.variants:
        new = variant.content is not None and variant.locale == source.default_locale
        if new and (variant.channel, locale) not in there and any(key in texts for key, _ in _variant_texts(variant)):
            yield _rewritten(msgspec.structs.replace(variant, locale=locale), texts)


def _rewritten(variant: VariantSource, texts: Mapping[str, str]) -> VariantSource:
    if variant.content is None:
        return variant
    content = msgspec.json.decode(msgspec.json.encode(variant.content))
    for key, _ in _variant_texts(variant):
        if key in texts:
            *above, last = key.partition("#")[2].strip("/").split("/")
            part: Any = content
            for step in above:
                part = part[int(step) if isinstance(part, list) else step]
            part[int(last) if isinstance(part, list) else last] = texts[key]
    return msgspec.structs.replace(variant, content=content)


def _variant_texts(variant: VariantSource) -> Iterator[tuple[str, str]]:
    if variant.content is not None:
        typed = read_content(variant.channel, variant.content)
        named = {name: str(variant.content[name]) for name in _WORDS[variant.channel] if variant.content.get(name)}
        worded = {path: text for path, text in programs_of(variant.channel, typed).items() if _is_worded(path)}
        for index, action in enumerate(variant.content.get("actions", ())):
            named[f"actions/{index}/title"] = action["title"]
        for path, text in sorted({**worded, **named}.items()):
            yield f"{variant.channel}#/{path}", text


def _is_worded(path: str) -> bool:
    """Links, keys and parameters are no words."""
    return path.rpartition("/")[2] in {"title", "body", "text"}


def _texts(part: Any, at: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every text by locale of a document as plain JSON, with its key."""
    if isinstance(part, dict):
        if _is_words(part):
            yield at, part
            return
        for name, inner in part.items():
            yield from _texts(inner, f"{at}/{name}")
    elif isinstance(part, list):
        for index, inner in enumerate(part):
            yield from _texts(inner, f"{at}/{_step(inner, index)}")


def _with(part: Any, at: str, locale: str, texts: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        if _is_words(part):
            return {**part, locale: texts[at]} if at in texts else part
        return {name: _with(inner, f"{at}/{name}", locale, texts) for name, inner in part.items()}
    if isinstance(part, list):
        return [_with(inner, f"{at}/{_step(inner, index)}", locale, texts) for index, inner in enumerate(part)]
    return part


def _step(inner: Any, index: int) -> str:
    return str(inner["id"]) if isinstance(inner, dict) and isinstance(inner.get("id"), str) else str(index)


def _is_words(part: Mapping[str, Any]) -> bool:
    return bool(part) and all(isinstance(text, str) and _LOCALE.fullmatch(name) for name, text in part.items())


def _has(texts: Mapping[str, str], locale: str) -> bool:
    known = {word.lower() for word, text in texts.items() if text}
    language = locale.partition("-")[0].lower()
    return any(word in known for word in fallbacks(locale, language))


def _stand_in(texts: Mapping[str, str], locale: str, default: str) -> str:
    known = {word.lower(): word for word in texts}
    return next((known[word] for word in fallbacks(locale, default) if word in known), "")


def _missing_files(source: TemplateSource, locale: str) -> Iterator[Missing]:
    """Channels whose files are whole, and have none in this language."""
    for channel in dict.fromkeys(
        one.channel for one in source.variants if one.mjml is not None or one.html is not None
    ):
        held = {one.locale: one.locale for one in source.variants if one.channel == channel}
        if not _has(held, locale):
            kinds = {"mjml" if one.mjml is not None else "html" for one in source.variants if one.channel == channel}
            shown = _stand_in(held, locale, source.default_locale)
            yield Missing(locale, f"{channel}.{locale}.{max(kinds)}", shown)


def _changed_marks(unit: Unit, default: str, locale: str, text: str) -> str:
    """What was lost or added of the original's expressions; nothing when they are those of the translation that is there."""
    original = unit.texts.get(default) or next(iter(unit.texts.values()))
    before, after = marks_in(original), marks_in(text)
    meant, said = {meaning_of(one) for one in before}, {meaning_of(one) for one in after}
    if said == {meaning_of(one) for one in marks_in(unit.texts.get(locale, ""))} and locale in unit.texts:
        return ""
    gone, new = (
        [one for one in before if meaning_of(one) not in said],
        [one for one in after if meaning_of(one) not in meant],
    )
    told = [f"{one} is missing" for one in gone] + [f"{one} is new" for one in new]
    return "; ".join(told)
