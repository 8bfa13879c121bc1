"""Who is meant by a text that no standard describes: the shapes that servers of forty years have written.

Instead of one pattern for each server, every address in the text is judged by what stands around it. Those judged best
are the recipients; each gets the words that stand nearest to it.
"""

import re
from collections.abc import Collection
from typing import Final

import msgspec

from posthouse.channels.email.returned.words import Found, find_addresses, first_address

_MOST_TEXT: Final = 1 << 16
_MOST_MENTIONS: Final = 2_000

ALONE, NAMED, TOLD, MENTIONED, HINTED, STAFF = 5, 4, 3, 2, 1, 0
"""From the surest to the least: on a line of its own · after words such as *recipient* · after a reply code · anywhere ·
named, but an address of the report's own envelope · a helper or the sender."""

_STAFF: Final = re.compile(
    r"(?:postmaster|mailer-daemon|abuse|support|helpdesk|hostmaster|webmaster|no-?reply|mail-?admin\w*|security|"
    r"delisting|removeme|unblock|[^@]{1,60}-(?:ctl|request|admin|owner|bounces|help|(?:un)?subscribe))@",
    re.IGNORECASE,
)
_NOT_FOR: Final = re.compile(
    r"(?:\bfrom|\bsender|mail from|reply-to|return-path|envelope-from|contact(?: the)?|message-id|e-?mail us at|"
    r"send (?:an )?e?-?mails? to"
    r"|forward(?: this)?(?: message)? to|write to|assistance|help|report(?:ed)? to|\bby|\bid|problems? to|"
    r"questions to|you reach|mx|as user)"
    r"[\s:=,(]{0,4}[<\"'(\[]{0,2}$",
    re.IGNORECASE,
)
_FOR: Final = re.compile(
    r"(?:rcpt to|mailing list|recipients?|recipient\(s\)|recipient address|address(?:es)?|mailbox|user(?:id)?|"
    r"account|addressee|alias"
    r"|deliver(?:ed|y|ing|able)?(?: (?:your |the |this |of |a )?(?:e-?)?(?:mail|message|"
    r"msg)s?)?(?: could not be)? (?:to|for)"
    r"|(?:mail|message|following|reach|reached|sent|be sent|undeliverable|delivery|failed|rejected) (?:to|for|"
    r"by)|unknown user|unknown recipient"
    r"|no such user|unknown|couldn't be delivered to|failed recipient|original-recipient|final-recipient|\bto)"
    r"[\s:;=,.\-]{0,6}(?:rfc822;)?[\s]{0,2}[<\"'(\[`]{0,3}$",
    re.IGNORECASE,
)
_GENERATED: Final = re.compile(
    r"(?:generated|expanded) from:?[\s<]{0,4}$|originally (?:addressed )?to:?[\s<]{0,4}$", re.IGNORECASE
)
_ALIAS: Final = re.compile(
    r"^[>\s]{0,12}\((?:ultimately )?(?:(?:generated|expanded) from:?|originally (?:addressed )?to:?)\s{0,3}<?([^\s<>()]{3,254})>?\)",
    re.IGNORECASE,
)
_QUOTED_FIELD: Final = re.compile(
    r"^[\s>*|#-]{0,12}(?:to|cc|an|para|a|à|till|til|aan|do|komu|кому|宛先|收件人)\s{0,3}[:\uff1a]", re.IGNORECASE
)
_QUOTED_COMPANY: Final = re.compile(
    r"^[\s>*|#-]{0,12}(?:subject|sent|date|from|received on|betreff|gesendet|datum|objet|envoy[ée]|asunto|enviado|oggetto|inviato"
    r"|assunto|onderwerp|verzonden|temat|тема|отправлено|дата|件名|送信日時|主题|主旨|发送时间)[^:\uff1a\n]{0,12}[:\uff1a]",
    re.IGNORECASE,
)
_CODE_BEFORE: Final = re.compile(r"(?:^|[\s:>(])[45]\d\d[\s-][^@]{0,120}$")
_SENDMAIL: Final = re.compile(r"^\s{0,4}[45]\d\d (?:[45]\.\d\.\d{1,3} )?<?$")
_BEFORE_ALONE: Final = re.compile(
    r"^[\s>*|#.<\"'(\[-]{0,20}(?:(?:smtp|mailto|rfc822|recipient|to|address):?[\s<;]{0,4})?$", re.IGNORECASE
)
_AFTER_ALONE: Final = re.compile(r"^[>\"')\]]{0,3}[\s:;,.]{0,10}(?:\([^)\n]{0,200}\)?[\s:]{0,4})?$")
_AFTER_HEAD: Final = re.compile(r"^[>\"')\]]{0,3}\s?(?::|\.\.\.|\s-\s|\s{2,}|;|,? because| on [\w,/]{2,12} |\s\()")
_LABEL: Final = re.compile(r"[\w)] {0,2}[:\uff1a][ \t]{0,8}<?$")
_TRANSCRIPT: Final = re.compile(r"^\s*(?:<<<\s*)?[45]\d\d[ -]")
_NEW_TALK: Final = re.compile(r"^\W{0,4}while talking to", re.IGNORECASE)


