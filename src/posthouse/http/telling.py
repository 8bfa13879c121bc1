"""What happened, in plain sentences of four languages: for the person who asks where the message is."""

import tomllib
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import msgspec

from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages.model import Event, EventType
from posthouse.core.messages.stream import INSTANTS

_ENGAGED: Final = frozenset({EventType.OPENED, EventType.CLICKED})
_SHOWN_INSIDE: Final = frozenset({EventType.EXPIRED, EventType.SUPERSEDED, EventType.RESENT})
"""Their facts stand in the first sentence."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Categories of characters that a terminal might obey, or a reader not see."""
_LONGEST: Final = 500
"""Characters of one fact: some servers answer with a page."""


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language; braces in the sentences name facts."""

    events: dict[str, str]
    further: dict[str, str]
    trace: dict[str, str]
    """What ``posthouse trace`` says around them."""


@lru_cache(maxsize=8)
def words(language: str) -> _Words:
    """The sentences of a language (http/words)."""
    text = (resources.files("posthouse.http") / "words" / f"{language}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Words)


def sentence(event: Event, language: str) -> str:
    """What happened, and who said what: a few short sentences, without control characters.

    Args:
        event: the fact.
        language: one of ``LANGUAGES``.
    """
    spoken = words(language)
    facts = _facts(event)
    first = spoken.events[_variant(event, facts)].format_map(facts)
    further = [spoken.further[name].format_map(facts) for name in _further(event, facts)]
    return " ".join([first, *further])


def _variant(event: Event, facts: dict[str, str]) -> str:
    """Which of the sentences for this type of event fits its facts."""
    word = event.type.name.lower()
    if event.type in _ENGAGED:
        verdict = facts["verdict"]
        return f"{word}_{verdict if verdict in {'human', 'machine'} else 'unknown'}"
    if event.type is EventType.DELIVERED and facts["proof"] in {"answer", "receipt"}:
        return f"{word}_{facts['proof']}"
    if event.type is EventType.CONVERTED and facts["before"]:
        return f"{word}_{'changed' if facts['amount'].strip('0.') else 'cancelled'}"
    special = {
        EventType.FAILED: ("failed_gave_up", event.data.get("reason") == "gave up"),
        EventType.DEFERRED: ("deferred_last_try", event.data.get("last_try")),
        EventType.SUPPRESSED: ("suppressed_because", facts["reason"]),
    }
    name, fits = special.get(event.type, (word, False))
    return name if fits else word


def _further(event: Event, facts: dict[str, str]) -> list[str]:
    """The sentences after the first, by what is known."""
    if event.type in _SHOWN_INSIDE:
        return []
    if event.type in _ENGAGED:
        return [name for name, fact in (("url", "url"), ("verdict", "reason")) if facts[fact]]
    wanted = ["locale"] if facts["locale_asked"] and facts["locale"] else []
    wanted += [f"locale_by_{facts['locale_by']}"] if facts["locale_by"] in {"contact", "key"} else []
    wanted += ["provider"] if facts["provider"] and facts["attempt"] else []
    wanted += [name for name in ("remote", "tls", "milliseconds", "comment") if facts[name]]
    if facts["text"]:
        wanted.append("said" if facts["remote"] or event.data.get("code") else "text")
    elif facts["said"]:
        wanted.append("said")
    return wanted


class _Known(dict[str, str]):
    """The facts of an event; what is not known of it is empty."""

    def __missing__(self, _name: str) -> str:
        return ""


def _facts(event: Event) -> _Known:
    facts = _Known({name: _shown(name, value) for name, value in event.data.items()})
    codes = " ".join(facts[name] for name in ("code", "enhanced") if facts[name])
    text = facts["text"]
    # What came back by mail often begins with the codes: they are not said twice.
    facts["said"] = text if codes and text.startswith(codes) else f"{codes} {text}".strip()
    return facts


def _shown(name: str, value: Any) -> str:
    if name in INSTANTS and isinstance(value, int):
        return show_moment(value)[:19].replace("T", " ") + " UTC"
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(" " if unicodedata.category(letter) in _UNSEEN else letter for letter in text[:_LONGEST])
