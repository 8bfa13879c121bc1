"""Ways out for e-mail. One folder each; this table is all that the rest of the house needs to know of them.

Adding one: make a folder with ``settings.py`` (a Struct whose docstrings are its reference), ``send.py`` (a Provider) and a
``DESCRIPTOR``, put it in :data:`PROVIDERS`, write ``docs/providers/<kind>.md`` and a subclass of ``EmailProviderContract``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from posthouse.channels.email.providers.context import Descriptor, ProviderContext, Resolver
from posthouse.channels.email.providers.mx import DESCRIPTOR as MX
from posthouse.channels.email.providers.sandbox import DESCRIPTOR as SANDBOX
from posthouse.channels.email.providers.smtp import DESCRIPTOR as SMTP

PROVIDERS: Final[Mapping[str, Descriptor]] = MappingProxyType({each.kind: each for each in (SMTP, MX, SANDBOX)})
"""By kind."""

__all__ = ["PROVIDERS", "Descriptor", "ProviderContext", "Resolver"]
