"""The provider ``sandbox``: keeps messages instead of sending them."""

from typing import Final

from posthouse.channels.email.providers.context import Descriptor
from posthouse.channels.email.providers.sandbox.send import SandboxSettings, create, read_settings
from posthouse.core.messages.model import Channel

DESCRIPTOR: Final = Descriptor(
    kind="sandbox",
    channel=Channel.EMAIL,
    title="Sandbox",
    settings=SandboxSettings,
    secret=None,
    docs="docs/providers/sandbox.md",
    check=read_settings,
    create=create,
)
