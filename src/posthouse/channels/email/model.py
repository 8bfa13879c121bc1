"""An e-mail ready to leave, and who signs it."""

from collections.abc import Callable

import msgspec

from posthouse.core.delivery.outcomes import Copy


class Outbound(msgspec.Struct):
    """What an SMTP provider needs: the envelope (RFC 5321) and the bytes.

    ``content`` is in wire form: CRLF line ends, already dot-stuffed, ending with CRLF, without the final dot.
    """

    message_id: bytes
    sender: str
    """Envelope sender (VERP return path), ASCII unless ``smtputf8``."""
    recipients: tuple[str, ...]
    """The person first, then copies."""
    content: bytes
    header_message_id: str
    eight_bit: bool = False
    """Whether the content has bytes over 127 (it never has unless a header needs SMTPUTF8)."""
    smtputf8: bool = False
    """Whether an address needs RFC 6531."""
    manual_domain: bool = False
    """The sending domain's proof was skipped: loopback providers only."""
    urgent: bool = False
    """Lane ``critical``: goes before others that wait for a connection."""
    left_out: tuple[Copy, ...] = ()
    """Copies that are not in the envelope, as their people must not be written to."""
    subject: str = ""
    """On one line."""

    @property
    def size(self) -> int:
        """Octets as counted by SIZE (RFC 1870)."""
        return len(self.content)


class Identity(msgspec.Struct, frozen=True):
    """A sending domain in use."""

    domain: str
    return_path: str
    manual: bool
    sign: Callable[[list[tuple[str, str]], bytes], list[tuple[str, str]]]
    """(headers in order, as name and value exactly as sent; body as sent before dot-stuffing) → fields to put on top."""
