"""The provider ``smtp``: any relay."""

from typing import Final

from posthouse.channels.email.providers.context import Descriptor
from posthouse.channels.email.providers.smtp.send import create
from posthouse.channels.email.providers.smtp.settings import SmtpSecret, SmtpSettings, read_settings
from posthouse.core.messages.model import Channel

DESCRIPTOR: Final = Descriptor(
    kind="smtp",
    channel=Channel.EMAIL,
    title="SMTP relay",
    settings=SmtpSettings,
    secret=SmtpSecret,
    docs="docs/providers/smtp.md",
    check=read_settings,
    create=create,
)
