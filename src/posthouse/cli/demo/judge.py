"""Says what is wrong with a mail of the demo: what was asked for is compared with the bytes that arrived."""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any, Final

from posthouse.cli.demo.shop import Signal
from posthouse.testing.mailbox import Mail
from posthouse.testing.mailbox.reading import Reading, read, summarise

_LEFTOVERS: Final = ("{{", "{%", "}}", "%}")


def letter_of(signal: Signal, mails: Sequence[Mail]) -> Mail | None:
    """The mail that a signal became, None when it has not come (yet)."""
    for mail in mails:
        if signal.address in mail.recipients and _is(signal, mail):
            return mail
    return None


def faults(signal: Signal, mail: Mail, domain: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Everything that is wrong with a mail, in words; empty when it is as it should be."""
    reading, subject = read(mail), summarise(mail).subject
    found = [f"badly built: {defect}" for defect in reading.defects]
    if not subject.strip() or any(sign in subject for sign in _LEFTOVERS):
        found.append(f"the subject is {subject!r}")
    found += _body_faults("HTML", words_of(reading.html), signal.number)
    found += _body_faults("text", _flat(reading.text), signal.number)
    return found + signature_faults(mail, reading, domain, records)


def signature_faults(mail: Mail, reading: Reading, domain: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the DKIM signatures (RFC 6376); verified with the published keys when dkimpy is installed."""
    ours = [one for one in reading.signatures if one.domain == domain]
    if not ours:
        return [f"no DKIM signature of {domain}"]
    try:
        import dkim  # type: ignore[import-untyped]  # it has no stubs
    except ImportError:
        return []  # presence is all that can be said without a judge; the closing words say so
    texts = {f"{record['name'].rstrip('.')}.": record["value"] for record in records if record["type"] == "TXT"}

    def look_up(name: bytes | str, timeout: int = 5) -> bytes | None:  # noqa: ARG001 - dkimpy's signature
        key = name.decode() if isinstance(name, bytes) else name
        return texts.get(key, "").encode() or None

    judge = dkim.DKIM(mail.content)
    verdicts = [judge.verify(idx=n, dnsfunc=look_up) for n in range(len(reading.signatures))]
    return [f"DKIM signature {n + 1} does not verify" for n, good in enumerate(verdicts) if not good]


def subject_of(mail: Mail) -> str:
    """The subject as its reader sees it."""
    return summarise(mail).subject


def can_verify() -> bool:
    """Whether an independent judge of DKIM is at hand."""
    try:
        import dkim  # noqa: F401
    except ImportError:
        return False
    return True


def words_of(html: str | None) -> str | None:
    """What a reader sees of an HTML text, white space collapsed."""
    if html is None:
        return None
    words = _Words()
    words.feed(html)
    words.close()
    return _flat("".join(words.seen))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its signature
        self._silent += tag in {"style", "script", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"style", "script", "title"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.seen.append(data)


def _body_faults(kind: str, body: str | None, number: str) -> list[str]:
    if body is None:
        return [f"there is no {kind}"]
    found = [f"the {kind} shows {sign}" for sign in _LEFTOVERS if sign in body]
    if number and number not in body:
        found.append(f"the {kind} does not name {number}")
    return found


def _is(signal: Signal, mail: Mail) -> bool:
    reading = read(mail)
    header = next((value for name, value in reading.headers if name.lower() == "message-id"), "")
    return signal.id in header


def _flat(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())
