"""Bounces and complaints that a sending service tells in JSON by mail (Amazon SES through SNS).

Source: the page "Amazon SNS notification contents" of Amazon SES.
"""

import json
from typing import Any, Final

from posthouse.channels.email.returned.judge import Told, judge
from posthouse.channels.email.returned.words import first_address, fold
from posthouse.core.returned.model import Kind, Recipient, Returned
from posthouse.core.suppressions.model import Verdict

_MOST: Final = 1 << 17
_LISTS: Final = {
    "Bounce": ("bounce", "bouncedRecipients"),
    "Complaint": ("complaint", "complainedRecipients"),
    "Delivery": ("delivery", "recipients"),
}


def read_notice(text: str) -> Returned | None:
    """Reads a notice; None when the text holds none."""
    notice = _notice(text[:_MOST])
    kind = str(notice.get("notificationType") or notice.get("eventType") or "")
    if kind not in _LISTS:
        return None
    name, people = _LISTS[kind]
    about = notice.get(name)
    listed = about.get(people) if isinstance(about, dict) else None
    if not isinstance(about, dict) or not isinstance(listed, list):
        return None
    recipients = tuple(recipient for item in listed[:200] if (recipient := _recipient(kind, item)))
    if kind == "Complaint":
        return Returned(
            Kind.COMPLAINT, recipients, feedback=fold(str(about.get("complaintFeedbackType") or "abuse")[:40])
        )
    return Returned(Kind.BOUNCE if kind == "Bounce" else Kind.DELIVERED, recipients)


def _recipient(kind: str, item: object) -> Recipient | None:
    if isinstance(item, str):
        return Recipient(first_address(f"<{item[:320]}>"), Verdict.AUTO)
    if not isinstance(item, dict):
        return None
    address = first_address(f"<{str(item.get('emailAddress') or '')[:320]}>")
    if kind == "Complaint":
        return Recipient(address, Verdict.COMPLAINT)
    _, _, words = str(item.get("diagnosticCode") or "").rpartition("smtp;")
    judged = judge(Told(words=words.strip()[:2_000], status=str(item.get("status") or "")[:20]))
    return Recipient(address, judged.verdict, judged.enhanced, judged.code, judged.words)


def _notice(text: str) -> dict[str, Any]:
    """The JSON object in a mail, or the one that is a string inside it."""
    found = _first_object(text)
    inner = found.get("Message")
    return _first_object(inner) if isinstance(inner, str) and "notificationType" not in found else found


def _first_object(text: str) -> dict[str, Any]:
    start = text.find("{")
    if start < 0 or ('"notificationType"' not in text and "notificationType" not in text and "eventType" not in text):
        return {}
    # Mail servers folded the long line: within strings a line end is never meant.
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text[start:].replace("\n ", "").replace("\n", ""))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
