"""From what a source asked for to the row that is kept: the story of the way in, step by step."""

import asyncio
import hashlib
from typing import Any, Final

import msgspec

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, NotFoundError, ValidationError, headline
from posthouse.core.kernel.ids import IdSource
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.places import pasted
from posthouse.core.messages.checks import Checks
from posthouse.core.messages.limits import MAX_DERIVED, READ_IN_PASSING, Limits
from posthouse.core.messages.model import Channel, Extras, Lane, NewMessage
from posthouse.core.messages.persons import Asked, Facts, Persons, always, asked_for
from posthouse.core.messages.ports import AddressRules, Checker, Releases, Suppressions, TextOf
from posthouse.core.messages.senders import Senders
from posthouse.core.messages.submission import Caller, Confirmed, Submission
from posthouse.core.templates.model import Category, Release, Sender, Tracking, UnknownPolicy

_encoder: Final = msgspec.json.Encoder()
_stable: Final = msgspec.json.Encoder(order="deterministic")
_CHANNELS: Final = {channel.name.lower(): channel for channel in Channel}
_CHANNEL_WORDS: Final = {channel: name for name, channel in _CHANNELS.items()}
_LANE_WORDS: Final = {lane: lane.name.lower() for lane in Lane}
_NO_EXTRAS: Final = Extras()
_TEST_SENDER: Final = Sender("test@sandbox.example", "Posthouse test")
"""Test messages of a workspace without a sending domain."""


