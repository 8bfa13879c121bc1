"""The loopback mailbox: an SMTP server that keeps what it is sent, a page to look at it, an API for end-to-end tests.

It ships with the product: ``posthouse mailbox`` starts it alone, ``posthouse demo`` with a sample shop, and the same
page shows what the sandbox provider kept (anything that is a :class:`MailSource`).
"""

from posthouse.testing.mailbox.api import mailbox_app
from posthouse.testing.mailbox.query import MailQuery
from posthouse.testing.mailbox.sandbox import SandboxMails
from posthouse.testing.mailbox.server import Mailbox
from posthouse.testing.mailbox.source import Inbox, Mail, MailSource
from posthouse.testing.mailbox.tls import self_made_tls

__all__ = ["Inbox", "Mail", "MailQuery", "MailSource", "Mailbox", "SandboxMails", "mailbox_app", "self_made_tls"]
