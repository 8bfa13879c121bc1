"""What an outcome means for the message: pure, so that every arrow of the state machine can be tested.

The letters are those of docs/explain/message-states.md.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from posthouse.core.delivery.model import Claimed, ProviderRow, Settlement
from posthouse.core.delivery.outcomes import Accepted, Copy, Deferred, Outcome, Refused, Scope, Throttled, Unknown
from posthouse.core.delivery.retry import RetryPolicy
from posthouse.core.kernel import ids
from posthouse.core.messages.model import Channel, Event, EventType, Status
from posthouse.core.messages.words import LONGEST, SUBJECT
from posthouse.core.suppressions.model import Bounce, Verdict
from posthouse.core.templates.model import UnknownPolicy


class Attempt(msgspec.Struct):
    """One attempt of one message: what was tried with whom, and what came of it."""

    message: Claimed
    started_at: int
    """Instant at which the attempt began."""
    ended_at: int
    outcome: Outcome
    provider: ProviderRow | None
    failed_before: tuple[Event, ...] = ()
    """ATTEMPT_FAILED events of the providers tried first."""
    subject: str = ""
    """What the message is found by afterwards."""

    @property
    def number(self) -> int:
        """1 for the first attempt."""
        return self.message.attempts + 1


class Judge:
    """Decides how a message goes on.

    Args:
        retry: the schedule.
        random: gives a number in [0, 1), for the jitter.
    """

    def __init__(self, retry: RetryPolicy, random: Callable[[], float]) -> None:
        self._retry = retry
        self._random = random

    def settle(self, attempt: Attempt) -> Settlement:
        """The settlement of an attempt."""
        outcome = attempt.outcome
        if isinstance(outcome, Accepted):
            return self._accepted(attempt, outcome)
        if isinstance(outcome, Throttled):
            pause = give_back(attempt.message, attempt.ended_at, attempt.ended_at + outcome.pause)  # k
            pause.provider_kind = _kind(attempt)
            return pause
        if isinstance(outcome, Unknown):
            return self._unknown(attempt, outcome)
        if isinstance(outcome, Refused) and outcome.scope is Scope.RECIPIENT:
            settlement = _ended(attempt, Status.BOUNCED, EventType.BOUNCED, _words(outcome))  # f
            settlement.bounces = _bounce(attempt, attempt.message.recipient, outcome)
            return settlement
        return self._again(attempt, outcome)

    def _accepted(self, attempt: Attempt, outcome: Accepted) -> Settlement:
        facts = _words(outcome) | {
            "remote_id": outcome.remote_id,
            "tls": outcome.tls,
            "milliseconds": (attempt.ended_at - attempt.started_at) // 1000,
        }
        settlement = _ended(attempt, Status.SENT, EventType.SENT, facts | {SUBJECT: attempt.subject[:LONGEST]})  # d
        further = [
            _event(attempt, EventType.RECIPIENT_REFUSED, copy.recipient, {
                "recipient": copy.recipient, "code": copy.code, "enhanced": copy.enhanced, "text": copy.text,
                "class": copy.verdict.value,
            })
            for copy in outcome.refused_copies
        ]  # fmt: skip
        settlement.bounces = tuple(
            bounce for copy in outcome.refused_copies for bounce in _bounce(attempt, copy.recipient, copy)
        )
        if outcome.delivered:  # e
            settlement.status = Status.DELIVERED
            further.append(_event(attempt, EventType.DELIVERED, "", facts | {"proof": "answer"}))
        settlement.events += tuple(further)
        return settlement

    def _unknown(self, attempt: Attempt, outcome: Unknown) -> Settlement:
        doubt = in_doubt(
            attempt.message, attempt.ended_at, outcome.text, _provider(attempt) | {"remote": outcome.remote}
        )
        if attempt.message.policy is UnknownPolicy.HOLD:  # i
            settlement = _ended(attempt, Status.UNKNOWN, EventType.UNKNOWN, {})
            settlement.events = (*attempt.failed_before, doubt)
            return settlement
        settlement = self._again(attempt, Deferred(0, "", outcome.text, outcome.remote))  # j
        settlement.events = (*settlement.events[:-1], doubt, settlement.events[-1])
        return settlement

    def _again(self, attempt: Attempt, outcome: Deferred | Refused) -> Settlement:
        message = attempt.message
        wait = self._retry.wait(attempt.number, message.lane, self._random)
        if isinstance(outcome, Deferred) and outcome.retry_after is not None:
            wait = max(wait, outcome.retry_after)
        next_at = attempt.ended_at + wait
        facts = _words(outcome)
        if message.expires_at is not None and next_at >= message.expires_at:
            facts["last_try"] = True
            next_at = message.expires_at  # the queue looks again exactly then, to end it as expired
        elif next_at - max(message.created_at, message.due_at) > self._retry.give_up_after:
            settlement = _ended(attempt, Status.FAILED, EventType.FAILED, facts | {"reason": "gave up"})  # g
            if outcome.scope is Scope.RECIPIENT:
                settlement.bounces = _bounce(attempt, message.recipient, outcome)
            return settlement
        settlement = _ended(attempt, Status.DEFERRED, EventType.DEFERRED, facts | {"retry_at": next_at})  # h
        settlement.next_at = next_at
        return settlement


def give_back(message: Claimed, at: int, next_at: int, events: Sequence[Event] = ()) -> Settlement:
    """Back into the queue, as if it had not been claimed: costs no attempt."""
    settlement = _settlement(message, Status.QUEUED, at, tuple(events))
    settlement.next_at = next_at
    return settlement


def put_back(message: Claimed, at: int) -> Settlement:
    """What becomes of a message that was claimed and not begun: back into the queue, or, in doubt already, what its policy says.

    The doubt would be forgotten in the queue: a lease that was given back leaves no trace there.
    """
    if message.in_doubt and message.policy is UnknownPolicy.HOLD:
        return hold_in_doubt(message, at)
    return give_back(message, at, at)


def expire(message: Claimed, at: int) -> Settlement:
    """Ended because its time is over."""
    event = Event(message.id, message.workspace_id, EventType.EXPIRED, at, data={"expires_at": message.expires_at})
    return _settlement(message, Status.EXPIRED, at, (event,))


def fail(message: Claimed, at: int, reason: str, detail: str) -> Settlement:
    """Ended because it cannot be built: trying again would not help."""
    data = {"reason": reason, "text": detail[:500]}
    return _settlement(
        message, Status.FAILED, at, (Event(message.id, message.workspace_id, EventType.FAILED, at, data=data),)
    )


def suppress(message: Claimed, at: int, stopped: dict[str, Any]) -> Settlement:
    """Ended because its person must not be written to (r)."""
    event = Event(message.id, message.workspace_id, EventType.SUPPRESSED, at, data=stopped)
    return _settlement(message, Status.SUPPRESSED, at, (event,))


def hold_in_doubt(message: Claimed, at: int) -> Settlement:
    """Ended in doubt, by the template's policy: a person decides whether it is sent again."""
    return _settlement(message, Status.UNKNOWN, at, ())


