"""What can be told from a rendering and from the variants side by side, without reading markup."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from posthouse.core.templates.lint.model import Finding, Looked
from posthouse.core.templates.lint.rules import finding
from posthouse.core.templates.model import Category, Rendered, TemplateSource, VariantSource

CLIPPED: Final = 102_400
"""Octets of HTML beyond which Gmail shows only the beginning."""
LONG_SUBJECT: Final = 60
_TAGS: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SHOUTED: Final = re.compile(r"[!?]{2,}|!.*!")
_LEAST_LETTERS: Final = 8
_CAPITALS: Final = 0.7
_UNSUBSCRIBE: Final = re.compile(
    r"unsubscri|opt[-_]?out|d[eé]sinscri|d[eé]sabonn|abmeld|abbestell|darse[-_ ]?de[-_ ]?baja|cancelar[-_ ]suscrip|отпис",
    re.IGNORECASE,
)
_STOP: Final = re.compile(r"\bstop\b", re.IGNORECASE)
_SHOWN: Final = 60


def look_at_rendering(rendered: Rendered, locale: str, index: int) -> Iterator[Finding]:
    """Subject, text and size of what a reader would get."""
    base = f"/variants/{index}"
    if rendered.content is not None:
        return
    if len(rendered.subject) > LONG_SUBJECT:
        detail = f"the subject in {locale!r} has {len(rendered.subject)} characters; over {LONG_SUBJECT} are cut"
        yield finding("subject-long", detail, pointer=f"{base}/subject")
    if not rendered.text.strip():
        yield finding("text-empty", f"the text part in {locale!r} is empty", pointer=f"{base}/text")
    size = len((rendered.html or "").encode("utf-8", "replace"))
    if size > CLIPPED:
        detail = f"{size:,} octets of HTML in {locale!r} with this data; Gmail shows the first {CLIPPED:,}"
        yield finding("html-size", detail, pointer=f"{base}/html")


def look_at_words(source: TemplateSource, programs: Mapping[str, str], index: int) -> Iterator[Finding]:
    """What the author wrote, apart from its markup."""
    variant = source.variants[index]
    base, file = f"/variants/{index}", body_file(variant)
    words = _TAGS.sub("", variant.subject)
    if _shouts(words):
        yield finding(
            "subject-shouting",
            f"the subject in {variant.locale!r} shouts: {words.strip()[:_SHOWN]!r}",
            pointer=f"{base}/subject",
        )
    if variant.text is None and "html" in programs:
        yield finding("text-derived", "the text part is derived from the HTML", pointer=f"{base}/text", file=file)
    if source.category is Category.COMMERCIAL and not _offers_a_way_out(variant, programs):
        yield finding("unsubscribe-missing", "there is no way to unsubscribe", pointer=base, file=file)


def compare(source: TemplateSource, looked: Mapping[int, Looked]) -> Iterator[Finding]:
    """Sentences that a variant shares with that of the default locale, another language."""
    for index, original in _originals(source).items():
        variant = source.variants[index]
        if index not in looked or original not in looked:
            continue
        same = sorted(looked[index].sentences & looked[original].sentences, key=lambda one: (-len(one), one))
        if _same_subject(variant, source.variants[original]):
            same.insert(0, _TAGS.sub("…", variant.subject).strip())
        if same:
            more = f" and {len(same) - 1} more" if len(same) > 1 else ""
            detail = f"the same as in {source.default_locale!r}: {same[0][:_SHOWN]!r}{more}"
            yield finding("translation-missing", detail, pointer=f"/variants/{index}", file=body_file(variant))


def body_file(variant: VariantSource) -> str:
    """The file a variant's body is kept in (docs/howto/templates.md)."""
    if variant.content is not None:
        return f"{variant.channel}.{variant.locale}.{'txt' if variant.channel == 'sms' else 'json'}"
    if variant.document is not None:
        return f"{variant.channel}.json"
    kind = "mjml" if variant.mjml is not None else "html" if variant.html is not None else "txt"
    if kind == "txt" and variant.text is None:
        return f"{variant.channel}.json"
    return f"{variant.channel}.{variant.locale}.{kind}"


def kept(source: TemplateSource, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Without those that the template says to ignore, each once, the worst first."""
    order = {"error": 0, "warning": 1, "info": 2}
    wanted = [one for one in dict.fromkeys(findings) if one.rule not in source.lint_ignore]
    return tuple(sorted(wanted, key=lambda one: (order[one.severity], one.file, one.line)))


def _originals(source: TemplateSource) -> dict[int, int]:
    """For each variant in another language than the default one, the variant it was translated from."""
    default = {one.channel: at for at, one in enumerate(source.variants) if one.locale == source.default_locale}
    language = _language(source.default_locale)
    return {
        at: default[one.channel]
        for at, one in enumerate(source.variants)
        if one.channel in default and _language(one.locale) != language
    }


def _offers_a_way_out(variant: VariantSource, programs: Mapping[str, str]) -> bool:
    """A link in a mail, the word STOP in an SMS; telephones have a switch for push and WhatsApp."""
    if variant.content is None:
        return _UNSUBSCRIBE.search(programs.get("html", "") + programs.get("text", "")) is not None
    words = str(variant.content.get("text", ""))
    return variant.channel != "sms" or _STOP.search(words) is not None or _UNSUBSCRIBE.search(words) is not None


def _same_subject(one: VariantSource, other: VariantSource) -> bool:
    words = re.findall(r"[^\W\d_]{2,}", _TAGS.sub(" ", one.subject))
    return one.subject == other.subject and len(words) > 1


def _language(locale: str) -> str:
    return locale.replace("_", "-").partition("-")[0].lower()


def _shouts(words: str) -> bool:
    letters = [letter for letter in words if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    loud = len(letters) >= _LEAST_LETTERS and capitals > _CAPITALS * len(letters)
    return loud or _SHOUTED.search(words) is not None
