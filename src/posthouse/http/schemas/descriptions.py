"""What the fields of a submission mean: for the OpenAPI document and the human pages."""

from typing import Final

SUBMISSION_FIELDS: Final = {
    "to": "Who gets it: an address, or an object with `email` and `name`.",
    "contact": "Who gets it: the id (`con_…`) or the key of a contact; instead of `to`.",
    "template": "The key of a published template; or send `subject` with `html` and/or `text` instead.",
    "version": "A published version of the template; default: the latest.",
    "channel": "The way to the person, `email` for example; default: the template's.",
    "locale": (
        "Language tag, `fr-CA` for example; falls back to `fr`, then to the template's default. "
        "Without it: the contact's, the key's, the workspace's."
    ),
    "variables": "The data that the template prints, checked against its schema before anything is kept.",
    "subject": "Subject of a message that you rendered yourself.",
    "html": "HTML body of a message that you rendered yourself.",
    "text": "Text body of a message that you rendered yourself; derived from `html` when absent.",
    "from": "Sender; only addresses at verified domains. Default: the template's.",
    "reply_to": "Where answers go.",
    "cc": "Copies that everybody sees.",
    "bcc": "Copies that nobody sees.",
    "attachments": "Files: `content` (base64) or `upload` (an id from POST /v1/uploads), with `name` and `type`.",
    "headers": "Further header fields: `X-…` and a few others.",
    "tags": "Up to 10 words to find and count it by.",
    "metadata": "Data of your own, handed back as it is.",
    "lane": "`critical`, `normal` or `bulk`; default: the template's.",
    "send_at": "RFC 3339 time at which it is sent; default: now. One that is over means now too: `send_at` of the answer says which it became.",
    "expires_at": "RFC 3339 time after which it is no longer sent.",
    "supersedes": "A key of your own: this message withdraws older ones with the same key that still wait.",
    "correlation": "The business object it is about, an order number for example.",
    "tracking": "Whether opens and clicks are noticed (`opens`, `clicks`); default: as template and workspace say.",
    "conversion": (
        "The order (or other goal) that this message confirms: `order`, `amount`, `currency`. Counted once, and credited to the recipient's last "
        "click in an earlier message, as POST /v1/conversions does."
    ),
    "automation": (
        "Which step (`step`) of which automation (`key`) of yours this message is: statistics count by it. "
        "It is kept as the tag `posthouse:step:KEY/STEP`."
    ),
    "idempotency_key": "Makes a retry safe, like the Idempotency-Key header.",
}
