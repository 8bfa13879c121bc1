"""What can be told from an SMS, a push or a WhatsApp message as it was rendered with the sample."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.templates.lint.model import Finding
from posthouse.core.templates.lint.rules import finding
from posthouse.core.templates.mobile import Content
from posthouse.core.templates.mobile.gsm import encoding_of, outside, transliterated, units_of
from posthouse.core.templates.mobile.push import ACTIONS, BODY, TITLE, Push
from posthouse.core.templates.mobile.sms import Sms
from posthouse.core.templates.mobile.whatsapp import WhatsApp
from posthouse.core.templates.model import Category, Rendered

_Found = Callable[[str, str], Finding]
"""Makes a finding of a rule and a detail, in its place."""

_LINK: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_LONG_LINK: Final = 60
_WORDS: Final = re.compile(r"[^\W\d_][\w .'-]*")
_VALUES: Final = 24
"""Values that are made longer at the most: more would not change what is said."""


def look_at_mobile(content: Content, category: Category, index: int, file: str) -> Iterator[Finding]:
    """Everything that one rendering tells."""
    found = partial(finding, pointer=f"/variants/{index}/content", file=file)
    match content:
        case Sms():
            yield from _sms(content, found)
        case Push():
            yield from _push(content, found)
        case WhatsApp():
            yield from _whatsapp(content, category, found)


def look_at_room(
    content: Sms,
    sample: Mapping[str, Any],
    schema: Mapping[str, Any],
    render: Callable[[dict[str, Any]], Rendered],
    index: int,
    file: str,
) -> Iterator[Finding]:
    """Whether longer values push an SMS over the segments that are wanted.

    Args:
        content: rendered with the sample.
        sample: its values.
        schema: of the variables; ``maxLength`` bounds a value.
        render: renders with other values; PosthouseError when those do not fit.
        index: of the variant.
        file: of the variant.
    """
    longer, names = dict(sample), []
    for path, value in list(_words_of(sample, schema, ()))[:_VALUES]:
        candidate = _with(longer, path, value)
        try:
            render(candidate)
        except PosthouseError:
            continue  # a format, a pattern: this value is no free word
        longer = candidate
        names.append(".".join(path))
    seen = render(longer).content if names else None
    if not isinstance(seen, Sms) or seen.segments is None or content.segments is None:
        return
    if seen.segments.segments > max(content.max_segments, content.segments.segments):
        detail = f"{counted(seen.segments.segments, 'segment')} with longer values of {', '.join(names)}"
        detail += f"; with the sample's room is left for {counted(content.segments.room, 'unit')}"
        yield finding("sms-variable", detail, pointer=f"/variants/{index}/content/text", file=file)


def _sms(sms: Sms, found: _Found) -> Iterator[Finding]:
    sized = sms.segments
    if sized is None:
        return
    if sized.segments > sms.max_segments:
        units = counted(sized.units, "unit")
        detail = f"{counted(sized.segments, 'segment')} ({units} of {sized.encoding}); wanted: {sms.max_segments}"
        yield found("sms-segments", detail)
    if sized.encoding == "ucs-2":
        yield from _alphabet(sms.text, found)
    for link in _LINK.findall(sms.text):
        long = sum(units_of(letter, sized.encoding) for letter in link)
        if long > _LONG_LINK:
            yield found("sms-link", f"{long} units for {link[:80]}")


def _alphabet(text: str, found: _Found) -> Iterator[Finding]:
    """Says why a text is UCS-2 when it need not be: what is written in another alphabet has no choice."""
    strange = outside(text)
    signs = [letter for letter in strange if not letter.isalpha() and encoding_of(transliterated(letter)) == "ucs-2"]
    spelt = transliterated("".join(letter for letter in text if letter not in signs))
    if encoding_of(spelt) == "ucs-2":
        return
    if signs:
        yield found("sms-emoji", f"{' '.join(signs)} makes the text UCS-2")
    letters = [letter for letter in strange if letter not in signs]
    if letters:
        yield found("sms-alphabet", f"{' '.join(letters)} makes the text UCS-2")


def _push(push: Push, found: _Found) -> Iterator[Finding]:
    for name, text, most in (("title", push.title, TITLE), ("body", push.body, BODY)):
        if len(text) > most:
            yield found("push-length", f"the {name} has {len(text)} characters; {most} are shown")
    count = len(push.actions)
    if few := [f"{name} {most}" for name, most in ACTIONS.items() if most < count]:
        yield found("push-actions", f"{count} buttons; shown are: {', '.join(few)}")


def _whatsapp(content: WhatsApp, category: Category, found: _Found) -> Iterator[Finding]:
    if (content.category == "marketing") != (category is Category.COMMERCIAL):
        yield found("whatsapp-category", f"{content.category} in a {category.value} template")
    if not content.template:
        yield found("whatsapp-window", "free words only")


def _words_of(part: Any, schema: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every value that is a free word, made longer."""
    known = schema if isinstance(schema, Mapping) else {}
    if isinstance(part, Mapping):
        for name, inner in part.items():
            yield from _words_of(inner, known.get("properties", {}).get(name), (*path, str(name)))
    elif isinstance(part, list | tuple):
        for at, inner in enumerate(part):
            yield from _words_of(inner, known.get("items"), (*path, str(at)))
    elif isinstance(part, str) and _WORDS.fullmatch(part) and not known.keys() & {"enum", "const", "format", "pattern"}:
        most = known.get("maxLength", 2 * len(part))
        yield path, (part * (most // len(part) + 1))[:most]


def _with(part: Any, path: tuple[str, ...], value: str) -> Any:
    """A copy with one value changed."""
    if not path:
        return value
    if isinstance(part, Mapping):
        return {name: _with(inner, path[1:], value) if name == path[0] else inner for name, inner in part.items()}
    return [_with(inner, path[1:], value) if str(at) == path[0] else inner for at, inner in enumerate(part)]
