"""Answers of machines that are no bounces: out of office, challenges, receipts (RFC 3834)."""

import re
from typing import Final

from posthouse.channels.email.returned.parts import Fields
from posthouse.channels.email.returned.sections import Sections
from posthouse.channels.email.returned.tongues import AWAY, NOT_DELIVERED, bare
from posthouse.channels.email.returned.words import first_address
from posthouse.core.returned.model import Kind

_CHALLENGE: Final = re.compile(
    r"confirm (?:that you (?:are|sent)|your (?:message|e-?mail|identity))|verify (?:that you are|your (?:message|"
    r"e-?mail|identity)|yourself)|challenge[- /]response"
    r"|(?:click|visit|reply|follow)[^.]{0,80}(?:to (?:deliver|release|complete|prove|be added)|"
    r"so that your (?:message|mail))|prove (?:that )?you(?:'re| are) (?:a |not a )?(?:human|person|robot)"
    r"|awaiting (?:your )?(?:verification|confirmation|approval)|spamarrest|boxbe|sender (?:verification|"
    r"confirmation) (?:required|request)|bluebottle|added to (?:my|the|his|her) (?:list of )?(?:approved|allowed|"
    r"guest)",
    re.IGNORECASE,
)
_AWAY: Final = re.compile(
    r"out of (?:the )?office|on (?:vacation|holiday|leave)|away from (?:my|the) (?:desk|office|e-?mail)|"
    r"auto(?:matic|mated)?[- ]?(?:reply|response|answer)|autorepl|auto-?respon|vacation (?:reply|message|"
    r"response)"
    rf"|{AWAY}",
    re.IGNORECASE,
)
_AUTO_FIELDS: Final = ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply", "x-autoresponder")
_REPLY: Final = re.compile(r"\s*(?:re|aw|sv|antw|odp)\s*:", re.IGNORECASE)
_BOUNCING: Final = re.compile(
    r"mailer-?daemon|postmaster|mail (?:delivery|system|administrator)|mdaemon|daemon@|bounce", re.IGNORECASE
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
    if _CHALLENGE.search(subject) or _CHALLENGE.search(sections.human[:4_000]):
        return Kind.CHALLENGE
    replied = submitted.startswith(("auto-replied", "auto-generated")) or any(
        fields.first(name) for name in _AUTO_FIELDS
    )
    precedence = fields.first("precedence").strip().lower() in {"auto_reply", "auto-reply"}
    suppressed = bool(fields.first("x-auto-response-suppress")) and bool(_AWAY.search(bare(subject.lower())))
    if replied or precedence or suppressed or _AWAY.search(bare(subject.lower())):
        return Kind.AUTO
    return None


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