class _Answer(msgspec.Struct, frozen=True):
    """The receipt as the client sees it."""

    id: str
    status: str
    mode: str
    template: str | None
    version: int | None
    channel: str
    locale: str | None
    lane: str
    created_at: str
    send_at: str
    suppression: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Resolver:
    """Turns submissions into messages.

    Args:
        releases: finds what a template key stands for.
        checker: checks variables.
        addresses: judges addresses.
        senders: who a workspace may write as.
        suppressions: who must not be written to.
        persons: whom a message is for.
        ids: gives identifiers.
        text_of: makes a text part of HTML that came without one.
        limits: bounds.
    """

    def __init__(
        self,
        releases: Releases,
        checker: Checker,
        addresses: AddressRules,
        senders: Senders,
        suppressions: Suppressions,
        persons: Persons,
        ids: IdSource,
        text_of: TextOf,
        limits: Limits,
    ) -> None:
        self._releases = releases
        self._checker = checker
        self._addresses = addresses
        self._senders = senders
        self._suppressions = suppressions
        self._persons = persons
        self._ids = ids
        self._text_of = text_of
        self._limits = limits

    async def resolve(self, caller: Caller, wanted: Submission, now: int) -> NewMessage:
        """One message, ready to be kept.

        Raises:
            ValidationError: with every bad field.
            UnknownTemplateError: no such template, version, channel or locale.
        """
        checks = Checks(self._addresses)
        if wanted.contact is None:
            asked = asked_for(caller, wanted)
        else:
            asked = await self._persons.asked(caller, wanted, checks)
        release = await self._release(caller, wanted, asked, checks)
        recipient = self._recipient(wanted, asked, checks)
        sender = await self._sender(caller, wanted, release, checks)
        text = wanted.text if wanted.html is None or checks.problems else await self._text(wanted)
        extras, blobs = self._extras(wanted, release, sender, text, asked, checks)
        due_at = checks.moment("/send_at", wanted.send_at, now) or now
        expires_at = checks.moment("/expires_at", wanted.expires_at, now)
        if expires_at is not None and expires_at <= max(due_at, now):
            checks.wrong("/expires_at", "must lie after now and after send_at", "too-early")
        lane = checks.lane(wanted.lane, release.lane if release else "normal")
        tags = checks.tags(wanted.tags, ours=caller.key_id is None) if wanted.tags else ()
        if wanted.automation is not None:
            tags = (*tags, checks.step(wanted.automation))
        if wanted.conversion is not None:
            checks.order(wanted.conversion)
        message_id = self._ids()
        given = wanted.variables
        if release is not None and release.always and recipient is not None:
            home = await self._persons.home(caller.workspace_id)
            facts = Facts(message_id, caller.live, lane, now, max(due_at, now), recipient, asked, home)
            given = always(release, wanted, facts)
        variables = self._variables(given, release, checks)
        message = NewMessage(
            id=message_id,
            workspace_id=caller.workspace_id,
            key_id=caller.key_id,
            flow=flow_of(caller),
            live=caller.live,
            channel=_CHANNELS[release.channel] if release else Channel.EMAIL,
            lane=lane,
            template_id=release.template_id if release else None,
            release_id=release.id if release else None,
            locale=release.locale if release else asked.locale or "",
            recipient=recipient.email if recipient else "",
            recipient_name=recipient.name if recipient else "",
            variables=variables,
            created_at=now,
            due_at=max(due_at, now),
            expires_at=expires_at,
            policy=release.unknown_policy if release else UnknownPolicy.RESEND,
            extras=None if extras is _NO_EXTRAS or extras == _NO_EXTRAS else _encoder.encode(extras),
            tags=(*release.tags, *tags) if release and release.tags else tags,
            correlation=checks.word("/correlation", wanted.correlation),
            supersedes=checks.word("/supersedes", wanted.supersedes),
            blobs=blobs,
            uses=tuple(one.digest for one in extras.attachments) if extras.attachments else (),
        )
        key = checks.word("/idempotency_key", wanted.idempotency_key)
        if checks.problems:
            raise refusal(checks.problems)
        if key is not None:
            message.idempotency_key = namespaced(caller, key)
            message.idempotency_hash = body_hash(wanted)
        await self.check_suppressed(message, release)
        message.answer = answer_for(message, release)
        return message

    async def check_suppressed(self, message: NewMessage, release: Release | None) -> None:
        """Looks the person up; content of a source's own counts as transactional. Test messages reach nobody, and tell nothing about people."""
        if not message.live:
            return
        category = release.category if release else Category.TRANSACTIONAL
        message.suppressed = await self._suppressions.stops(
            message.workspace_id, message.channel, message.recipient, category, message.due_at
        )

    async def _release(self, caller: Caller, wanted: Submission, asked: Asked, checks: Checks) -> Release | None:
        inline = wanted.subject is not None or wanted.html is not None or wanted.text is not None
        if wanted.template is None:
            self._check_inline(wanted, checks, inline=inline)
            return None
        if inline:
            checks.wrong("/template", "give either template, or subject with html and/or text", "choose-one")
        channel = checks.channel(wanted.channel)
        if checks.problems:
            return None
        locale = asked.locale or (await self._persons.home(caller.workspace_id)).default_locale
        try:
            release = await self._releases.find(caller.workspace_id, wanted.template, wanted.version, channel, locale)
        except NotFoundError as error:
            error.fields = error.fields or (FieldProblem("/template", error.detail, error.slug),)
            raise
        if self._releases.staged and wanted.version is None and asked.to is not None:
            address = asked.to if isinstance(asked.to, str) else asked.to.email
            release = self._releases.share(release, locale, address)
        if release.channel != "email":
            text = f"this version sends e-mail only; a template's {release.channel} can be written and rendered already"
            checks.wrong("/channel", text, "not-supported")
        return release

    def _check_inline(self, wanted: Submission, checks: Checks, *, inline: bool) -> None:
        if not inline:
            checks.wrong("/template", "name a template, or give subject with html and/or text", "missing")
            return
        if wanted.subject is None:
            checks.wrong("/subject", "content of your own needs a subject", "missing")
        checks.word("/subject", wanted.subject, 998)
        if wanted.html is None and wanted.text is None:
            checks.wrong("/html", "content of your own needs html or text", "missing")
        if wanted.version is not None:
            checks.wrong("/version", "a version goes with a template", "not-allowed")
        if wanted.channel not in {None, "email"}:
            checks.wrong("/channel", "content of your own can go by email only", "not-allowed")
        if len(wanted.html or "") + len(wanted.text or "") > self._limits.max_message // 2:
            checks.wrong("/html", f"over {self._limits.max_message // 2} characters together with text", "too-large")

    def written_as(self, recipient: str) -> str:
        """An address that somebody searches for, in the form that messages keep; what is no address stays as it is."""
        bare = pasted(recipient)
        try:
            return self._addresses.normal_email(bare)
        except ValueError:
            return bare

    def _recipient(self, wanted: Submission, asked: Asked, checks: Checks) -> Sender | None:
        if asked.contact is not None:  # its address is in normal form, its name was checked when it was kept
            contact = asked.contact
            return None if contact.email is None else Sender(contact.email, contact.name)
        if wanted.to is None and wanted.contact is None:
            checks.wrong("/to", 'give the address, such as {"email": "ann@example.com", "name": "Ann"}', "missing")
        return checks.party("/to", wanted.to)

    def _variables(self, given: dict[str, Any], release: Release | None, checks: Checks) -> bytes:
        if release is not None:
            checks.problems.extend(
                FieldProblem(f"/variables{problem.pointer}", problem.detail, problem.code)
                for problem in self._checker.problems(release, given)
            )
        variables = _encoder.encode(given)
        if len(variables) > self._limits.max_variables:
            checks.wrong(
                "/variables", f"at most {self._limits.max_variables} bytes; {len(variables)} came", "too-large"
            )
        return variables

    async def _text(self, wanted: Submission) -> str | None:
        """The text part: as given, else what can be read in the HTML. It is kept, so that a retry is the same bytes for ever."""
        html = wanted.html
        if wanted.text is not None or html is None or len(html) > MAX_DERIVED:
            return wanted.text
        if len(html) > READ_IN_PASSING:
            return await asyncio.to_thread(self._text_of, html) or None
        await asyncio.sleep(0)  # a batch of many such gives others a turn
        return self._text_of(html) or None

    def _extras(
        self,
        wanted: Submission,
        release: Release | None,
        sender: Sender | None,
        text: str | None,
        asked: Asked,
        checks: Checks,
    ) -> tuple[Extras, tuple[tuple[bytes, bytes], ...]]:
        fallback = asked.locale if release and asked.locale and asked.locale != release.locale else ""
        checks.locale("/locale", wanted.locale)
        plain = not (
            wanted.attachments or wanted.headers or wanted.metadata or wanted.cc or wanted.bcc or wanted.tracking
        )
        if (
            plain
            and sender is None
            and wanted.reply_to is None
            and wanted.subject is None
            and not fallback
            and not asked.locale_by
        ):
            return _NO_EXTRAS, ()
        attachments, blobs = checks.attachments(wanted.attachments, self._limits.max_message)
        extras = Extras(
            sender=sender,
            reply_to=checks.party("/reply_to", wanted.reply_to),
            cc=checks.parties("/cc", wanted.cc),
            bcc=checks.parties("/bcc", wanted.bcc),
            headers=checks.headers(wanted.headers, ours=release is not None),
            attachments=attachments,
            metadata=checks.metadata(wanted.metadata),
            subject=wanted.subject,
            html=wanted.html,
            text=text,
            fallback=fallback,
            locale_by=asked.locale_by if release else "",
            tracking=Tracking(wanted.tracking.opens, wanted.tracking.clicks) if wanted.tracking else Tracking(),
        )
        return extras, blobs

    async def _sender(
        self, caller: Caller, wanted: Submission, release: Release | None, checks: Checks
    ) -> Sender | None:
        """The sender to keep with the message: as asked for, or the default when the template names none.

        Live mail leaves only in the name of a domain that is ours; test mail never leaves.
        """
        if release is not None and release.channel != "email":
            return None
        sender = checks.party("/from", wanted.sender)
        if sender is None and (release is None or release.sender is None):
            sender = await self._senders.default(caller.workspace_id)
            if sender is None and not caller.live:
                sender = _TEST_SENDER
            if sender is None and wanted.sender is None:
                checks.wrong(
                    "/from", "this workspace has no verified sending domain: run posthouse domains add", "missing"
                )
        if caller.live:
            party = sender or (release.sender if release else None)
            await self._check_ours(caller, "/from", party, checks)
            if release is not None and release.category is Category.COMMERCIAL and party is not None:
                await self._check_tracked(caller, party, checks)
            await self._check_ours(caller, "/reply_to", wanted.reply_to, checks)
        return sender

    async def _check_tracked(self, caller: Caller, party: Sender, checks: Checks) -> None:
        """Commercial mail carries a link to unsubscribe, and that needs a host of ours."""
        if not await self._senders.tracking_url(caller.workspace_id, party.email):
            domain = party.email.rpartition("@")[2]
            text = f"a commercial message needs a link to unsubscribe, and {domain} has no tracking host: run posthouse tracking host"
            checks.wrong("/template", text, "no-tracking-host")

    async def _check_ours(self, caller: Caller, pointer: str, party: Any, checks: Checks) -> None:
        if party is None:
            return
        email = party if isinstance(party, str) else str(party.email)
        if not await self._senders.may_write_as(caller.workspace_id, email):
            domain = email.rpartition("@")[2]
            text = f"{domain} is not a verified sending domain of this workspace: posthouse domains check {domain} says what is missing"
            checks.wrong(pointer, text, "unverified-domain")


