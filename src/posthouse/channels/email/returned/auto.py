"""Answers of machines that are no bounces: out of office, challenges, receipts (RFC 3834)."""

import re
from typing import Final

from posthouse.channels.email.returned.parts import Fields
from posthouse.channels.email.returned.sections import Sections
from posthouse.channels.email.returned.tongues import AWAY, CHALLENGE, NOT_DELIVERED, bare
from posthouse.channels.email.returned.words import first_address
from posthouse.core.returned.model import Kind

_CHALLENGE: Final = re.compile(
    r"confirm (?:that you (?:are|sent)|your (?:message|e-?mail|identity))|verify (?:that you are|your (?:message|"
    r"e-?mail|identity)|yourself)|challenge[- /]response"
    r"|(?:click|visit|reply|follow)[^.]{0,80}(?:to (?:deliver|release|complete|prove|be added)|"
    r"so that your (?:message|mail))|prove (?:that )?you(?:'re| are) (?:a |not a )?(?:human|person|robot)"
    r"|awaiting (?:your )?(?:verification|confirmation|approval)|spamarrest|boxbe|sender (?:verification|"
    r"confirmation) (?:required|request)|bluebottle|added to (?:my|the|his|her) (?:list of )?(?:approved|allowed|"
    r"guest)"
    r"|(?:approved|allowed|trusted) (?:senders?|beforehand)|real (?:live )?(?:human|person)\b|human being"
    r"|held (?:because|until|pending)[^.]{0,80}(?:verif|confirm|approv)"
    rf"|{CHALLENGE}",
    re.IGNORECASE,
)
_AWAY: Final = re.compile(
    r"out of (?:the )?office|on (?:vacation|holiday|leave)|away from (?:my|the) (?:desk|office|e-?mail)|"
    r"auto(?:matic|mated)?[- ]?(?:reply|response|answer)|autorepl|auto-?respon|vacation (?:reply|message|"
    r"response)"
    rf"|{AWAY}",
    re.IGNORECASE,
)
_AUTO_FIELD: Final = re.compile(
    r"x-(?:[a-z]{1,20}-)?(?:auto-?(?:repl(?:y|ied)|respond(?:er)?|response|answer|generated)|vacation|out-?of-?office)(?:-from|-by)?|x-fc-machinegenerated"
)
"""Fields that only machines write, of many makers; not ``X-Auto-Response-Suppress``, which ordinary mail has."""
_SAID_BY: Final = ("precedence", "x-precedence", "preference", "delivered-to", "x-post-messageclass")
_MACHINE: Final = re.compile(r"auto[-_ ]?(?:repl|respon)", re.IGNORECASE)
_REPLY: Final = re.compile(r"\s*(?:re|aw|sv|antw|odp)\s*:", re.IGNORECASE)
_BOUNCING: Final = re.compile(
    r"mailer-?daemon|postmaster|microsoftexchange\w{0,40}@|mail (?:delivery|system|administrator)|mdaemon|daemon@|bounce",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT: Final = re.compile(
    r"undeliver|\bare not (?:a )?member|non[- ]?deliver|not deliver|(?:could|can)(?:no| no|n')t be (?:delivered|"
    r"sent)|deliver(?:y|ing) (?:has )?(?:fail|problem|error|status|notif|report|delay|incomplete)|"
    r"returned (?:mail|message|to sender)|return(?:ing|ed) message"
    r"|fail(?:ure|ed)? (?:notice|notif|deliver|mail)|mail (?:fail|error|system error|delivery|could not)|"
    r"(?:delivery|mail) (?:status|failure|error)|message (?:status|delivery|delayed|undeliverable)|(?:error|"
    r"problem) (?:sending|in|delivering|with)[^,]{0,20}(?:mail|message)"
    r"|status notification|bounce|non-?delivery|配信|退信|エラー|送信",
    re.IGNORECASE,
)


def challenge_or_auto(sections: Sections) -> Kind | None:
    """Whether a machine answered for a person; None when not."""
    fields = sections.fields
    subject = fields.subject
    submitted = fields.first("auto-submitted").lower()
    if _CHALLENGE.search(bare(subject.lower())) or _CHALLENGE.search(bare(sections.human[:4_000].lower())):
        return Kind.CHALLENGE
    replied = submitted.startswith(("auto-replied", "auto-generated")) or _marked(fields)
    return Kind.AUTO if replied or _AWAY.search(bare(subject.lower())) else None


def _marked(fields: Fields) -> bool:
    """Whether a field says that a machine wrote it, in one of the ways that were in use before RFC 3834."""
    return any(
        value.strip().lower() not in {"", "no", "false", "0"}
        and (_AUTO_FIELD.fullmatch(name) or (name in _SAID_BY and _MACHINE.search(value[:200])))
        for name, value in fields.pairs
    )


def sent_by_a_server(fields: Fields) -> bool:
    """Whether the sender is a mail server: mailer-daemon, postmaster and their like."""
    return bool(_BOUNCING.search(f"{fields.first('from')} {fields.first('sender')}"))


def sounds_like_a_bounce(sections: Sections) -> bool:
    """Whether the subject is one of a bounce, or the return path is empty and no machine of a person wrote it."""
    subject = sections.fields.subject
    if _REPLY.match(subject):
        return False
    empty_path = sections.fields.first("return-path").strip() == "<>"
    told = _BOUNCE_SUBJECT.search(subject) or NOT_DELIVERED.search(bare(subject.lower()))
    return bool(told or (empty_path and challenge_or_auto(sections) is None))


def author(sections: Sections) -> str:
    """Who answered: the person whose machine it is."""
    return first_address(sections.fields.first("from"))
