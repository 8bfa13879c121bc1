"""The way in for returned mail: read it, find its message, write down what it says. The story, step by step."""

import enum
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import InvalidIdError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.messages.model import Event, EventType, Extras, Message, Status
from posthouse.core.messages.pseudonyms import is_pseudonym
from posthouse.core.returned.model import Kind, Recipient, Returned
from posthouse.core.returned.ports import Filing, Reader, ReturnedStore, Unmatched
from posthouse.core.suppressions.learning import Learner
from posthouse.core.suppressions.model import Bounce, Verdict, fold

SOURCE: Final = "returned mail"
MOST_EVENTS: Final = 50
"""Events that one mail may make: a report about a message of ours names few people."""
_TOLD: Final = frozenset({Kind.BOUNCE, Kind.COMPLAINT, Kind.DELAYED, Kind.DELIVERED})
_NO_COMPLAINT: Final = frozenset({"auth-failure", "not-spam"})
"""Feedback types (RFC 5965 §7.3, RFC 6591) in which nobody complains."""
_extras: Final = msgspec.json.Decoder(Extras)

Proves = Callable[[str], Id | None]
"""Which message of ours an address proves (channels/email/verp.py, ReturnPaths.parse)."""
Normal = Callable[[str], str]


class Filed(enum.StrEnum):
    """What became of a returned mail."""

    FILED = "filed"
    """It is about a message of ours, and written down."""
    UNMATCHED = "unmatched"
    """It is a report, or an ordinary mail, of which no message was found: on the list of those."""
    IGNORED = "ignored"
    """An automatic answer or a challenge: nothing is wrong."""


class Intake:
    """Takes returned mail in.

    Args:
        store: where it is filed.
        read: reads it.
        proves: recognises our return paths.
        normal: the normal form of an address, ValueError when it is none.
        learner: what bounces become suppressions by.
    """

    def __init__(
        self,
        store: ReturnedStore,
        read: Reader,
        *,
        proves: Proves,
        normal: Normal,
        learner: Learner,
        ids: IdSource,
        clock: Clock,
    ) -> None:
        self._store = store
        self._read = read
        self._proves = proves
        self._normal = normal
        self._learner = learner
        self._ids = ids
        self._clock = clock

    async def take(self, raw: bytes, sent_to: Iterable[str], via: str) -> tuple[Filed, Kind]:
        """Files one mail durably; the same mail again changes nothing.

        Args:
            raw: the mail.
            sent_to: its envelope recipients, as far as they are known.
            via: ``smtp`` or ``mailbox``.

        Raises:
            UnavailableError: the store could not write; nothing was filed.
        """
        read = await self._read(raw)
        proved = next((known for address in sent_to if (known := self._proves(address))), read.message_id)
        if read.kind in {Kind.AUTO, Kind.CHALLENGE}:
            return Filed.IGNORED, read.kind
        digest = hashlib.sha256(raw).digest()
        filing = await self._filing(read, proved, digest) if read.kind in _TOLD else None
        if filing is None:
            filing = Filing(unmatched=self._unmatched(read, digest, via))
        if not filing.empty:
            await self._store.file_return(filing)
        return (Filed.UNMATCHED if filing.unmatched else Filed.FILED), read.kind

    async def _filing(self, read: Returned, proved: Id | None, digest: bytes) -> Filing | None:
        """What is to be written about the message that the mail is about; None when there is none."""
        hinted = None if proved else _hint(read.header_message_id)
        message_id = proved or hinted
        now = self._clock.now()
        message = await self._store.message_of(message_id, now) if message_id else None
        if message is None:
            return None
        people = self._people(read.recipients[:MOST_EVENTS], message, certain=proved is not None)
        if not people:
            return None
        events, bounces, status = [], [], None
        for address, said in people:
            event = _event(read, message, address, said, now, digest)
            if event is None:
                continue
            events.append(event)
            if message.live and address:
                bounces += _bounce(read, message, address, said, now)
            if event.type in _STATUS:
                status = (message.id, _STATUS[event.type], now)
        entries, softs = self._learner.lessons(bounces)
        return Filing(tuple(events), status, tuple(entries), tuple(softs))

    def _people(self, told: Sequence[Recipient], message: Message, *, certain: bool) -> list[tuple[str, Recipient]]:
        """Whom of the message's own people each part of the report is about; '' for somebody whom the message does not name.

        Anybody can write a report. One that our return path proves may hide the address, or name the one that ours was forwarded to: with one
        recipient it can only be about her. Without that proof it must name somebody whom the message was really for.
        """
        ours = {self._form(address): address for address in addresses_of(message)}
        found: list[tuple[str, Recipient]] = []
        for said in told:
            mine = ours.get(self._form(said.written_to)) or ours.get(self._form(said.address))
            if mine is None and certain and len(ours) == 1:
                mine = message.recipient
            if mine is not None or certain:
                found.append((mine or "", said))
        return found

    def _form(self, address: str) -> str:
        try:
            return fold(self._normal(address)) if address else ""
        except ValueError:
            return fold(address)

    def _unmatched(self, read: Returned, digest: bytes, via: str) -> Unmatched:
        first = read.recipients[0] if read.recipients else None
        return Unmatched(
            id=self._ids(),
            at=self._clock.now(),
            via=via,
            kind=read.kind.value,
            people=tuple(said.person for said in read.recipients[:10] if said.person),
            verdict=first.verdict.value if first else "",
            words=first.words[:300] if first else "",
            header_message_id=read.header_message_id[:300],
            digest=digest,
        )


