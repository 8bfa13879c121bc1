"""What a message that was handed over is found by besides its columns: the words of its subject, and what the provider called it.

Words are kept as keyed hashes of 63 bits, one number for each, so that the index says nothing to whoever has the database alone.
They are written by a follower of the events, in its own time: recording a message only notes its subject.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.stream import StreamStore

PURPOSE: Final = "search words"
"""Of the key that words are hashed with."""
SUBJECT: Final = "subject"
"""The name of the fact that says what a message's subject was. It stays in the house: feeds and webhooks do not tell it."""
LONGEST: Final = 200
"""Characters of a subject that are kept."""
MOST: Final = 16
"""Words of one message's subject, and of one question."""
TURN: Final = 200
"""Events a transaction: some milliseconds in which nobody else writes on SQLite."""

_TOKEN: Final = re.compile(r"\w+(?:[-./_:#@+]\w+)*")
_PART: Final = re.compile(r"[^\W_]{2,}")
_CALLED: Final = re.compile(r"[A-Za-z0-9][\w.:=+@-]{5,}")
_SUBJECT_KIND: Final = b"s"
_PROVIDER_KIND: Final = b"p"


class Handed(NamedTuple):
    """A fact about a hand-over, as it was recorded."""

    message_id: Id
    workspace_id: Id
    data: bytes | None


class WordStore(Protocol):
    """Keeps which message has which word."""

    async def words_position(self) -> int:
        """Up to which event words were kept."""
        ...

    async def handed_between(self, after: int, until: int) -> list[Handed]:
        """Hand-overs among the events with ``after < seq <= until``, in order."""
        ...

    async def keep_words(self, since: int, until: int, found: Sequence[tuple[int, Id]]) -> bool:
        """Keeps words of messages and moves the position, in one transaction. False: somebody else moved it meanwhile."""
        ...


class Words:
    """Turns texts into the numbers that are kept.

    Args:
        key: secret, 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, workspace_id: Id, facts: Mapping[str, Any]) -> set[int]:
        """What a hand-over with these facts is found by."""
        subject = [self._number(workspace_id, _SUBJECT_KIND, word) for word in subject_words(facts.get(SUBJECT) or "")]
        called = called_in(str(facts.get("remote_id") or ""), str(facts.get("text") or ""))
        return {*subject, *(self._number(workspace_id, _PROVIDER_KIND, word) for word in called)}

    def asked(self, workspace_id: Id, *, subject: str | None, provider_id: str | None) -> tuple[int, ...]:
        """What must be kept of a message that is looked for.

        Raises:
            ValidationError: a question without any word.
        """
        found: dict[int, None] = {}
        if subject is not None:
            words = subject_words(subject, parts=False)
            if not words:
                raise _no_word("/subject", "write at least one word of the subject, as it was sent")
            found |= dict.fromkeys(self._number(workspace_id, _SUBJECT_KIND, word) for word in words)
        if provider_id is not None:
            word = _called(provider_id)
            if not word:
                raise _no_word("/provider_id", "write what the provider called the message, such as 4F2A1B9C")
            found[self._number(workspace_id, _PROVIDER_KIND, word)] = None
        return tuple(found)

    def _number(self, workspace_id: Id, kind: bytes, word: str) -> int:
        digest = blake2b(kind + workspace_id + word.encode("utf-8", "replace"), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big") >> 1


def words_by(derive: Callable[[str], bytes]) -> Words:
    """With the key of the house, which ``derive`` makes for a purpose."""
    return Words(derive(PURPOSE))


def subject_words(subject: str, *, parts: bool = True) -> list[str]:
    """The words of a subject, each once, without regard to case: ``A-1001`` is one, and with ``parts`` so are its pieces."""
    folded = unicodedata.normalize("NFKC", subject[:LONGEST]).casefold()
    found: dict[str, None] = {}
    for token in _TOKEN.findall(folded):
        found[token] = None
        if parts:
            found |= dict.fromkeys(_PART.findall(token))
    return list(found)[:MOST]


def called_in(remote_id: str, text: str) -> Iterable[str]:
    """What a provider called a message: the identifier that was found in its answer, and what else looks like one there."""
    words = [remote_id, *(word for word in _CALLED.findall(text) if any(letter.isdigit() for letter in word))]
    return dict.fromkeys(filter(None, map(_called, words[:MOST])))


def _called(word: str) -> str:
    return word.strip().strip("<>[](),;\"'").rstrip(".").casefold()[:255]


def _no_word(pointer: str, advice: str) -> ValidationError:
    return ValidationError("The query has bad values.", fields=[FieldProblem(pointer, advice, "no-word")])


class WordFollower:
    """Keeps the words of what was handed over, a moment behind the events. Two at once do no harm: one of them loses the race and begins again.

    Args:
        store: where words are kept.
        events: the stream.
        words: turns facts into numbers.
        most: events a turn.
    """

    def __init__(self, store: WordStore, events: StreamStore, words: Words, most: int = TURN) -> None:
        self._store = store
        self._events = events
        self._words = words
        self._most = most

    async def turn(self) -> bool:
        """Keeps the words of the next events; whether there are more already.

        Raises:
            UnavailableError: the store cannot be asked; nothing of this turn was kept.
        """
        since = await self._store.words_position()
        end = await self._events.stream_end()
        if end <= since:
            return False
        until = min(end, since + self._most)
        found: set[tuple[int, Id]] = set()
        for one in await self._store.handed_between(since, until):
            facts = msgspec.json.decode(one.data) if one.data else {}
            found |= {(number, one.message_id) for number in self._words.of(one.workspace_id, facts)}
        kept = await self._store.keep_words(since, until, sorted(found))
        return not kept or until < end
