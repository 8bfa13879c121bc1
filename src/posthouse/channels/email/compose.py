"""Builds mails from messages: the same message gives the same bytes, however often and wherever it is built.

Nothing here looks at a clock, draws a random number or builds a tree: date, identifier and boundaries follow from the
message.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from posthouse.channels.email.addresses import domain_of, wire_address
from posthouse.channels.email.headers import custom_fields, date, known_mailbox, mailbox, mailboxes
from posthouse.channels.email.mime import Part, assemble
from posthouse.channels.email.model import Identity, Outbound
from posthouse.channels.email.verp import ReturnPaths
from posthouse.channels.email.words import one_line, text_value
from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.messages.content import Content
from posthouse.core.messages.model import Extras
from posthouse.core.templates.model import Release, Rendered, Sender, WireBody
from posthouse.core.templates.ports import Renderer
from posthouse.core.tracking.preferences import unsubscribe_fields
from posthouse.core.tracking.writer import MessageLinks

Fields = list[tuple[str, str]]


class Letter(Protocol):
    """What composing reads of a message: both a claimed one and one read back have it."""

    id: bytes
    workspace_id: bytes
    recipient: str
    recipient_name: str
    variables: bytes
    created_at: int
    due_at: int


class _Mail(NamedTuple):
    fields: Fields
    body: bytes
    header_message_id: str
    wide: bool
    """Whether an address in the header needs UTF-8 (RFC 6532)."""
    subject: str


class EmailComposer:
    """Composer of the e-mail channel.

    Args:
        renderer: runs the programs of a release.
        return_paths: makes envelope senders.
    """

    def __init__(self, renderer: Renderer, return_paths: ReturnPaths) -> None:
        self._renderer = renderer
        self._return_paths = return_paths

    def compose(
        self,
        message: Letter,
        extras: Extras,
        release: Release | None,
        identity: Identity,
        attachments: Mapping[bytes, bytes],
        links: MessageLinks | None = None,
    ) -> Outbound:
        """The signed mail and its envelope. ``links`` writes the links of its template.

        Raises:
            ValidationError: it cannot be built: a variable is missing, an address or header cannot be written.
        """
        sender = sender_of(extras, release)
        if domain_of(sender.email) != identity.domain:
            raise _no_sender(f"the sender {sender.email} is not of the domain {identity.domain} that signs")
        mail = self._build(message, extras, release, sender, attachments, links)
        recipients = _envelope(message, extras)
        signatures = identity.sign(mail.fields, mail.body)
        return Outbound(
            message_id=message.id,
            sender=self._return_paths.make(message.id, identity.return_path),
            recipients=recipients,
            content=_source(signatures + mail.fields, mail.body),
            header_message_id=mail.header_message_id,
            eight_bit=mail.wide,
            smtputf8=mail.wide or not "".join(recipients).isascii(),
            manual_domain=identity.manual,
            subject=mail.subject,
        )

    def view(
        self,
        message: Letter,
        extras: Extras,
        release: Release | None,
        attachments: Mapping[bytes, bytes],
        links: MessageLinks | None = None,
    ) -> Content:
        """The mail as :meth:`compose` builds it, but without signatures, and what a reader sees of it. Errors as there.

        Headers are as sent, unfolded.
        """
        mail = self._build(message, extras, release, sender_of(extras, release), attachments, links)
        seen = (
            inline_content(extras)
            if release is None
            else self._renderer.plain(release, variables_of(message), at=instant_of(message), links=links)
        )
        return Content(
            subject=one_line(seen.subject),
            html=seen.html,
            text=seen.text,
            headers=tuple([(name, value.replace("\r\n", "")) for name, value in mail.fields]),
            attachments=extras.attachments,
            source=_source(mail.fields, mail.body),
        )

    def _build(
        self,
        message: Letter,
        extras: Extras,
        release: Release | None,
        sender: Sender,
        attachments: Mapping[bytes, bytes],
        links: MessageLinks | None,
    ) -> _Mail:
        """Renders, then header and body."""
        wire = self._wire(message, extras, release, links)
        word = ids.show(ids.MESSAGE, message.id)
        without_text = release is None and extras.text is None and wire.html is not None
        body = assemble(
            text=None if without_text else wire.text,
            html=wire.html,
            attachments=extras.attachments,
            contents=attachments,
            unique=word[4:],
        )
        message_id = f"<{word}@{domain_of(sender.email)}>"
        fields = _address_fields(message, extras, release, sender)
        wide = not all(value.isascii() for _, value in fields)
        line = one_line(wire.subject)
        if line:
            fields.append(("Subject", text_value(line, len("Subject: "))))
        if links is not None:
            fields += unsubscribe_fields(release, links)
        fields += _other_fields(message, extras, release, message_id, body)
        return _Mail(fields, body.body, message_id, wide, line)

    def _wire(self, message: Letter, extras: Extras, release: Release | None, links: MessageLinks | None) -> WireBody:
        if release is None:
            return self._renderer.encode(inline_content(extras))
        return self._renderer.wire(release, variables_of(message), at=instant_of(message), links=links)


def sender_of(extras: Extras, release: Release | None) -> Sender:
    """Who a message is from: what the request says, else what the template says.

    Raises:
        ValidationError: neither says anything.
    """
    sender = extras.sender or (release.sender if release is not None else None)
    if sender is None:
        raise _no_sender("name a sender in the request or in the template")
    return sender


def inline_content(extras: Extras) -> Rendered:
    """Content that the source rendered itself."""
    return Rendered(extras.subject or "", extras.html, extras.text or "")


def instant_of(message: Letter) -> int:
    """When a message is written: what its Date says, and what "in 3 days" is reckoned from."""
    return max(message.created_at, message.due_at)


def variables_of(message: Letter) -> dict[str, Any]:
    """What the source said of it."""
    variables: dict[str, Any] = msgspec.json.decode(message.variables or b"{}")
    return variables


def _address_fields(message: Letter, extras: Extras, release: Release | None, sender: Sender) -> Fields:
    """From, To, Cc, Reply-To. Blind copies stand in the envelope only."""
    fields = [
        ("From", known_mailbox(sender.email, sender.name, "/from", len("From: "))),
        ("To", mailbox(message.recipient, message.recipient_name, "/to", len("To: "))),
    ]
    if extras.cc:
        fields.append(("Cc", mailboxes(extras.cc, "/cc", len("Cc: "))))
    reply_to = extras.reply_to or (release.reply_to if release is not None else None)
    if reply_to is not None:
        fields.append(("Reply-To", known_mailbox(reply_to.email, reply_to.name, "/reply_to", len("Reply-To: "))))
    return fields


def _other_fields(message: Letter, extras: Extras, release: Release | None, message_id: str, body: Part) -> Fields:
    """Date, identifier, what the source added, and what the body needs."""
    fields = [
        # Mails planned for later carry the date on which they were due: it must not look old, nor change with a retry.
        ("Date", date(instant_of(message))),
        ("Message-ID", message_id),
    ]
    custom = custom_fields(extras.headers) if extras.headers else []
    named = {name.lower() for name, _ in custom}
    for name, value in (_AUTO_SUBMITTED, ("Feedback-ID", _feedback_id(message.workspace_id, release))):
        if name.lower() not in named:
            fields.append((name, value))
    fields += custom
    fields.append(_MIME_VERSION)
    fields += body.fields
    return fields


_AUTO_SUBMITTED: Final = ("Auto-Submitted", "auto-generated")  # RFC 3834 §5: no out-of-office answers
_MIME_VERSION: Final = ("MIME-Version", "1.0")


def _feedback_id(workspace_id: bytes, release: Release | None) -> str:
    """Gmail's Feedback-ID: three words to count complaints by, then who sends (15 characters of the workspace's id)."""
    if release is None:
        return _feedback_words(workspace_id, "inline", "transactional", "-")
    return _feedback_words(workspace_id, release.template_key, release.category.value, release.locale)


@lru_cache(maxsize=2048)
def _feedback_words(workspace_id: bytes, key: str, category: str, locale: str) -> str:
    kept = "".join([letter for letter in key if letter.isascii() and (letter.isalnum() or letter in "-_.")])
    return f"{kept[:40]}:{category}:{locale}:{ids.show('', workspace_id)[-15:]}"


def _envelope(message: Letter, extras: Extras) -> tuple[str, ...]:
    """Every address once, the person first."""
    person = wire_address(message.recipient, "/to")
    if not extras.cc and not extras.bcc:
        return (person,)
    addresses = [person]
    for kind, copies in (("cc", extras.cc), ("bcc", extras.bcc)):
        addresses += [wire_address(copy.email, f"/{kind}/{place}") for place, copy in enumerate(copies)]
    return tuple(dict.fromkeys(addresses))


def _source(fields: Fields, body: bytes) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in fields]
    lines.append("\r\n")
    return "".join(lines).encode() + body


def _no_sender(detail: str) -> ValidationError:
    return ValidationError("The message has no usable sender.", fields=[FieldProblem("/from", detail)])