class Mention(msgspec.Struct, frozen=True):
    """An address in the text."""

    address: str
    line: int
    rank: int


def judge_mentions(text: str, ours: Collection[str]) -> list[Mention]:
    """Every address in the text with its rank; ``ours`` are the addresses of the report's own envelope, in lower case."""
    mentions: list[Mention] = []
    if "@" not in text:
        return mentions
    lines = text[:_MOST_TEXT].split("\n")
    for number, line in enumerate(lines):
        if "@" in line:
            most = HINTED if _is_quoted_field(lines, number) else ALONE
            mentions += [
                Mention(found.address, number, min(most, _rank(line, found, ours))) for found in find_addresses(line)
            ]
            if len(mentions) > _MOST_MENTIONS:
                break
    return mentions


def _is_quoted_field(lines: list[str], number: int) -> bool:
    """Whether a line is the *To* of the message that the report is about, shown among its other fields: not who failed."""
    if not _QUOTED_FIELD.match(lines[number]):
        return False
    around = [*lines[max(0, number - 3) : number], *lines[number + 1 : number + 4]]
    return any(_QUOTED_COMPANY.match(line[:80]) for line in around)


def written_to(text: str, address: str) -> str:
    """The alias that an address was made from, where the text says so behind it: ``ann@b.example (expanded from: sales@a.example)``."""
    at = text[:_MOST_TEXT].lower().find(address.lower()) if address else -1
    found = _ALIAS.match(text[at + len(address) : at + len(address) + 320]) if at >= 0 else None
    return first_address(f"<{found[1]}>") if found else ""


def _rank(line: str, found: Found, ours: Collection[str]) -> int:
    before = line[max(0, found.start - 160) : found.start]
    after = line[found.end : found.end + 240]
    clear = _BEFORE_ALONE.match(before) if found.start < 160 else None
    if clear and (_AFTER_ALONE.match(after) or _AFTER_HEAD.match(after)):
        rank = ALONE
    elif _GENERATED.search(before):
        rank = HINTED
    elif _NOT_FOR.search(before):
        return STAFF
    elif _is_named(before, after):
        rank = NAMED
    elif _CODE_BEFORE.search(before):
        rank = TOLD
    else:
        rank = MENTIONED
    if _STAFF.match(found.address) or found.address.lower() in ours:
        rank = {ALONE: MENTIONED, NAMED: HINTED}.get(rank, STAFF)
    return rank


def _is_named(before: str, after: str) -> bool:
    """After such words as *recipient*, as in ``550 <ann@example.net>...``, or after a colon at a line's end."""
    if _FOR.search(before) or (_SENDMAIL.match(before) and after.startswith((">...", "...", ">:"))):
        return True
    return bool(_LABEL.search(before)) and not after.strip("> \t.,;)")


def recipients_of(mentions: list[Mention]) -> list[str]:
    """The addresses with the best rank, each once, in order."""
    best = max((mention.rank for mention in mentions), default=STAFF)
    seen: dict[str, str] = {}
    for mention in mentions:
        if mention.rank == best:
            seen.setdefault(mention.address.lower(), mention.address)
    return list(seen.values())


def words_about(text: str, mentions: list[Mention], address: str, others: Collection[str]) -> str:
    """What the text says about one of several people.

    A line of a transcript (``550 <ann@example.net>... User unknown``) ends what is said about her; any other line with
    her address begins it. It goes on to the next line about somebody else.
    """
    lines = text[:_MOST_TEXT].split("\n")
    mine, theirs = address.lower(), {other.lower() for other in others} - {address.lower()}
    owners: dict[int, str] = {}
    for mention in mentions:
        if mention.address.lower() == mine or mention.address.lower() in theirs:
            owners.setdefault(mention.line, mention.address.lower())
    kept: list[str] = []
    marks = sorted(owners)
    for index, number in enumerate(marks):
        if owners[number] != mine:
            continue
        start = number
        if _TRANSCRIPT.match(lines[number]):
            floor = marks[index - 1] + 1 if index else 0
            start = _talk_start(lines, floor, number)
            kept += lines[start : number + 1]
        else:
            end = marks[index + 1] if index + 1 < len(marks) else len(lines)
            kept += lines[start:end][:40]
    return "\n".join(kept)


def _talk_start(lines: list[str], floor: int, number: int) -> int:
    for candidate in range(number, max(floor, number - 12) - 1, -1):
        if _NEW_TALK.match(lines[candidate]):
            return candidate
    return max(floor, number - 3)
