"""What a reply means for the message: one table from (stage, code, enhanced code, words) to an outcome.

Read from top to bottom; the first row that fits decides. Sources: RFC 5321 §4.2.3, RFC 3463, RFC 7505, and the public
pages of large receivers on their rate and block-list answers.
"""

import re
from collections.abc import Collection
from typing import Final

import msgspec

from posthouse.channels.email.returned.judge import Told
from posthouse.channels.email.returned.judge import judge as judge_words
from posthouse.channels.email.smtp.replies import Reply, clean
from posthouse.channels.email.smtp.stages import OPENING, Stage
from posthouse.core.delivery.outcomes import Accepted, Copy, Deferred, Outcome, Refused, Scope, Throttled
from posthouse.core.kernel.clock import MINUTE, SECOND
from posthouse.core.suppressions.model import Verdict


class Rule(msgspec.Struct, frozen=True):
    """A row. Empty conditions fit everything; ``pause`` makes it Throttled, ``retry_after`` names a time for Deferred."""

    why: str
    scope: Scope
    codes: Collection[int] = ()
    enhanced: str = ""
    words: str = ""
    stages: Collection[Stage] = ()
    pause: int = 0
    retry_after: int | None = None


_SAID: Final = {
    Stage.MAIL: "in reply to MAIL FROM",
    Stage.RECIPIENT: "in reply to RCPT TO",
    Stage.DATA: "in reply to the SMTP command DATA",
    Stage.BODY: "in reply to end of DATA",
    Stage.END: "in reply to end of DATA",
} | dict.fromkeys(OPENING, "in reply to EHLO")
_ENVELOPE: Final = frozenset({Stage.MAIL, Stage.RECIPIENT, Stage.DATA, Stage.BODY, Stage.END, Stage.VOID})
_TEMPORARY: Final = range(400, 500)
_PERMANENT: Final = range(500, 600)

_BLOCKED: Final = (
    r"spamhaus|spamcop|barracuda(?:central|networks)|sorbs|uceprotect|surbl|invaluement|abusix|proofpoint"
    r"|block ?list|black ?list|denylist|\bdnsbl\b|\brbl\b|blocked (?:using|by|due)|(?:bad|poor|low) reputation"
)
_RATE: Final = (
    r"too (?:many|much|fast)|rate.?limit|\brate\b|throttl|quota .*(?:hour|day|minute)|slow down|sending limit"
)
_UNWELCOME: Final = (
    r"relay(?:ing)? (?:access )?(?:denied|not permitted|not allowed)|not permitted to relay|unable to relay"
    r"|authentication (?:is )?required|must authenticate|must issue a starttls"
)

RULES: Final[tuple[Rule, ...]] = (
    Rule("one mailbox gets mail too fast", Scope.RECIPIENT, (450,), r"4\.2\.1$", retry_after=10 * MINUTE),
    Rule("greylisting", Scope.RECIPIENT, _TEMPORARY, words=r"gr[ae]y.?list", retry_after=5 * MINUTE),
    Rule("we are on a block list", Scope.PROVIDER, words=_BLOCKED),
    Rule(
        "too many connections", Scope.PROVIDER, (421,), words=r"too many|connection limit|concurren", pause=30 * SECOND
    ),
    Rule(
        "rate limit, said as a policy",
        Scope.PROVIDER,
        _TEMPORARY,
        r"4\.7\.",
        f"{_RATE}|try again later",
        pause=5 * MINUTE,
    ),
    Rule("rate limit", Scope.PROVIDER, _TEMPORARY, words=_RATE, pause=MINUTE, stages=_ENVELOPE - {Stage.RECIPIENT}),
    Rule("rate limit", Scope.PROVIDER, (421, 450, 451, 454), words=_RATE, pause=MINUTE),
    Rule("closing for now", Scope.PROVIDER, (421,), r"4\.7\.", pause=MINUTE),
    Rule("going down", Scope.PROVIDER, (421,)),
    Rule("message too large", Scope.RECIPIENT, (552,), r"5\.(3\.4|2\.3)$"),
    Rule("message too large", Scope.RECIPIENT, _PERMANENT, r"5\.3\.4$"),
    Rule("message too large", Scope.RECIPIENT, (552,), stages={Stage.MAIL}),
    Rule("sender address", Scope.RECIPIENT, enhanced=r"[45]\.1\.[78]$"),
    Rule("content", Scope.RECIPIENT, enhanced=r"[45]\.6\."),
    Rule("not allowed to use this server", Scope.PROVIDER, (530, 534, 535, 538)),
    Rule("not allowed to use this server", Scope.PROVIDER, _PERMANENT, words=_UNWELCOME),
    Rule("trouble of the server itself", Scope.PROVIDER, _TEMPORARY, r"4\.3\."),
    Rule("before the message", Scope.PROVIDER, stages=OPENING | {Stage.RESET, Stage.MAIL}),
    Rule("this person or this message", Scope.RECIPIENT),
)