def in_doubt(message: Claimed, at: int, text: str, facts: dict[str, Any] | None = None) -> Event:
    """The record of an attempt that may have been delivered; one for each lease."""
    data = {"text": text} | (facts or {})
    return Event(message.id, message.workspace_id, EventType.UNKNOWN, at, key=f"{message.lease:x}", data=data)


def in_doubt_before(message: Claimed, at: int) -> Event:
    """The record of the lease that ran out before this one: apart from what may yet be said of this one's own attempt."""
    data = {"text": "an earlier attempt ran out of its lease: it may have been delivered"}
    key = f"before {message.lease:x}"
    return Event(message.id, message.workspace_id, EventType.UNKNOWN, at, key=key, data=data)


def provider_failed(attempt: Attempt, index: int) -> Event:
    """The record of a provider that did not work while another one is tried next."""
    outcome = attempt.outcome
    return _event(attempt, EventType.ATTEMPT_FAILED, f"{attempt.number}.{index}", _words(outcome))


def _ended(attempt: Attempt, status: Status, type_: EventType, facts: dict[str, Any]) -> Settlement:
    key = str(attempt.number) if status is Status.DEFERRED else ""
    event = _event(attempt, type_, key, facts)
    settlement = _settlement(attempt.message, status, attempt.ended_at, (*attempt.failed_before, event))
    settlement.attempts = attempt.number
    settlement.provider_id = attempt.provider.id if attempt.provider else None
    settlement.provider_kind = _kind(attempt)
    return settlement


def _settlement(message: Claimed, status: Status, at: int, events: tuple[Event, ...]) -> Settlement:
    return Settlement(
        message_id=message.id,
        workspace_id=message.workspace_id,
        lease=message.lease,
        status=status,
        at=at,
        attempts=message.attempts,
        events=events,
        template_id=message.template_id,
        channel=message.channel,
        lane=message.lane,
        live=message.live,
    )


def _event(attempt: Attempt, type_: EventType, key: str, facts: dict[str, Any]) -> Event:
    message = attempt.message
    data = _provider(attempt) | {"attempt": attempt.number} | {name: fact for name, fact in facts.items() if fact}
    return Event(message.id, message.workspace_id, type_, attempt.ended_at, key=key, data=data)


def _bounce(attempt: Attempt, address: str, said: Refused | Deferred | Copy) -> tuple[Bounce, ...]:
    """What is to be learnt about a person; nothing from test messages, nor where the reply does not tell."""
    message = attempt.message
    if not message.live or said.verdict is Verdict.UNKNOWN:
        return ()
    codes = " ".join(str(code) for code in (said.code, said.enhanced) if code)
    return (
        Bounce(
            message.workspace_id,
            message.channel,
            address,
            said.verdict,
            message.id,
            attempt.ended_at,
            source="smtp" if message.channel is Channel.EMAIL else "provider",
            evidence=f"{codes} {said.text}".strip(),
        ),
    )


def _provider(attempt: Attempt) -> dict[str, Any]:
    if attempt.provider is None:
        return {}
    return {"provider": attempt.provider.name, "provider_id": ids.show(ids.PROVIDER, attempt.provider.id)}


def _kind(attempt: Attempt) -> str:
    return attempt.provider.kind if attempt.provider else ""


def _words(outcome: Outcome) -> dict[str, Any]:
    """The remote's own words."""
    facts: dict[str, Any] = {"text": outcome.text, "remote": outcome.remote}
    if isinstance(outcome, Accepted | Refused | Deferred | Throttled):
        facts["code"] = outcome.code
    if isinstance(outcome, Accepted | Refused | Deferred):
        facts["enhanced"] = outcome.enhanced
    if isinstance(outcome, Refused | Deferred) and outcome.verdict is not Verdict.UNKNOWN:
        facts["class"] = outcome.verdict.value
    return facts