_STATUS: Final = {EventType.DELIVERED: Status.DELIVERED, EventType.BOUNCED: Status.BOUNCED}


def addresses_of(message: Message) -> list[str]:
    """Everybody whom a message was for, the person first."""
    if not message.extras:
        return [message.recipient]
    extras = _extras.decode(message.extras)
    return [message.recipient, *(copy.email for copy in (*extras.cc, *extras.bcc))]


def _hint(header_message_id: str) -> Id | None:
    """Our message by its ``Message-ID``; anybody could have written it."""
    try:
        return ids.read(ids.MESSAGE, header_message_id.strip("<> ").partition("@")[0])
    except InvalidIdError:
        return None


def _event(read: Returned, message: Message, address: str, said: Recipient, at: int, digest: bytes) -> Event | None:
    """The fact that one part of a report tells; its key makes the same fact from another copy of the report no second one."""
    data: dict[str, Any] = {
        "source": SOURCE, "class": said.verdict.value, "code": said.code, "enhanced": said.enhanced,
        "text": said.words[:500], "remote": said.remote,
    }  # fmt: skip
    person = address == message.recipient
    if not person:
        data["recipient"] = address or said.person
    if read.kind is Kind.BOUNCE:
        kind, key = (EventType.BOUNCED, "") if person else (EventType.RECIPIENT_REFUSED, address or said.person)
    elif read.kind is Kind.COMPLAINT:
        data["feedback"] = read.feedback
        kind, key = EventType.COMPLAINED, f"{read.feedback} {'' if person else address or said.person}".strip()
    elif read.kind is Kind.DELAYED:
        kind, key = EventType.DELAYED, f"{digest.hex()[:16]}{'' if person else address or said.person}"
    elif person:
        data["proof"] = "receipt"
        kind, key = EventType.DELIVERED, ""
    else:
        return None
    kept = {name: fact for name, fact in data.items() if fact}
    return Event(message.id, message.workspace_id, kind, at, key=key[:320], data=kept)


def _bounce(read: Returned, message: Message, address: str, said: Recipient, at: int) -> list[Bounce]:
    """What is to be learnt about a person."""
    verdict = said.verdict
    if read.kind is Kind.COMPLAINT:
        verdict = Verdict.UNKNOWN if read.feedback in _NO_COMPLAINT else Verdict.COMPLAINT
    elif read.kind is not Kind.BOUNCE:
        return []
    words = "" if is_pseudonym(address) else said.words  # of an erased message nobody is named again
    codes = " ".join(str(word) for word in (said.code, said.enhanced) if word)
    evidence = words if codes and words.startswith(codes) else f"{codes} {words}".strip()
    return [Bounce(message.workspace_id, message.channel, address, verdict, message.id, at, SOURCE, evidence)]
