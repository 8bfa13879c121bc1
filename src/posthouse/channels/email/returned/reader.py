"""Reads a returned mail: who did not get the message, and why (RFC 3464, 6533, 5965, 3834, and forty years of habits)."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from posthouse.channels.email.returned import auto, body, dsn
from posthouse.channels.email.returned.judge import Told, judge
from posthouse.channels.email.returned.notices import read_notice
from posthouse.channels.email.returned.parts import Fields
from posthouse.channels.email.returned.sections import Sections, read_sections
from posthouse.channels.email.returned.tongues import NOT_DELIVERED, STILL_TRYING, bare
from posthouse.channels.email.returned.words import find_addresses, first_address, fold
from posthouse.core.kernel.ids import Id
from posthouse.core.returned.model import Kind, Recipient, Returned
from posthouse.core.suppressions.model import Verdict

Ours = Callable[[str], Id | None]
"""Which message of ours an address proves: ``ReturnPaths.parse``."""

_MOST: Final = 200
_MOST_INNER: Final = 2
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{3,250}>")
_RECEIVED_FOR: Final = re.compile(r"\bfor\s{1,9}<?([^\s<>;]{3,320}@[^\s<>;]{1,255})")
_ENVELOPE: Final = (
    "x-original-to",
    "delivered-to",
    "envelope-to",
    "x-envelope-to",
    "original-recipient",
    "to",
    "x-apparently-to",
)
_SENT_TO: Final = (
    "x-hmxmroriginalrecipient",
    "x-original-to",
    "x-envelope-to",
    "envelope-to",
    "x-rcpt-to",
    "to",
    "cc",
    "delivered-to",
    "apparently-to",
)
_COMPLAINT: Final = re.compile(
    r"^\s*(?:complaint about message from|email feedback report|abuse report|spam (?:report|complaint))", re.IGNORECASE
)
_DELAY: Final = re.compile(
    r"not yet been delivered|has been delayed|will be retried|will continue to (?:try|be)|warning message only|"
    r"still being attempted|do not need to resend|delivery attempts will continue|not need to resend|"
    rf"not been able to deliver[^.]{{0,60}}yet|{STILL_TRYING}",
    re.IGNORECASE,
)
_DELAY_SUBJECT: Final = re.compile(r"\bdelay(?:ed)?\b|^warning:|still (?:being )?(?:retried|trying)", re.IGNORECASE)


def read_returned(raw: bytes, *, ours: Ours | None = None) -> Returned:
    """Reads any bytes that came back; never raises, and takes time in proportion to the first megabyte.

    Args:
        raw: the mail as it arrived, with any line ends, with or without a mailbox's ``From `` line.
        ours: tells which message an address of ours stands for (:meth:`ReturnPaths.parse`).
    """
    sections = read_sections(raw)
    read = _read(sections)
    for _ in range(_MOST_INNER):
        # Somebody forwarded a report, or a gateway wrapped it: it is the mail inside that counts.
        if not sections.inner or not (read.kind is Kind.NOT_A_REPORT or _wraps_a_report(sections)):
            break
        inner = read_sections(sections.inner)
        again = _read(inner)
        if again.kind is Kind.NOT_A_REPORT:
            break
        sections, read = inner, again
    return _identified(read, sections, ours)


def _wraps_a_report(sections: Sections) -> bool:
    """Whether the mail inside is a report by its own type: nobody sends reports about reports."""
    return "report-type" in sections.original.first("content-type").lower()


def _read(sections: Sections) -> Returned:
    """The first way of reading that fits; the surest stand first."""
    for way in _WAYS:
        read = way(sections)
        if read:
            return read
    return Returned(Kind.NOT_A_REPORT)


# --- complaints ---


def _complaint(sections: Sections) -> Returned | None:
    """A feedback report (RFC 5965), or the older form that Hotmail still writes."""
    told_so = "feedback-report" in sections.report or _COMPLAINT.search(sections.fields.subject)
    if not sections.feedback and not told_so:
        return None
    report = _report_fields(sections.feedback)
    feedback = (report.get("feedback-type") or ["abuse"])[0].strip().lower()[:40]
    feedback = fold(feedback)
    words = fold(sections.human)
    told = [
        address
        for name in ("original-rcpt-to", "removal-recipient", "redacted-address", "original-recipient")
        for value in report.get(name, [])
        for address in [first_address(f"<{value.strip().strip('<>')}>")]
        if address
    ]
    if not told:
        told = sent_to(sections.original)
    verdict = Verdict.UNKNOWN if feedback == "not-spam" else Verdict.COMPLAINT
    recipients = tuple(Recipient(address, verdict, words=words) for address in dict.fromkeys(told[:_MOST]))
    return Returned(Kind.COMPLAINT, recipients or (Recipient("", verdict, words=words),), feedback=feedback)


def _report_fields(text: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for line in text[: 1 << 16].split("\n"):
        name, colon, value = line.partition(":")
        if colon and len(fields) < _MOST:
            fields.setdefault(name.strip().lower(), []).append(value)
    return fields


# --- delivery status notifications ---


def _notice(sections: Sections) -> Returned | None:
    return read_notice(sections.human)


def _notification(sections: Sections) -> Returned | None:
    """A delivery status notification, or its fields in the text for people."""
    statuses = dsn.read_status(sections.status)
    if not statuses and "recipient:" in sections.human.lower():
        statuses = dsn.read_status(sections.human)
        sections = msgspec.structs.replace(sections, human=dsn.before_fields(sections.human))
    return _of_statuses(sections, statuses) if statuses else None


def _of_statuses(sections: Sections, statuses: list[dsn.Status]) -> Returned:
    failures = [status for status in statuses if status.action not in {"delivered", "relayed", "expanded"}]
    if not failures:
        done = tuple(
            Recipient(
                item.address,
                Verdict.AUTO,
                fold(item.status[:12]),
                words=item.diagnostic,
                remote=item.remote,
                written_to=item.written_to,
            )
            for item in statuses
        )
        return Returned(Kind.DELIVERED, done)
    mentions = body.judge_mentions(sections.human, ()) if len(failures) > 1 else []
    everyone = [status.address for status in failures]
    recipients = []
    for status in failures:
        human = (
            sections.human
            if len(failures) == 1
            else body.words_about(sections.human, mentions, status.address, everyone)
            or body.words_about(sections.human, mentions, status.written_to or status.address, everyone)
        )
        delayed = status.action in {"delayed", "deferred"}
        judged = judge(Told(status.diagnostic, human, status.status, delayed))
        recipients.append(
            Recipient(
                status.address,
                judged.verdict,
                judged.enhanced,
                judged.code,
                judged.words,
                status.remote,
                status.written_to or body.written_to(sections.human, status.address),
            )
        )
    kind = Kind.DELAYED if all(item.action in {"delayed", "deferred"} for item in failures) else Kind.BOUNCE
    return Returned(kind, _unique(recipients))


def _unique(recipients: list[Recipient]) -> tuple[Recipient, ...]:
    seen: dict[str, Recipient] = {}
    for recipient in recipients:
        seen.setdefault(recipient.address.lower(), recipient)
    return tuple(seen.values())


# --- everything else ---


def _named_in_header(sections: Sections) -> Returned | None:
    """Exim, Gmail and others name the recipients in a header field."""
    failed = _failed_recipients(sections.fields)
    return _told(sections, failed) if failed else None


def _from_mail_system(sections: Sections) -> Returned | None:
    """A server wrote it: its words are all there is."""
    sure = auto.sent_by_a_server(sections.fields) or bool(sections.status)
    if not sure and not auto.sounds_like_a_bounce(sections):
        return None
    read = _told(sections, [])
    return read if read.recipients and (sure or _has_evidence(read, sections.human)) else None


def _automatic(sections: Sections) -> Returned | None:
    """A machine answers for a person (RFC 3834)."""
    kind = auto.challenge_or_auto(sections)
    if kind is None or (kind is Kind.AUTO and auto.sent_by_a_server(sections.fields)):
        return None
    who = auto.author(sections)
    return Returned(kind, (Recipient(who, Verdict.AUTO, words=fold(sections.human)),) if who else ())


def _resembling(sections: Sections) -> Returned | None:
    """Nothing in the header tells, but a message came back with codes above it."""
    read = _told(sections, []) if sections.original.pairs else None
    return read if read and read.recipients and _has_codes(read) else None


def _has_codes(read: Returned) -> bool:
    return any(recipient.enhanced or recipient.code for recipient in read.recipients)


def _has_evidence(read: Returned, human: str) -> bool:
    if NOT_DELIVERED.search(bare(human[:4_000].lower())):
        return True
    return _has_codes(read) or any(recipient.verdict is not Verdict.UNKNOWN for recipient in read.recipients)


def _told(sections: Sections, failed: list[str]) -> Returned:
    """A bounce told in words only; ``failed`` are the recipients when a header field names them."""
    text = sections.human
    mentions = body.judge_mentions(text, {address.lower() for address in _envelope(sections.fields)})
    people = failed or _people(mentions, sections.original)
    delayed = bool(_DELAY.search(bare(text[:8_000].lower())))
    if not delayed and _DELAY_SUBJECT.search(sections.fields.subject):
        delayed = judge(Told(human=text)).verdict is not Verdict.HARD  # "Warning: ann@example.net - User unknown!"
    recipients = []
    for address in people[:_MOST]:
        human = body.words_about(text, mentions, address, people) if len(people) > 1 else text
        judged = judge(Told(human=human or text, delayed=delayed))
        recipients.append(
            Recipient(
                address,
                judged.verdict,
                judged.enhanced,
                judged.code,
                judged.words,
                written_to=body.written_to(text, address),
            )
        )
    return Returned(Kind.DELAYED if delayed else Kind.BOUNCE, _unique(recipients))


def _people(mentions: list[body.Mention], original: Fields) -> list[str]:
    """Those named in the text; when it only mentions somebody, those that the message was sent to."""
    best = max((mention.rank for mention in mentions), default=body.STAFF)
    named = body.recipients_of(mentions) if best > body.STAFF else []
    if best >= body.TOLD:
        return named
    sent = sent_to(original)
    both = [address for address in named if address.lower() in {other.lower() for other in sent}]
    return both or sent or named


def _failed_recipients(fields: Fields) -> list[str]:
    values = [
        value for name in ("x-failed-recipients", "x-failed-to", "x-failed-recipient") for value in fields.all(name)
    ]
    return list(dict.fromkeys(found.address for value in values for found in find_addresses(value)))


def _envelope(fields: Fields) -> list[str]:
    """The addresses that the report itself went to."""
    return [
        found.address for name in _ENVELOPE for value in fields.all(name)[:5] for found in find_addresses(value[:2_000])
    ]


def sent_to(original: Fields) -> list[str]:
    """Whom the returned message was for, by its header."""
    for name in _SENT_TO:
        told = [found.address for value in original.all(name)[:5] for found in find_addresses(value[:4_000])]
        if told:
            return list(dict.fromkeys(told))[:_MOST]
    for value in original.all("received"):
        found = _RECEIVED_FOR.search(value[:2_000])
        if found:
            return [address] if (address := first_address(f"<{found[1]}>")) else []
    return []


def _identified(read: Returned, sections: Sections, ours: Ours | None) -> Returned:
    """Adds which message it is about."""
    if read.kind is Kind.NOT_A_REPORT:
        return read
    header = _MESSAGE_ID.search(sections.original.first("message-id")[:600])
    candidates = [*_envelope(sections.fields), first_address(sections.original.first("return-path"))]
    message_id = next((known for address in candidates if ours and (known := ours(address))), None)
    return Returned(read.kind, read.recipients, message_id, fold(header[0]) if header else "", read.feedback)


_WAYS: Final = (
    _complaint,
    _notice,
    _notification,
    _named_in_header,
    _from_mail_system,
    _automatic,
    _resembling,
)
