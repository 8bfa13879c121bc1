"""SMS, push and WhatsApp among a template's files: ``sms.fr.txt``, ``push.fr.json``, ``whatsapp.fr.json``."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.mobile import read_content
from posthouse.core.templates.model import VariantSource

NAMES: Final = ("sms.en.txt", "push.en.json", "whatsapp.en.json")
_LOCALE: Final = r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*"
FILE: Final = re.compile(
    rf"(?:(?P<text>sms)(?:\.(?P<spoken>{_LOCALE}))?\.txt|(?P<typed>push|whatsapp)(?:\.(?P<locale>{_LOCALE}))?\.json)"
)
_SETTINGS: Final = "template.toml"
_SMS: Final = {"transliterate": bool, "max_segments": int}

Add = Callable[[str, str, str], None]
"""Takes a problem: file with its place, detail, code."""


def locale_in(name: str) -> str:
    """The locale that a file's name holds, empty when it holds none or is no file of these formats."""
    found = FILE.fullmatch(name)
    return (found["spoken"] or found["locale"] or "") if found else ""


def take_mobile(
    texts: dict[str, str], settings: Mapping[str, Any], default_locale: str, locale: Callable[[str], str], add: Add
) -> Iterator[VariantSource]:
    """Takes the files of these formats out of ``texts``; one variant for each.

    Args:
        texts: contents by name.
        settings: of template.toml; ``[sms]`` is read.
        default_locale: of files whose name holds none.
        locale: brings a locale into its normal form.
        add: takes the problems.
    """
    sms = _sms_settings(settings, add)
    seen: dict[tuple[str, str], str] = {}
    for name in sorted(name for name in texts if FILE.fullmatch(name)):
        text, channel = texts.pop(name), name.partition(".")[0]
        spoken = locale(locale_in(name)) or default_locale
        if (before := seen.setdefault((channel, spoken), name)) != name:
            add(name, f"says the same as {before}; keep one", "ambiguous")
            continue
        content: Any = {"text": text.strip(), **sms} if channel == "sms" else _object(name, text, add)
        if content is not None and _fits(name, channel, content, add):
            yield VariantSource(channel, spoken, content=content)


def _fits(name: str, channel: str, content: dict[str, Any], add: Add) -> bool:
    try:
        read_content(channel, content)
    except ValidationError as error:
        for found in error.fields:
            add(f"{name}{'' if channel == 'sms' else found.pointer}", found.detail, found.code)
        return False
    return True


def _object(name: str, text: str, add: Add) -> dict[str, Any] | None:
    try:
        decoded = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        add(name, f"is not valid JSON: {error}", "invalid")
        return None
    if not isinstance(decoded, dict):
        add(name, "must hold an object: { … }", "invalid")
        return None
    return decoded


def _sms_settings(settings: Mapping[str, Any], add: Add) -> dict[str, Any]:
    given = settings.get("sms", {})
    if not isinstance(given, dict):
        add(_SETTINGS, "[sms] is a table: transliterate = true, max_segments = 2", "invalid")
        return {}
    for name in given.keys() - _SMS.keys():
        add(_SETTINGS, f"[sms] knows {_listed(_SMS)}, not {name!r}", "unknown")
    for name, kind in _SMS.items():
        if name in given and type(given[name]) is not kind:
            add(_SETTINGS, f"sms.{name} must be {'true or false' if kind is bool else 'a whole number'}", "invalid")
    return {name: given[name] for name, kind in _SMS.items() if type(given.get(name)) is kind}


def _listed(words: Collection[str]) -> str:
    return " and ".join(words)
