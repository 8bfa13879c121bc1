"""The provider ``mx``: straight to the server of the person's domain."""

from typing import Final

from posthouse.channels.email.providers.context import Descriptor
from posthouse.channels.email.providers.mx.send import create
from posthouse.channels.email.providers.mx.settings import MxSettings, read_settings
from posthouse.core.messages.model import Channel

DESCRIPTOR: Final = Descriptor(
    kind="mx",
    channel=Channel.EMAIL,
    title="Direct delivery (MX)",
    settings=MxSettings,
    secret=None,
    docs="docs/providers/mx.md",
    check=read_settings,
    create=create,
)
