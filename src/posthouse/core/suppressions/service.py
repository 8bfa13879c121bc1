"""The list as people manage it: adding, removing, looking up; each with who did it."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.paging import MAX_PAGE, Page
from posthouse.core.kernel.places import pasted
from posthouse.core.messages.model import Channel
from posthouse.core.messages.pseudonyms import Pseudonyms, is_pseudonym
from posthouse.core.suppressions.errors import UnknownSuppressionError
from posthouse.core.suppressions.learning import Addresses
from posthouse.core.suppressions.model import Covers, LogEntry, Reason, Suppression, SuppressionQuery, fold
from posthouse.core.suppressions.ports import SuppressionStore
from posthouse.core.suppressions.rules import MOST_EVIDENCE
from posthouse.core.suppressions.sieve import Sieve, entries_of

MOST_LOGGED: Final = 200
_MOST_ADDRESS: Final = 320


class Wanted(msgspec.Struct, frozen=True):
    """A suppression that somebody asks for."""

    address: str
    channel: Channel = Channel.EMAIL
    covers: Covers | None = None
    """None: as is usual for the reason."""
    reason: Reason = Reason.MANUAL
    expires_at: int | None = None
    evidence: str = ""


class Author(msgspec.Struct, frozen=True):
    """Who does it, and by which door."""

    source: str
    """``api``, ``command line``, ``import``, ``unsubscribe``."""
    by: str = ""
    message_id: Id | None = None


class SuppressionService:
    """Adds, removes and looks up.

    Args:
        store: the list.
        sieve: of this process, told of every change.
        addresses: brings addresses into their normal form.
        pseudonyms: stand in the place of addresses that were erased.
    """

    def __init__(
        self,
        store: SuppressionStore,
        sieve: Sieve,
        addresses: Addresses,
        pseudonyms: Pseudonyms,
        *,
        ids: IdSource,
        clock: Clock,
    ) -> None:
        self._pseudonyms = pseudonyms
        self._store = store
        self._sieve = sieve
        self._addresses = addresses
        self._ids = ids
        self._clock = clock

    async def add(self, workspace_id: Id, wanted: Wanted, author: Author) -> Suppression:
        """Suppresses an address; the entry that holds now, which may have been there before.

        Raises:
            ValidationError: the address or the end is wrong.
        """
        made = self._made(workspace_id, wanted, author)
        await self._suppress([made])
        return next(
            entry
            for entry in await self._entries(workspace_id, made.channel, made.address)
            if (entry.covers, entry.reason) == (made.covers, made.reason)
        )

    async def add_many(self, workspace_id: Id, wanted: Sequence[Wanted], author: Author) -> int:
        """Suppresses many in one transaction; how many changed anything.

        Raises:
            ValidationError: one of them is wrong; nothing was added.
        """
        return len(await self._suppress([self._made(workspace_id, one, author) for one in wanted]))

    def check(self, workspace_id: Id, wanted: Wanted, author: Author) -> None:
        """Raises what :meth:`add` would raise, and adds nothing."""
        self._made(workspace_id, wanted, author)

    async def unsubscribe(
        self, workspace_id: Id, channel: Channel, address: str, *, message_id: Id | None = None, evidence: str = ""
    ) -> None:
        """The person wants no commercial messages on a channel any more. Again changes nothing."""
        wanted = Wanted(address, channel, Covers.COMMERCIAL, Reason.UNSUBSCRIBE, evidence=evidence)
        await self._suppress([self._made(workspace_id, wanted, Author("unsubscribe", message_id=message_id))])

    async def resubscribe(
        self, workspace_id: Id, channel: Channel, address: str, *, message_id: Id | None = None
    ) -> bool:
        """The person takes every unsubscription from commercial messages back; whether there was one. Entries of other reasons stay."""
        author = Author("unsubscribe", message_id=message_id)
        found = await self._unsubscribed(workspace_id, channel, address)
        return bool(await self._unsuppress([self._removal(entry, author, "") for entry in found]))

    async def is_out(self, workspace_id: Id, channel: Channel, address: str) -> bool:
        """Whether the person has unsubscribed from commercial messages."""
        return bool(await self._unsubscribed(workspace_id, channel, address))

    async def remove(self, workspace_id: Id, suppression_id: Id, author: Author, note: str = "") -> Suppression:
        """Takes an entry away; as it was.

        Raises:
            UnknownSuppressionError: there is none.
        """
        entry = await self.get(workspace_id, suppression_id)
        gone = await self._unsuppress([self._removal(entry, author, note)])
        if not gone:
            raise _unknown(suppression_id)
        return gone[0]

    async def remove_address(
        self, workspace_id: Id, channel: Channel, address: str, author: Author, note: str = ""
    ) -> Sequence[Suppression]:
        """Takes every entry of an address away; as they were."""
        found = await self._entries(workspace_id, channel, self._folded(channel, address))
        return await self._unsuppress([self._removal(entry, author, note) for entry in found])

    async def get(self, workspace_id: Id, suppression_id: Id) -> Suppression:
        """One entry.

        Raises:
            UnknownSuppressionError: there is none.
        """
        entry = await self._store.suppression(workspace_id, suppression_id)
        if entry is None:
            raise _unknown(suppression_id)
        return entry

    async def search(self, query: SuppressionQuery) -> Page[Suppression]:
        """Entries that match, newest first. An address without a channel is one for e-mail."""
        limit = max(1, min(query.limit, MAX_PAGE))
        if query.address is not None:
            channel = query.channel or Channel.EMAIL
            query = msgspec.structs.replace(query, channel=channel, address=self._folded(channel, query.address))
        found = await self._store.suppressions(msgspec.structs.replace(query, limit=limit + 1))
        shown = found[:limit]
        return Page(shown, ids.show(ids.SUPPRESSION, shown[-1].id) if len(found) > limit else None)

    async def pages(self, query: SuppressionQuery) -> AsyncIterator[list[Suppression]]:
        """Every entry that matches, a page at a time; at least one page, if it is empty."""
        query = msgspec.structs.replace(query, limit=MAX_PAGE)
        while True:
            page = await self.search(query)
            yield page.items
            if page.next is None:
                return
            query = msgspec.structs.replace(query, before=page.items[-1].id)

    async def look_up(
        self, workspace_id: Id, channel: Channel, address: str
    ) -> tuple[list[Suppression], list[LogEntry]]:
        """What holds for an address now, and what was done to its entries before, newest first."""
        folded, now = self._folded(channel, address), self._clock.now()
        entries = await self._entries(workspace_id, channel, folded)
        log = await self._store.suppression_log(workspace_id, channel, folded, MOST_LOGGED)
        return [entry for entry in entries if entry.holds(now)], log

    async def _unsubscribed(self, workspace_id: Id, channel: Channel, address: str) -> list[Suppression]:
        """The unsubscriptions from commercial messages that hold now, imported ones too."""
        now = self._clock.now()
        return [
            entry
            for entry in await self._entries(workspace_id, channel, self._folded(channel, address))
            if entry.reason is Reason.UNSUBSCRIBE and entry.covers is not Covers.TRANSACTIONAL and entry.holds(now)
        ]

    async def _suppress(self, entries: Sequence[Suppression]) -> list[Suppression]:
        changed = await self._store.suppress(entries)
        self._sieve.doubt()
        return changed

    async def _unsuppress(self, entries: Sequence[Suppression]) -> list[Suppression]:
        return await self._store.unsuppress(entries) if entries else []

    def _made(self, workspace_id: Id, wanted: Wanted, author: Author) -> Suppression:
        now = self._clock.now()
        if wanted.expires_at is not None and wanted.expires_at <= now:
            problem = FieldProblem("/expires_at", "must lie ahead, or be left out: then it holds for good", "too-early")
            raise ValidationError("The suppression would be over already.", fields=[problem])
        if len(wanted.evidence) > MOST_EVIDENCE:
            problem = FieldProblem("/note", f"at most {MOST_EVIDENCE} characters", "length")
            raise ValidationError("The note is too long.", fields=[problem])
        return Suppression(
            id=self._ids(),
            workspace_id=workspace_id,
            channel=wanted.channel,
            address=self._folded(wanted.channel, wanted.address),
            reason=wanted.reason,
            created_at=now,
            covers=wanted.reason.usual if wanted.covers is None else wanted.covers,
            source=author.source,
            by=author.by,
            message_id=author.message_id,
            evidence=wanted.evidence,
            expires_at=wanted.expires_at,
        )

    def _removal(self, entry: Suppression, author: Author, note: str) -> Suppression:
        return msgspec.structs.replace(
            entry,
            id=self._ids(),
            created_at=self._clock.now(),
            source=author.source,
            by=author.by,
            message_id=author.message_id or entry.message_id,
            evidence=note[:MOST_EVIDENCE],
        )

    async def _entries(self, workspace_id: Id, channel: Channel, folded: str) -> list[Suppression]:
        return await entries_of(self._store, self._pseudonyms, workspace_id, channel, folded)

    def _folded(self, channel: Channel, address: str) -> str:
        """The form that is compared. What stands in the place of an erased address is compared as it is.

        Raises:
            ValidationError: it is no address.
        """
        if is_pseudonym(address):
            return address
        if channel is not Channel.EMAIL:
            if not address.strip() or len(address) > _MOST_ADDRESS:
                raise _bad_address(f"write 1 to {_MOST_ADDRESS} characters")
            return fold(address.strip())
        try:
            return fold(self._addresses.normal_email(pasted(address)))
        except ValueError as error:
            raise _bad_address(str(error)) from None


def _bad_address(detail: str) -> ValidationError:
    return ValidationError("This is no address.", fields=[FieldProblem("/address", detail, "bad-address")])


def _unknown(suppression_id: Id) -> UnknownSuppressionError:
    shown = ids.show(ids.SUPPRESSION, suppression_id)
    return UnknownSuppressionError(f"there is no suppression {shown} in this workspace; it may be gone already")
