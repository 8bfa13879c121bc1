"""Field by field: what a source asked for becomes what we keep, or a problem with its place."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from posthouse.core.kernel.amounts import read_amount
from posthouse.core.kernel.clock import DAY
from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.moments import read_moment
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.kernel.places import LOCALE_ADVICE, is_locale
from posthouse.core.messages import limits
from posthouse.core.messages.model import Attachment, Channel, Lane
from posthouse.core.messages.ports import AddressRules
from posthouse.core.messages.submission import AutomationStep, File, Order, Party
from posthouse.core.messages.uploads import read_upload_id
from posthouse.core.templates.model import Sender

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TURNING: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_HEADER_NAME: Final = re.compile(r"[!-9;-~]{1,76}")
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_CONTENT_ID: Final = re.compile(r"[A-Za-z0-9._+@-]{1,120}")
_STEP: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LANES: Final = {lane.name.lower(): lane for lane in Lane}
_CHANNELS: Final = tuple(channel.name.lower() for channel in Channel)


@lru_cache(maxsize=1024)
def _is_tag(word: str) -> bool:
    """Asked of every message; there are few, and they are short."""
    return is_locale(word.replace("_", "-"))


class Checks:
    """Gathers every problem of one submission, so that a developer mends them all at once."""

    def __init__(self, addresses: AddressRules) -> None:
        self.problems: list[FieldProblem] = []
        self._addresses = addresses

    def wrong(self, pointer: str, detail: str, code: str = "invalid") -> None:
        """Notes one problem."""
        self.problems.append(FieldProblem(pointer, detail, code))

    def word(self, pointer: str, value: str | None, longest: int = limits.MAX_WORD) -> str | None:
        """A short text without control characters, or nothing."""
        if value is None:
            return None
        if not value or len(value) > longest:
            self.wrong(pointer, f"write 1 to {longest} characters, or leave the field out", "length")
        elif _CONTROL.search(value):
            self.wrong(pointer, "control characters and line breaks are not allowed here", "control-character")
        return value

    def locale(self, pointer: str, value: str | None) -> str | None:
        """A language tag by its form: which languages there are is the template's matter, and what served is told."""
        if value is not None and (len(value) > limits.MAX_LOCALE or not _is_tag(value)):
            self.wrong(pointer, f"{value[:64]!r} is no language tag; {LOCALE_ADVICE}", "form")
        return value

    def party(self, pointer: str, party: Party | str | None) -> Sender | None:
        """An address in its normal form, with its display name."""
        if party is None:
            return None
        email, name = (party, "") if isinstance(party, str) else (party.email, party.name)
        if name:
            self.word(f"{pointer}/name", name, limits.MAX_NAME)
        try:
            return Sender(self._addresses.normal_email(email), name)
        except ValueError as error:
            self.wrong(pointer if isinstance(party, str) else f"{pointer}/email", str(error), "bad-address")
            return None

    def parties(self, pointer: str, parties: Sequence[Party | str]) -> tuple[Sender, ...]:
        """Copies."""
        if len(parties) > limits.MAX_COPIES:
            self.wrong(pointer, f"at most {limits.MAX_COPIES} addresses; {len(parties)} were given", "too-many")
            return ()
        checked = [self.party(f"{pointer}/{index}", party) for index, party in enumerate(parties)]
        return tuple(party for party in checked if party is not None)

    def lane(self, value: str | None, default: str) -> Lane:
        """The lane by its word."""
        lane = _LANES.get(value or default)
        if lane is None:
            self.wrong("/lane", f"write one of {', '.join(_LANES)}{did_you_mean(value or '', _LANES)}", "unknown-word")
            return Lane.NORMAL
        return lane

    def channel(self, value: str | None) -> str | None:
        """The channel by its word."""
        if value is not None and value not in _CHANNELS:
            self.wrong(
                "/channel", f"write one of {', '.join(_CHANNELS)}{did_you_mean(value, _CHANNELS)}", "unknown-word"
            )
        return value

    def moment(self, pointer: str, value: str | None, now: int) -> int | None:
        """An RFC 3339 instant, not absurdly far ahead."""
        if value is None:
            return None
        try:
            instant = read_moment(value)
        except (ValueError, OverflowError) as error:
            self.wrong(pointer, f"write an RFC 3339 date and time such as 2027-01-31T09:00:00Z ({error})", "bad-time")
            return None
        if instant > now + limits.MAX_AHEAD_DAYS * DAY:
            self.wrong(pointer, f"at most {limits.MAX_AHEAD_DAYS} days ahead", "too-far")
        return instant

    def tags(self, tags: Sequence[str], *, ours: bool) -> tuple[str, ...]:
        """Tags, each once, in the order given; ``ours``: the house itself asks, and may use its own."""
        if len(tags) > limits.MAX_TAGS:
            self.wrong("/tags", f"at most {limits.MAX_TAGS} tags; {len(tags)} were given", "too-many")
        for index, tag in enumerate(tags):
            self.word(f"/tags/{index}", tag, limits.MAX_TAG)
            if tag.startswith(limits.OUR_TAGS) and not ours:
                text = f"tags that begin with {limits.OUR_TAGS} are the house's own: statistics leave some of them out"
                self.wrong(f"/tags/{index}", text, "reserved")
        return tuple(dict.fromkeys(tags))

    def step(self, wanted: AutomationStep) -> str:
        """The tag that says which step of which automation it is."""
        for name, word in (("key", wanted.key), ("step", wanted.step)):
            if not _STEP.fullmatch(word):
                text = "write 1 to 64 letters, digits or . _ - (ASCII), the first a letter or digit"
                self.wrong(f"/automation/{name}", text, "bad-key")
        return f"{limits.STEP_TAG}{wanted.key}/{wanted.step}"

    def order(self, order: Order) -> None:
        """The order that the message confirms."""
        self.word("/conversion/order", order.order)
        if _TURNING.search(order.order):
            self.wrong(
                "/conversion/order", "signs that turn the direction of writing are not allowed here", "direction"
            )
        try:
            read_amount(order.amount)
        except ValueError as error:
            self.wrong("/conversion/amount", str(error), "bad-amount")
        if not _CURRENCY.fullmatch(order.currency):
            self.wrong("/conversion/currency", "write the three capitals of ISO 4217, such as EUR", "bad-currency")

    def headers(self, headers: dict[str, str], *, ours: bool = False) -> dict[str, str]:
        """Headers from the allow-list; ``ours``: for a template, whose links to unsubscribe are made here."""
        if len(headers) > limits.MAX_HEADERS:
            self.wrong("/headers", f"at most {limits.MAX_HEADERS} headers; {len(headers)} were given", "too-many")
        for name, value in headers.items():
            pointer = f"/headers/{name[:80].replace('~', '~0').replace('/', '~1')}"
            lower = name.lower()
            if not _HEADER_NAME.fullmatch(name):
                self.wrong(pointer, "a header name has 1 to 76 printable ASCII characters and no colon or blank")
            elif lower not in limits.ALLOWED_HEADERS and (
                not lower.startswith("x-") or lower.startswith("x-posthouse-")
            ):
                allowed = ", ".join(sorted(limits.ALLOWED_HEADERS))
                self.wrong(pointer, f"not on the list of headers that may be set: {allowed}, X-…", "not-allowed")
            elif ours and lower.startswith("list-unsubscribe"):
                self.wrong(
                    pointer,
                    "Posthouse writes it itself for commercial templates; transactional ones have none",
                    "not-allowed",
                )
            self.word(pointer, value, limits.MAX_HEADER_VALUE)
        return headers

    def metadata(self, metadata: dict[str, object]) -> dict[str, object]:
        """Free data of the source's own, bounded."""
        size = len(json.dumps(metadata)) if metadata else 0
        if size > limits.MAX_METADATA:
            self.wrong("/metadata", f"at most {limits.MAX_METADATA} bytes of JSON; it has {size}", "too-large")
        return metadata

    def attachments(
        self, files: Sequence[File], longest: int
    ) -> tuple[tuple[Attachment, ...], tuple[tuple[bytes, bytes], ...]]:
        """Attachments as they are kept, and the bytes that came with them."""
        if len(files) > limits.MAX_ATTACHMENTS:
            self.wrong("/attachments", f"at most {limits.MAX_ATTACHMENTS} files; {len(files)} were given", "too-many")
            return (), ()
        kept: list[Attachment] = []
        blobs: list[tuple[bytes, bytes]] = []
        for index, file in enumerate(files):
            self._attachment(f"/attachments/{index}", file, kept, blobs)
        size = sum(attachment.size for attachment in kept)
        if size * 4 // 3 > longest:
            self.wrong("/attachments", f"together {size} bytes, which makes a mail of over {longest}", "too-large")
        return tuple(kept), tuple(blobs)

    def _attachment(self, pointer: str, file: File, kept: list[Attachment], blobs: list[tuple[bytes, bytes]]) -> None:
        self._file_name(f"{pointer}/name", file.name)
        if not _MEDIA_TYPE.fullmatch(file.type):
            self.wrong(f"{pointer}/type", "write a media type such as application/pdf")
        elif file.type.lower().startswith(("multipart/", "message/")):
            self.wrong(f"{pointer}/type", "multipart and message types cannot be attached")
        if file.inline_id and not _CONTENT_ID.fullmatch(file.inline_id):
            self.wrong(f"{pointer}/inline_id", "write 1 to 120 letters, digits or . _ + @ -, as in cid:logo")
        if (file.content is None) == (file.upload is None):
            self.wrong(pointer, "give either content (base64) or upload (the id of an upload)", "choose-one")
        elif file.content is not None:
            try:
                data = base64.b64decode(file.content, validate=True)
            except (binascii.Error, ValueError):
                self.wrong(f"{pointer}/content", "not base64 (RFC 4648 §4, without line breaks)", "bad-base64")
                return
            digest = hashlib.sha256(data).digest()
            blobs.append((digest, data))
            kept.append(Attachment(file.name, file.type, digest, len(data), file.inline_id))
        elif file.upload is not None:
            try:
                digest, size = read_upload_id(file.upload)
            except ValueError as error:
                self.wrong(f"{pointer}/upload", str(error), "unknown-upload")
                return
            kept.append(Attachment(file.name, file.type, digest, size, file.inline_id))

    def _file_name(self, pointer: str, name: str) -> None:
        if not name:
            self.wrong(pointer, f"name the file (1 to {limits.MAX_NAME} characters), such as invoice.pdf", "missing")
        elif self.word(pointer, name, limits.MAX_NAME) and ("/" in name or "\\" in name):
            self.wrong(pointer, "write a file name without folders")