_COMPILED: Final = tuple(
    (
        rule,
        re.compile(rule.enhanced) if rule.enhanced else None,
        re.compile(rule.words, re.IGNORECASE) if rule.words else None,
    )
    for rule in RULES
)
_SECONDS: Final = re.compile(r"\b(\d{1,5})\s*(s|sec|seconds|m|min|minutes)\b", re.IGNORECASE)
_REMOTE_ID: Final = re.compile(
    r"queued as ([\w.:-]+)"  # Postfix, and most others
    r"|\bid=([\w.-]+)"  # Exim
    r"|queued mail for delivery.*?<([^>\s]+)>|<([^>\s]+)> \[internalid"  # Exchange
    r"|^ok:? +([\w.@-]{12,})$"  # Amazon SES
    r"|^([\w-]{10,}) message accepted for delivery",  # Sendmail
    re.IGNORECASE,
)


def rule_for(stage: Stage, reply: Reply) -> Rule:
    """The row that decides about a 4xx or 5xx reply."""
    code, enhanced, text = reply.code, reply.enhanced, reply.text
    for rule, wanted_enhanced, wanted_words in _COMPILED:
        if rule.stages and stage not in rule.stages:
            continue
        if rule.codes and code not in rule.codes:
            continue
        if wanted_enhanced is not None and not wanted_enhanced.match(enhanced):
            continue
        if wanted_words is not None and not wanted_words.search(text):
            continue
        return rule
    raise AssertionError("the last rule fits everything")  # pragma: no cover


def judge(stage: Stage, reply: Reply, remote: str) -> Outcome:
    """The outcome that a 4xx or 5xx reply stands for."""
    rule = rule_for(stage, reply)
    code, enhanced, text = reply.code, reply.enhanced, reply.text
    if code >= 500:
        return Refused(code, enhanced, text, remote, rule.scope, verdict_of(stage, reply))
    if rule.pause:
        return Throttled(rule.pause, text, remote, code)
    retry_after = _named_time(text) or rule.retry_after if rule.retry_after else None
    return Deferred(code, enhanced, text, remote, rule.scope, retry_after, verdict_of(stage, reply))


def verdict_of(stage: Stage, reply: Reply) -> Verdict:
    """Why, by the same tables as returned mail (channels/email/returned): they are told at which point it was said."""
    codes = " ".join(str(code) for code in (reply.code, reply.enhanced) if code)
    words = f"{codes} {reply.text}"
    return judge_words(Told(words=words, human=_SAID.get(stage, ""), status=reply.enhanced)).verdict


def _named_time(text: str) -> int | None:
    """The time a greylisting server names, in microseconds."""
    found = _SECONDS.search(text)
    if not found:
        return None
    return int(found[1]) * (MINUTE if found[2].lower().startswith("m") else SECOND)


def accepted(reply: Reply, remote: str, tls: str, copies: tuple[Copy, ...], *, delivered: bool) -> Accepted:
    """The outcome of a 2xx after the final dot."""
    text = reply.text
    found = _REMOTE_ID.search(text)
    remote_id = next(part for part in found.groups() if part) if found else ""
    return Accepted(remote_id, reply.code, reply.enhanced, text, remote, delivered, copies, tls)


def trouble(enhanced: str, text: str, remote: str) -> Deferred:
    """Something went wrong on the way, and no reply says so (code 0). Enhanced code as in RFC 3463 §3."""
    return Deferred(0, enhanced, clean(text), remote, Scope.PROVIDER)
