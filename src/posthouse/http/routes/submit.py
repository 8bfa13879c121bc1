"""The hot doors: ``POST /v1/messages`` and ``POST /v1/messages/batch``, without a framework between."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem, PosthouseError, ValidationError
from posthouse.core.kernel.waiting import Turnstile
from posthouse.core.messages.submission import Caller, Receipt, Submission
from posthouse.core.workspaces.scopes import MESSAGES_WRITE
from posthouse.http import problems
from posthouse.http.auth import Gatekeeper, Headers
from posthouse.http.bodies import BodyReader, Receive, check_json_type
from posthouse.http.decoding import Decoder
from posthouse.http.errors import TooLargeError
from posthouse.http.idempotency import MAX_KEY, header_key, with_key
from posthouse.http.ratelimit import RateLimiter
from posthouse.http.replies import JSON, RawHeaders, Reply
from posthouse.http.services import Messages

MESSAGES_PATH: Final = "/v1/messages"
BATCH_PATH: Final = "/v1/messages/batch"
MAX_VERSION: Final = 2**31 - 1
_REPLAYED: Final = (b"idempotent-replayed", b"true")
_ACCEPTED: Final = 202
AT_A_TIME: Final = 100
"""Items of all batches together that are decoded in one turn of the event loop (about a millisecond)."""


class SubmitDoor:
    """Takes messages in, one or many.

    Args:
        messages: the room that accepts them.
        gate: recognises keys.
        bodies: reads the bodies of single messages.
        batches: reads those of batches.
        limiter: counts messages by key; None: no limit.
        max_batch: the most items of a batch.
        on_refused: told the slug of each item of a batch that is refused.
    """

    def __init__(
        self,
        *,
        messages: Messages,
        gate: Gatekeeper,
        bodies: BodyReader,
        batches: BodyReader,
        limiter: RateLimiter | None,
        max_batch: int,
        on_refused: Callable[[str], None] | None = None,
    ) -> None:
        self._messages = messages
        self._gate = gate
        self._bodies = bodies
        self._batches = batches
        self._limiter = limiter
        self._max_batch = max_batch
        self._on_refused = on_refused
        self._decode: Decoder[Submission] = Decoder(Submission)
        self._split: Decoder[list[msgspec.Raw]] = Decoder(list[msgspec.Raw])
        self._turns = Turnstile()

    async def one(self, headers: Headers, scope: Any, receive: Receive) -> Reply:
        """One message: 202 with its receipt, once it is kept."""
        caller = await self._admit(headers, scope)
        body = await self._bodies.read(headers, receive)
        extra = self._limiter.take(scope["posthouse.key"]) if self._limiter else []
        submission = checked(self._decode(body))
        if (key := header_key(headers)) is not None:
            submission = with_key(submission, key)
        (answer,) = await self._messages.accept(caller, (submission,))
        if isinstance(answer, PosthouseError):
            raise answer
        return _receipt_reply(answer, extra)

    async def batch(self, headers: Headers, scope: Any, receive: Receive) -> Reply:
        """Many messages, each accepted or refused on its own: 200 with the answers in order."""
        caller = await self._admit(headers, scope)
        body = await self._batches.read(headers, receive)
        items = self._items(body)
        extra = self._limiter.take(scope["posthouse.key"], len(items)) if self._limiter else []
        answers = await self._accept_all(caller, items, header_key(headers))
        if self._on_refused is not None:
            for answer in answers:
                if isinstance(answer, PosthouseError):
                    self._on_refused(answer.slug)
        results = b",".join([_result(answer) for answer in answers])
        return Reply(200, [JSON, *extra], b'{"results":[' + results + b"]}")

    async def _admit(self, headers: Headers, scope: Any) -> Caller:
        access = await self._gate.admit(headers, scope, MESSAGES_WRITE)
        scope["posthouse.key"] = access.key.id
        check_json_type(headers)
        return access.caller

    def _items(self, body: bytes) -> list[msgspec.Raw]:
        items = self._split(body)
        if not items:
            problem = FieldProblem("", "the list is empty; send at least one message", "empty")
            raise ValidationError("There is nothing to send.", fields=[problem])
        if len(items) > self._max_batch:
            raise TooLargeError(
                f"A batch may have {self._max_batch:,} messages, this one has {len(items):,}; split it."
            )
        return items

    async def _accept_all(
        self, caller: Caller, items: Sequence[msgspec.Raw], key: str | None
    ) -> list[Receipt | PosthouseError]:
        """Decodes each on its own, hands on what is sound in one call, and puts the answers back in order."""
        answers: list[Receipt | PosthouseError | None] = [None] * len(items)
        sound: list[tuple[int, Submission]] = []
        for index, raw in enumerate(items):
            try:
                submission = checked(self._decode(raw))
                if key is not None:
                    submission = with_key(submission, _item_key(key, index))
            except PosthouseError as refusal:
                answers[index] = refusal
            else:
                sound.append((index, submission))
            if index % AT_A_TIME == AT_A_TIME - 1:
                await self._turns.passed()
        if sound:
            taken = await self._messages.accept(caller, [submission for _, submission in sound])
            for (index, _), answer in zip(sound, taken, strict=True):
                answers[index] = answer
        return [answer for answer in answers if answer is not None]


def checked(submission: Submission) -> Submission:
    """Bounds that the type cannot say.

    Raises:
        ValidationError: a number that no store could hold.
    """
    if submission.version is not None and not 1 <= submission.version <= MAX_VERSION:
        problem = FieldProblem("/version", f"write a version from 1 to {MAX_VERSION}, or leave it out", "range")
        raise ValidationError("There is no such version.", fields=[problem])
    return submission


def _item_key(key: str, index: int) -> str:
    """``key#index``, which must itself be no longer than a key may be."""
    word = f"{key}#{index}"
    if len(word) > MAX_KEY:
        problem = FieldProblem("/idempotency_key", "the Idempotency-Key header is too long for a batch", "length")
        raise ValidationError("The idempotency key is too long.", fields=[problem])
    return word


def _receipt_reply(receipt: Receipt, extra: RawHeaders) -> Reply:
    replayed = [_REPLAYED] if receipt.replayed else []
    return Reply(_ACCEPTED, [JSON, *replayed, *extra], receipt.body)


def _result(answer: Receipt | PosthouseError) -> bytes:
    """One answer of a batch: what the single door would have said, with its status."""
    if isinstance(answer, PosthouseError):
        return b'{"status":%d,"problem":%b}' % (answer.status, problems.encode(answer))
    replayed = b'"replayed":true,' if answer.replayed else b""
    return b'{"status":202,%b"message":%b}' % (replayed, answer.body)
