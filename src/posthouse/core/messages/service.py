"""The one door in, and what is asked about messages afterwards."""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import MINUTE, Clock
from posthouse.core.kernel.errors import FieldProblem, InvalidIdError, NotFoundError, PosthouseError, ValidationError
from posthouse.core.kernel.ids import Id, IdSource, milliseconds_of
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.paging import MAX_PAGE, Page
from posthouse.core.kernel.waiting import Turnstile
from posthouse.core.messages.committer import GroupCommitter
from posthouse.core.messages.content import Content
from posthouse.core.messages.errors import ErasedError, InProgressError, KeyReusedError, TooLateError
from posthouse.core.messages.limits import MAX_NAME, MAX_WORD, Limits
from posthouse.core.messages.model import (
    AcceptResult,
    Channel,
    Event,
    EventType,
    Extras,
    Found,
    KeyReused,
    Message,
    MessageQuery,
    NewMessage,
    Replayed,
    Status,
)
from posthouse.core.messages.places import Places
from posthouse.core.messages.ports import MessageStore, Orders, Releases, Viewer
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.messages.resolve import Resolver, answer_for, body_hash, flow_of, namespaced, refusal, with_order
from posthouse.core.messages.submission import Caller, Order, Receipt, Submission
from posthouse.core.messages.uploads import Upload, make_upload_id, read_upload_id
from posthouse.core.messages.words import Words
from posthouse.core.templates.locales import fallbacks

AT_A_TIME: Final = 16
"""Messages of all batches together that are checked in one turn of the event loop (about a millisecond)."""
NO_SUCH_UPLOAD: Final = (
    "there is no such upload in this workspace; send the file to POST /v1/uploads, use the id it answers"
)

_MESSAGE_ID: Final = re.compile(rf"<?({ids.MESSAGE}_[0-9a-z]{{26}})(?:@[^<>@]*)?>?")
_extras_of: Final = msgspec.json.Decoder(Extras)


def extras_of(raw: bytes | None) -> Extras:
    """The rarely used part of a message row."""
    return _extras_of.decode(raw) if raw else Extras()


def _with_locale(event: Event, extras: Extras, served: str) -> Event:
    """Says at the first event which language was asked for and by whom, what was tried in turn, and which one served."""
    if event.type is not EventType.ACCEPTED:
        return event
    data = {**event.data, "locale": served}
    if extras.locale_by:
        data["locale_by"] = extras.locale_by
    if asked := extras.fallback:
        chain = list(dict.fromkeys(fallbacks(asked, served)))
        data["locale_asked"] = asked
        data["locale_tried"] = chain[: chain.index(served.lower()) + 1] if served.lower() in chain else [*chain, served]
    return msgspec.structs.replace(event, data=data)


