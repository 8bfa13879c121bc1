"""Rules about SMS, push and WhatsApp."""

from typing import Final

from posthouse.core.templates.lint.model import Rule, Severity

MOBILE: Final = (
    Rule(
        "sms-segments",
        Severity.WARNING,
        "The SMS, with the sample's values, takes more segments than wanted (one, or max_segments): each is paid for.",
        "Shorten it, or raise max_segments in [sms] of template.toml.",
    ),
    Rule(
        "sms-variable",
        Severity.WARNING,
        "With longer values (each word twice as long as the sample's, or as long as maxLength in schema.json allows) the SMS "
        "takes more segments than wanted.",
        "Leave more room, cut the value (|truncate), or say maxLength in schema.json.",
    ),
    Rule(
        "sms-emoji",
        Severity.WARNING,
        "A picture or a sign that GSM 03.38 lacks makes the whole SMS UCS-2: 70 units in place of 160.",
        "Leave it out.",
    ),
    Rule(
        "sms-alphabet",
        Severity.WARNING,
        "A letter that GSM 03.38 lacks makes the whole SMS UCS-2: 70 units in place of 160. A nearer spelling would do.",
        "Write transliterate = true in [sms] of template.toml, or another letter.",
    ),
    Rule(
        "sms-link",
        Severity.WARNING,
        "An address takes over 60 units of the SMS.",
        "Give a shorter one.",
    ),
    Rule(
        "push-length",
        Severity.WARNING,
        "Locked telephones cut a title over 50 and a text over 150 characters.",
        "Say the important thing first.",
    ),
    Rule(
        "push-actions",
        Severity.INFO,
        "Not every platform shows so many buttons: browsers 2, Android 3, iOS 4.",
        "Put the important ones first.",
    ),
    Rule(
        "whatsapp-category",
        Severity.WARNING,
        "The category that WhatsApp approved does not go with the template's own: marketing is commercial, the rest is not.",
        "Correct the category in template.toml or in whatsapp.LOCALE.json.",
    ),
    Rule(
        "whatsapp-window",
        Severity.INFO,
        "There is no approved template: free words reach only who wrote within the last 24 hours.",
        "Have a template approved, and name it.",
    ),
)
