"""What is learnt from a bounce: pure, so that every line can be tested."""

import re
from typing import Final

import msgspec

from posthouse.core.kernel.clock import DAY
from posthouse.core.kernel.ids import IdSource
from posthouse.core.suppressions.model import Bounce, Reason, SoftBounce, Suppression, Verdict, fold

AT_ONCE: Final = {Verdict.HARD: Reason.HARD_BOUNCE, Verdict.COMPLAINT: Reason.COMPLAINT}
COUNTED: Final = frozenset({Verdict.SOFT, Verdict.FULL})
"""All other verdicts are about us or about the message, not about the person: they never suppress anybody."""
MOST_EVIDENCE: Final = 1_000
_NO_DOMAIN: Final = re.compile(
    r"\b5\.(?:1\.2|4\.4)\b|\bnxdomain\b|name service error|unrouteable|domain (?:name )?(?:was )?(?:not found|does not exist)"
    r"|(?:host|domain)(?: or domain)?(?: name)? (?:not found|unknown)|(?:unknown|no such) (?:host|domain)",
    re.IGNORECASE,
)
"""That a domain does not exist (RFC 3463: X.1.2, X.4.4) is a resolver's word: ours, or our relay's. One that is out of order says it of all."""


class SuppressionRules(msgspec.Struct, frozen=True):
    """How quick we are to suppress. Days of 24 hours."""

    soft_bounces: int = 5
    """So many different messages …"""
    soft_days: int = 14
    """… within so many days; 0 bounces: soft ones never suppress."""
    soft_for_days: int = 30
    """How long such a suppression holds; 0: for good."""
    hard_for_days: int = 0
    """How long one for a hard bounce holds; 0: for good."""


def learn(bounce: Bounce, rules: SuppressionRules, new_id: IdSource) -> Suppression | SoftBounce | None:
    """What a bounce means for the person: a suppression at once, one more to count, or nothing."""
    verdict = bounce.verdict
    if verdict is Verdict.HARD and _NO_DOMAIN.search(bounce.evidence):
        verdict = Verdict.SOFT
    if (reason := AT_ONCE.get(verdict)) is not None:
        days = rules.hard_for_days if reason is Reason.HARD_BOUNCE else 0
        return _suppression(bounce, reason, days, new_id)
    if verdict in COUNTED and rules.soft_bounces:
        made = _suppression(bounce, Reason.SOFT_BOUNCES, rules.soft_for_days, new_id)
        return SoftBounce(made, bounce.message_id, bounce.at, bounce.at - rules.soft_days * DAY, rules.soft_bounces)
    return None


def _suppression(bounce: Bounce, reason: Reason, days: int, new_id: IdSource) -> Suppression:
    return Suppression(
        id=new_id(),
        workspace_id=bounce.workspace_id,
        channel=bounce.channel,
        address=fold(bounce.address),
        reason=reason,
        created_at=bounce.at,
        source=bounce.source,
        message_id=bounce.message_id,
        evidence=bounce.evidence[:MOST_EVIDENCE],
        expires_at=bounce.at + days * DAY if days else None,
    )