class MessageService:
    """Accepts messages and answers for them.

    Args:
        store: keeps them.
        resolver: turns submissions into messages.
        committer: group commit over the store's accept.
        releases: for showing and sending again.
        viewer: renders a message again.
        words: turns words that are looked for into what is kept of them.
        pseudonyms: stand in the place of addresses that were erased.
        places: shows where a search looks on.
        orders: counts what messages confirm.
    """

    def __init__(
        self,
        store: MessageStore,
        resolver: Resolver,
        committer: GroupCommitter,
        releases: Releases,
        viewer: Viewer,
        *,
        words: Words,
        pseudonyms: Pseudonyms,
        places: Places,
        orders: Orders,
        ids: IdSource,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._words = words
        self._pseudonyms = pseudonyms
        self._places = places
        self._orders = orders
        self._store = store
        self._resolver = resolver
        self._committer = committer
        self._releases = releases
        self._viewer = viewer
        self._ids = ids
        self._clock = clock
        self._limits = limits
        self._under_way: set[tuple[Id, str]] = set()
        self._turns = Turnstile()

    async def accept(self, caller: Caller, items: Sequence[Submission]) -> list[Receipt | PosthouseError]:
        """Checks each item, keeps the good ones in one durable commit, and answers for each in order.

        Raises:
            UnavailableError: the store could not write; none of them was kept.
        """
        answers: list[Receipt | PosthouseError | None] = [None] * len(items)
        good: list[tuple[int, NewMessage]] = []
        claimed: list[tuple[Id, str]] = []
        confirming: list[tuple[NewMessage, Order]] = []
        try:
            for index, item in enumerate(items):
                if index % AT_A_TIME == AT_A_TIME - 1:
                    await self._turns.passed()
                try:
                    message = await self._resolver.resolve(caller, item, self._clock.now())
                    await self._check_uploads(caller, item)
                    self._claim_key(message, claimed)
                    good.append((index, message))
                    if item.conversion is not None and await self._kept(caller, item) is None:
                        confirming.append((message, item.conversion))
                except PosthouseError as error:
                    answers[index] = await self._first_answer(caller, item, error) or error
            if confirming:
                await self._count_orders(confirming)
            if good:
                results = await self._committer.commit([message for _, message in good])
                for (index, message), result in zip(good, results, strict=True):
                    answers[index] = _answer(message, result)
        finally:
            self._under_way.difference_update(claimed)
        return [answer for answer in answers if answer is not None]

    async def _count_orders(self, confirming: Sequence[tuple[NewMessage, Order]]) -> None:
        """Before the messages are kept: an order that is counted twice counts once, but one whose message is kept would never be asked for again."""
        for start in range(0, len(confirming), AT_A_TIME):
            some = confirming[start : start + AT_A_TIME]
            became = await asyncio.gather(*(self._orders.confirmed(message, order) for message, order in some))
            for (message, _), one in zip(some, became, strict=True):
                message.answer = with_order(message.answer, one)

    async def _first_answer(self, caller: Caller, item: Submission, error: PosthouseError) -> Receipt | None:
        """What the same request was told when it was accepted: a retry may come after its ``expires_at``, or find a template gone."""
        kept = None if isinstance(error, InProgressError) else await self._kept(caller, item)
        if kept is None or kept[0] != body_hash(item):
            return None
        return _replayed(kept[1])

    async def _kept(self, caller: Caller, item: Submission) -> tuple[bytes, bytes] | None:
        """What is kept under the key of a request: the hash of its body and its answer."""
        key = item.idempotency_key
        if key is None or not 1 <= len(key) <= MAX_WORD:
            return None
        return await self._store.kept_answer(caller.workspace_id, namespaced(caller, key))

    async def _check_uploads(self, caller: Caller, item: Submission) -> None:
        """The identifier of an upload says its size, and is believed only when the file is there and has it."""
        named = {index: read_upload_id(file.upload) for index, file in enumerate(item.attachments) if file.upload}
        if not named:
            return
        sizes = await self._store.blob_sizes(caller.workspace_id, [digest for digest, _ in named.values()])
        problems = [
            FieldProblem(f"/attachments/{index}/upload", NO_SUCH_UPLOAD, "unknown-upload")
            for index, (digest, size) in named.items()
            if sizes.get(digest) != size
        ]
        if problems:
            raise refusal(problems)

    def _claim_key(self, message: NewMessage, claimed: list[tuple[Id, str]]) -> None:
        """One request at a time with one key; items of the same request are told apart by the store."""
        if message.idempotency_key is None:
            return
        key = (message.workspace_id, message.idempotency_key)
        if key in claimed:
            return
        if key in self._under_way:
            raise InProgressError("a request with this idempotency key is still under way; ask again in a moment")
        self._under_way.add(key)
        claimed.append(key)

    async def get(self, workspace_id: Id, message_id: Id) -> Message:
        """One message.

        Raises:
            NotFoundError: the workspace has no such message.
        """
        message = await self._store.message(workspace_id, message_id, self._clock.now())
        if message is None:
            raise NotFoundError(f"there is no message {ids.show(ids.MESSAGE, message_id)} in this workspace")
        return message

    async def search(
        self, query: MessageQuery, *, subject: str | None = None, provider_id: str | None = None
    ) -> Page[Message]:
        """Messages that match, newest first. A page may be short, even empty, while ``next`` says that there may be more.

        Args:
            query: the filters.
            subject: words that must all be in the subject as it was sent, in any order.
            provider_id: what the provider called it, or the ``Message-ID`` that it carries.

        Raises:
            ValidationError: there is no word in one of the last two.
        """
        if provider_id is not None and (own := _own_id(provider_id)) is not None:
            return await self._the_one(own, query, subject)
        limit = max(1, min(query.limit, MAX_PAGE))
        recipient = None if query.recipient is None else self._resolver.written_as(query.recipient)
        words = self._words.asked(query.workspace_id, subject=subject, provider_id=provider_id)
        wanted = msgspec.structs.replace(query, limit=limit + 1, recipient=recipient, words=words)
        page = await self._store.search(wanted, self._clock.now())
        if recipient:
            page = await self._with_erased(page, wanted)
        shown = page.messages[:limit]
        if len(page.messages) > limit:
            return Page(shown, ids.show(ids.MESSAGE, shown[-1].id))
        return Page(shown, None if page.rest is None else self._places.show(page.rest))

    async def _the_one(self, message_id: Id, query: MessageQuery, subject: str | None) -> Page[Message]:
        """One message by its own identifier, if all other filters hold for it too."""
        behind = min(_after(message_id), query.before or _after(message_id))
        since = max(milliseconds_of(message_id) * 1000 - MINUTE, query.since or 0)
        only = msgspec.structs.replace(query, before=behind, since=since, limit=1)
        found = await self.search(only, subject=subject)
        return Page([one for one in found.items if one.id == message_id])

    def place(self, cursor: str) -> Id:
        """Where the page after this cursor begins.

        Raises:
            InvalidIdError: it is none that a page said.
        """
        return self._places.read(cursor)

    async def _with_erased(self, page: Found, query: MessageQuery) -> Found:
        """A page with the messages in it whose address was erased since. The channel is not asked for: an address is of e-mail, or of another."""
        workspace, address = query.workspace_id, query.recipient or ""
        found = [page]
        for channel in [Channel.EMAIL] if "@" in address else [Channel.SMS, Channel.WHATSAPP, Channel.PUSH]:
            erased = self._pseudonyms.of(workspace, channel, address)
            found.append(await self._store.search(msgspec.structs.replace(query, recipient=erased), self._clock.now()))
        rest = max((one.rest for one in found if one.rest is not None), default=None)
        messages = sorted((one for some in found for one in some.messages), key=_newest_first, reverse=True)
        return Found([one for one in messages if rest is None or one.id >= rest], rest)

    async def timeline(self, workspace_id: Id, message_id: Id) -> list[Event]:
        """What happened to a message, oldest first."""
        message = await self.get(workspace_id, message_id)
        events = await self._store.events_of(workspace_id, message_id)
        extras = extras_of(message.extras)
        if not (extras.fallback or extras.locale_by):
            return events
        return [_with_locale(event, extras, message.locale) for event in events]

    async def content(self, workspace_id: Id, message_id: Id) -> Content:
        """What the person was, or will be, sent: rendered again from release and variables.

        Raises:
            ErasedError: it is no longer kept.
        """
        message = await self.get(workspace_id, message_id)
        refuse_erased(message)
        release = await self._releases.by_id(message.release_id) if message.release_id else None
        return await self._viewer.content(message, extras_of(message.extras), release)

    async def cancel(self, workspace_id: Id, message_id: Id) -> Message:
        """Withdraws a message that has not left.

        Raises:
            TooLateError: it is being sent or has ended.
        """
        status = await self._store.cancel(workspace_id, message_id, self._clock.now())
        message = await self.get(workspace_id, message_id)
        if status is not Status.CANCELLED:
            raise TooLateError(f"the message is {message.status.word}; only a waiting one can be cancelled")
        return message

    async def resend(self, caller: Caller, message_id: Id) -> Receipt:
        """Makes a new message with the content of an old one, linked to it, to be sent now.

        Raises:
            TooLateError: the old one still waits to be sent.
            ErasedError: its content is no longer kept.
        """
        old = await self.get(caller.workspace_id, message_id)
        refuse_erased(old)
        if old.status in {Status.SCHEDULED, Status.QUEUED, Status.SENDING, Status.DEFERRED}:
            raise TooLateError(f"the message is {old.status.word}: it will still be sent; cancel it first")
        now = self._clock.now()
        extras = msgspec.structs.replace(extras_of(old.extras), resend_of=old.id)
        new = NewMessage(
            id=self._ids(),
            workspace_id=caller.workspace_id,
            key_id=caller.key_id,
            flow=flow_of(caller),
            live=old.live and caller.live,
            channel=old.channel,
            lane=old.lane,
            template_id=old.template_id,
            release_id=old.release_id,
            locale=old.locale,
            recipient=old.recipient,
            recipient_name=old.recipient_name,
            variables=old.variables,
            created_at=now,
            due_at=now,
            policy=old.policy,
            extras=msgspec.json.encode(extras),
            tags=old.tags,
            correlation=old.correlation,
            uses=tuple(one.digest for one in extras.attachments),
        )
        release = await self._releases.by_id(old.release_id) if old.release_id else None
        await self._resolver.check_suppressed(new, release)
        new.answer = answer_for(new, release)
        result = (await self._committer.commit([new]))[0]
        word = ids.show(ids.MESSAGE, new.id)
        event = Event(old.id, old.workspace_id, EventType.RESENT, now, key=word, data={"message": word})
        await self._store.append([event])
        answer = _answer(new, result)
        if isinstance(answer, PosthouseError):
            raise answer
        return answer

    async def upload(self, workspace_id: Id, name: str, type_: str, data: bytes) -> Upload:
        """Keeps a file that messages may then attach by its id."""
        if not name or len(name) > MAX_NAME:
            raise ValidationError(
                f"name the file (1 to {MAX_NAME} characters)", fields=[FieldProblem("/name", "missing or too long")]
            )
        if len(data) * 4 // 3 > self._limits.max_message:
            raise ValidationError(
                f"the file makes a mail of over {self._limits.max_message} bytes",
                fields=[FieldProblem("/content", f"{len(data)} bytes are too many", "too-large")],
            )
        word, digest = make_upload_id(data)
        await self._store.add_blob(workspace_id, digest, data, self._clock.now())
        return Upload(word, name, type_, len(data))


def refuse_erased(message: Message) -> None:
    """Raises an ErasedError when a message's content is no longer kept."""
    erased = extras_of(message.extras).erased
    if erased is not None:
        why = "its person was removed" if erased.why == "contact" else "by the rules of retention"
        raise ErasedError(f"the content and addresses of this message were erased on {show_moment(erased.at)}: {why}")


def _after(message_id: Id) -> Id:
    """The identifier that follows: a page that ends before it may begin with this one."""
    return (min(int.from_bytes(message_id, "big") + 1, (1 << 128) - 1)).to_bytes(16, "big")


def _newest_first(message: Message) -> Id:
    return message.id


def _own_id(provider_id: str) -> Id | None:
    """The message that one of our own ``Message-ID`` headers names."""
    found = _MESSAGE_ID.fullmatch(provider_id.strip())
    if found is None:
        return None
    try:
        return ids.read(ids.MESSAGE, found[1])
    except InvalidIdError:
        return None


def _replayed(answer: bytes) -> Receipt:
    """The first answer again; it names the first message."""
    return Receipt(ids.read(ids.MESSAGE, msgspec.json.decode(answer)["id"]), answer, replayed=True)


def _answer(message: NewMessage, result: AcceptResult) -> Receipt | PosthouseError:
    if isinstance(result, Replayed):
        return _replayed(result.answer)
    if isinstance(result, KeyReused):
        return KeyReusedError(
            "this idempotency key came with another body before: use a new key for a new message",
            fields=[FieldProblem("/idempotency_key", "used before with another body", "reused")],
        )
    return Receipt(message.id, message.answer)
