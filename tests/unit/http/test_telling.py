"""What a timeline says in words."""

import string
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posthouse.core.messages.model import Event, EventType
from posthouse.http.languages import LANGUAGES
from posthouse.http.telling import sentence, words


def _event(kind: EventType, **data: Any) -> Event:
    return Event(b"m" * 16, b"w" * 16, kind, 0, data=data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_facts(language: str) -> None:
    """No sentence is missing, none is too many, and none forgets or invents a fact."""
    english, spoken = words("en"), words(language)
    for part in ("events", "further", "trace"):
        said, wanted = getattr(spoken, part), getattr(english, part)
        assert {key: _facts(text) for key, text in said.items()} == {key: _facts(text) for key, text in wanted.items()}


def _facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(EventType),
    language=st.sampled_from(sorted(LANGUAGES)),
    data=st.dictionaries(
        st.sampled_from(
            [
                "provider",
                "attempt",
                "text",
                "code",
                "remote",
                "reason",
                "verdict",
                "proof",
                "retry_at",
                "last_try",
                "url",
                "message",
                "score",
            ]
        ),
        st.none()
        | st.booleans()
        | st.integers(0, 2**52)
        | st.text(max_size=20)
        | st.lists(st.text(max_size=5), max_size=3),
    ),
)
def test_whatever_is_known_of_an_event_it_can_be_told(kind: EventType, language: str, data: dict[str, Any]) -> None:
    """Every type of event, with any facts, gives a sentence on one line that no terminal takes for a command."""
    said = sentence(_event(kind, **data), language)
    assert said
    assert not [letter for letter in said if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"}]


def test_the_other_side_is_heard() -> None:
    """A refusal names the provider, the server and its own words; greylisting names the next attempt."""
    facts = {
        "provider": "relay",
        "attempt": 2,
        "remote": "mx1.mail.example",
        "code": 550,
        "enhanced": "5.1.1",
        "text": "no such user",
    }
    assert sentence(_event(EventType.BOUNCED, **facts), "en") == (
        "Refused for good. Provider “relay”, attempt 2. Server: mx1.mail.example. It said: “550 5.1.1 no such user”."
    )
    later = sentence(_event(EventType.DEFERRED, retry_at=60_000_000, code=451, text="{retry_at}"), "fr")
    assert (
        later
        == "Pas encore pris. La prochaine tentative est prévue le 1970-01-01 00:01:00 UTC. Sa réponse : « 451 {retry_at} »."
    )


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        (EventType.OPENED, {"verdict": "machine", "reason": "apple-mail-privacy"}, "apple-mail-privacy"),
        (EventType.CLICKED, {"verdict": "human", "url": "https://shop.example/x"}, "https://shop.example/x"),
        (
            EventType.ACCEPTED,
            {"locale_asked": "de-AT", "locale_tried": ["de-at", "de", "en"], "locale": "en"},
            "de-at, de, en",
        ),
        (EventType.SUPPRESSED, {"reason": "hard bounce"}, "hard bounce"),
        (EventType.FAILED, {"reason": "gave up", "attempt": 9, "provider": "relay"}, "9"),
        (EventType.RATED, {"score": 4, "highest": 5, "comment": "Danke!"}, "Danke!"),
    ],
)
def test_which_rule_decided_is_said(kind: EventType, data: dict[str, Any], told: str) -> None:
    """The verdict's rule, the languages tried, what suppressed it: in every language."""
    assert all(told in sentence(_event(kind, **data), language) for language in LANGUAGES)


def test_codes_are_said_once() -> None:
    """What came back by mail often begins with them."""
    for text in ("User unknown", "550 5.1.1 User unknown"):
        told = sentence(_event(EventType.BOUNCED, code=550, enhanced="5.1.1", text=text), "en")
        assert told.count("550 5.1.1 User unknown") == told.count("550") == 1
