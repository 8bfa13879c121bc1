"""Removes a person everywhere in a workspace, a little at a time, and proves it.

Whoever does it holds the removal for a minute at a time; killed in the middle, somebody else goes on from the last transaction.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import msgspec

from posthouse.core.keeping.erasure import Erasure, Phase
from posthouse.core.keeping.person import Naming, Person, pattern_of
from posthouse.core.keeping.ports import ErasureStore, Scanned
from posthouse.core.keeping.retention import words_in
from posthouse.core.keeping.scrubbing import Aged, left_of, less_of
from posthouse.core.kernel.clock import MINUTE, SECOND, Clock
from posthouse.core.kernel.errors import FieldProblem, NotFoundError, UnavailableError, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.places import PHONE_ADVICE, is_phone, pasted
from posthouse.core.messages.model import Channel, Extras
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.messages.words import Words

BITE: Final = 100
"""Messages a transaction."""
LOOK: Final = 200
"""Rows looked through at a time."""
QUIET: Final = 20
"""How often it looks before it notes how far it is, while nothing is found: each note is a commit."""
ROUNDS: Final = 3
"""How often everything is looked through while others write the person down again."""
WHY: Final = "contact"
PURPOSE: Final = "erasure"
_CHANNELS: Final = {"email": (Channel.EMAIL,), "phone": (Channel.SMS, Channel.WHATSAPP)}
_extras: Final = msgspec.json.Decoder(Extras).decode

Rest = Callable[[float], Awaitable[None]]


class Box(Protocol):
    """Seals what stands in the store (stores/sealed.py)."""

    def seal(self, secret: bytes, *, purpose: str) -> bytes:
        """Sealed."""
        ...

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """The secret again."""
        ...


class Forms(Protocol):
    """The ways in which an address is written (channels/email/addresses.py)."""

    def __call__(self, address: str) -> tuple[str, ...]:
        """Its normal form first. ValueError: it is no address."""
        ...


class ErasureService:
    """Removes persons.

    Args:
        store: where everything is.
        forms: the ways in which an address is written.
        pseudonyms: stand in the place of addresses that stay suppressed.
        words: what messages are found by.
        box: seals whom it is about until it is done.
        new_id: makes identifiers.
        token: this process's own, random.
        clock: the time.
    """

    def __init__(
        self,
        store: ErasureStore,
        forms: Forms,
        pseudonyms: Pseudonyms,
        words: Words,
        box: Box,
        *,
        new_id: IdSource,
        token: int,
        clock: Clock,
    ) -> None:
        self._store = store
        self._forms = forms
        self._pseudonyms = pseudonyms
        self._words = words
        self._box = box
        self._new_id = new_id
        self._token = token
        self._clock = clock

    def person(self, email: str | None, phone: str | None) -> Person:
        """Whom to remove.

        Raises:
            ValidationError: no address, or none that is one.
        """
        problems: list[FieldProblem] = []
        forms: tuple[str, ...] = ("",)
        if email:
            try:
                forms = self._forms(pasted(email))
            except ValueError as error:
                problems.append(FieldProblem("/email", str(error), "bad-address"))
        if phone and not is_phone(phone):
            problems.append(FieldProblem("/phone", PHONE_ADVICE, "form"))
        if not email and not phone:
            problems.append(FieldProblem("/email", "say whom: an email, a phone, or both", "missing"))
        if problems:
            raise ValidationError("The person cannot be removed like this.", fields=problems)
        return Person(forms[0], phone or "", forms[1:])

    async def begin(self, workspace_id: Id, person: Person, source: str, by: str) -> Erasure:
        """Notes that a person is to be removed; it is done soon, by whoever keeps house."""
        sealed = self._box.seal(msgspec.json.encode(person), purpose=PURPOSE)
        made = Erasure(
            self._new_id(), workspace_id, self._clock.now(), source, by,
            pseudonyms=tuple(dict.fromkeys(one for _, _, one in self._places(workspace_id, person))), sealed=sealed,
        )  # fmt: skip
        await self._store.add_erasure(made)
        return made

    async def get(self, workspace_id: Id, erasure_id: Id) -> Erasure:
        """A removal and how far it is.

        Raises:
            NotFoundError: there is none.
        """
        found = await self._store.erasure(workspace_id, erasure_id)
        if found is None:
            raise NotFoundError("there is no such removal in this workspace")
        return found

    async def outlook(self, workspace_id: Id, person: Person, rest: Rest) -> dict[str, int]:
        """How many rows name a person, by table; nothing is changed."""
        pattern, found = pattern_of(person), dict[str, int]()
        for table in range(len(self._store.tables)):
            after = ""
            while True:
                began = self._clock.monotonic()
                some = await self._store.scan(workspace_id, table, after, pattern, LOOK)
                if some.hits:
                    found[self._store.tables[table]] = found.get(self._store.tables[table], 0) + len(some.hits)
                if some.last is None:
                    break
                after = some.last
                await rest((self._clock.monotonic() - began) / SECOND)
        recipients = [one for _, _, one in self._places(workspace_id, person)]
        if hidden := len(await self._store.persons_messages(workspace_id, recipients, LOOK)):
            found["messages"] = found.get("messages", 0) + hidden
        return found

    async def work(self, rest: Rest, only: Id | None = None) -> int:
        """Goes on with all removals that nobody else holds; how many were finished. One that fails does not keep others from being done.

        Raises:
            UnavailableError: the store cannot be asked; what was done stays done.
        """
        finished, failed = 0, None
        for one in await self._store.open_erasures():
            if only not in (None, one.id):
                continue
            try:
                finished += await self._through(one, rest)
            except UnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 - raised below, once all others had their turn
                failed = failed or error
        if failed is not None:
            raise failed
        return finished

    async def _through(self, erasure: Erasure, rest: Rest) -> bool:
        """One removal, to its end or until it has to wait for a message that is being sent."""
        while erasure.phase is not Phase.DONE:
            began = self._clock.monotonic()
            now = self._clock.now()
            held = await self._store.hold_erasure(erasure.id, self._token, now, now + MINUTE)
            if held is None:
                return False
            person = msgspec.json.decode(self._box.open(held.sealed, purpose=PURPOSE), type=Person)
            went_on = await self._step(held, person)
            if went_on is None:
                return False
            erasure = went_on
            await rest((self._clock.monotonic() - began) / SECOND)
        return True

    async def _step(self, erasure: Erasure, person: Person) -> Erasure | None:
        """One transaction's worth; None: nothing can be done now."""
        if erasure.phase is Phase.MESSAGES:
            return await self._messages(erasure, person)
        if erasure.phase is Phase.SUPPRESSIONS:
            erasure.phase = Phase.STRIKE
            return await self._store.hash_suppressions(erasure, self._places(erasure.workspace_id, person))
        if self._looked_through(erasure):
            return await self._turned(erasure)
        pattern = pattern_of(person)
        for _ in range(QUIET):
            name = self._store.tables[erasure.table]
            some = await self._store.scan(erasure.workspace_id, erasure.table, erasure.position, pattern, LOOK)
            _move_on(erasure, some)
            if some.hits or self._looked_through(erasure):
                return await self._found(erasure, name, some, person, pattern)
        return await self._store.keep_erasure(erasure)

    def _looked_through(self, erasure: Erasure) -> bool:
        """Whether nothing is left to look at. What is changed by hand stands last, and is looked at only to prove."""
        tables = self._store.tables
        if erasure.table >= len(tables):
            return True
        return erasure.phase is Phase.STRIKE and tables[erasure.table] in self._store.by_hand

    def _places(self, workspace_id: Id, person: Person) -> list[tuple[Channel, str, str]]:
        """By which addresses messages and suppressions are found: channel, address, what stands for it."""
        known = (("email", person.email), ("phone", person.phone))
        return [
            (channel, address, self._pseudonyms.of(workspace_id, channel, address))
            for name, address in known
            if address
            for channel in _CHANNELS[name]
        ]

    async def _messages(self, erasure: Erasure, person: Person) -> Erasure | None:
        """Empties some messages to the person; those that wait are withdrawn first."""
        workspace = erasure.workspace_id
        recipients = [one for _, address, hashed in self._places(workspace, person) for one in (address, hashed)]
        some = await self._store.persons_messages(workspace, recipients, BITE)
        if not some:
            erasure.phase = Phase.SUPPRESSIONS
            return await self._store.keep_erasure(erasure)
        for one in some:
            if one.pending:
                await self._store.cancel(workspace, one.id, self._clock.now(), "its person was removed")
        ended = await self._store.ended_of([one.id for one in some])
        ready = [one for one in some if one.id in ended]
        return await self._empty(erasure, ready) if ready else None

    async def _empty(self, erasure: Erasure, some: Sequence[Aged]) -> Erasure | None:
        workspace, now = erasure.workspace_id, self._clock.now()
        facts = await self._store.facts_of([one.id for one in some])
        files = {file.digest for one in some if one.extras for file in _extras(one.extras).attachments}
        erasure.digests = tuple(sorted({*erasure.digests, *files}))
        return await self._store.empty_messages(
            erasure,
            [left_of(one, workspace, None, now, WHY) for one in some],
            less_of(facts, self._pseudonyms),
            list(words_in(facts, workspace, self._words)),
        )

    async def _found(
        self, erasure: Erasure, name: str, some: Scanned, person: Person, pattern: Naming
    ) -> Erasure | None:
        """Some rows of one table that name the person: struck, or, while proving, counted."""
        many = len(some.hits)
        if erasure.phase is Phase.STRIKE and name not in self._store.by_hand:
            return await self._store.strike(erasure, name, some.hits, pattern, person)
        if many and name in self._store.by_hand:
            if erasure.phase is Phase.PROVE:
                erasure.by_hand = {**erasure.by_hand, name: erasure.by_hand.get(name, 0) + many}
        elif many:
            erasure.found = {**erasure.found, name: erasure.found.get(name, 0) + many}
        return await self._store.keep_erasure(erasure)

    async def _turned(self, erasure: Erasure) -> Erasure | None:
        """All tables were looked through."""
        erasure.table, erasure.position = 0, ""
        if erasure.phase is Phase.STRIKE:
            erasure.phase, erasure.by_hand, erasure.found = Phase.PROVE, {}, {}
            return await self._store.forget_files(erasure)
        erasure.rounds += 1
        if erasure.found and erasure.rounds < ROUNDS:
            erasure.phase = Phase.MESSAGES  # somebody wrote the person down again meanwhile
            return await self._store.keep_erasure(erasure)
        erasure.phase, erasure.sealed, erasure.digests = Phase.DONE, b"", ()
        erasure.ended_at, erasure.token, erasure.held_until = self._clock.now(), 0, 0
        return await self._store.keep_erasure(erasure)


def _move_on(erasure: Erasure, some: Scanned) -> None:
    """To behind the rows that were looked through. Files that they name are not the person's alone."""
    erasure.digests = tuple(digest for digest in erasure.digests if digest not in some.files)
    if some.last is None:
        erasure.table, erasure.position = erasure.table + 1, ""
    else:
        erasure.position = some.last