def refusal(problems: list[FieldProblem]) -> ValidationError:
    """One error for all bad fields."""
    return ValidationError(headline(problems), fields=problems)


def namespaced(caller: Caller, key: str) -> str:
    """Live and test requests never share a key."""
    return ("live:" if caller.live else "test:") + key


def body_hash(wanted: Submission) -> bytes:
    """What makes two requests the same: their fields, whatever the order or the blanks (SHA-256)."""
    return hashlib.sha256(_stable.encode(msgspec.structs.replace(wanted, idempotency_key=None))).digest()


_flows: dict[tuple[bytes, bytes | None], int] = {}


def flow_of(caller: Caller) -> int:
    """The fairness unit of a caller: 63 bits."""
    unit = (caller.workspace_id, caller.key_id)
    flow = _flows.get(unit)
    if flow is None:
        digest = hashlib.blake2b(unit[0] + (unit[1] or b""), digest_size=8).digest()
        flow = _flows[unit] = int.from_bytes(digest, "big") >> 1
    return flow


def answer_for(message: NewMessage, release: Release | None) -> bytes:
    """What the client is told: JSON."""
    created = show_moment(message.created_at)
    later = message.due_at > message.created_at
    waiting = "scheduled" if later else "queued"
    return _encoder.encode(
        _Answer(
            ids.show(ids.MESSAGE, message.id),
            "suppressed" if message.suppressed else waiting,
            "live" if message.live else "test",
            release.template_key if release else None,
            release.version if release else None,
            _CHANNEL_WORDS[message.channel],
            message.locale or None,
            _LANE_WORDS[message.lane],
            created,
            show_moment(message.due_at) if later else created,
            _stopped_by(message.suppressed) if message.suppressed else msgspec.UNSET,
        )
    )


def with_order(answer: bytes, became: Confirmed) -> bytes:
    """The same answer with what became of the order that the message confirms."""
    return b'%b,"conversion":"%b"}' % (answer[:-1], became.value.encode())


def _stopped_by(stopped: dict[str, Any]) -> dict[str, Any]:
    """What stops a message, without the words of others: those are for who may read the list."""
    return {
        "id": stopped["suppression"],
        "reason": stopped["reason"],
        "category": stopped["category"],
        "since": show_moment(stopped["since"]),
    }
