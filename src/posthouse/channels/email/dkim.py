"""DKIM signatures (RFC 6376, RFC 8463), relaxed/relaxed, several keys over one body hash.

The signer is given headers and a body that need no canonicalisation of the body: the composer's own, or bytes that
went through :func:`~posthouse.channels.email.canonical.relaxed_body`.
"""

import hashlib
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from posthouse.channels.email.canonical import relaxed_header, relaxed_value
from posthouse.channels.email.dkim_keys import SignDigest

FIELD: Final = "DKIM-Signature"
UNSIGNED: Final = frozenset(
    {
        "return-path",
        "received",
        "comments",
        "keywords",
        "bcc",
        "resent-bcc",
        "dkim-signature",
        "x-google-dkim-signature",
    }
)
"""Fields that others may add or change on the way (RFC 6376 §5.4.1); ours carry nothing that a reader sees."""
OVERSIGNED: Final = frozenset(
    {
        "from",
        "to",
        "cc",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    }
)
"""Fields named once more than they occur, so that nobody can add one (RFC 6376 §5.4.2, §8.15)."""
_LINE: Final = 74
_SIGNATURE_LINE: Final = 72
_PLANS_KEPT: Final = 512

Headers = list[tuple[str, str]]


class Key(NamedTuple):
    """An opened key and the selector under which its public half is published."""

    selector: str
    algorithm: str
    sign: SignDigest


class _Plan(NamedTuple):
    """What follows from the names of the fields alone."""

    order: tuple[int, ...]
    """Places of the fields to hash, in the order of ``h=``."""
    names: str
    """The folded ``h=`` list."""


class Signer:
    """Signs for one domain with all its keys.

    Args:
        domain: ``d=``, as in DNS.
        keys: the RSA key first; its signature stands on top, where old verifiers look.
        now: microseconds since the epoch, for ``t=``.
        lifetime: seconds until ``x=``; None writes none.
    """

    def __init__(
        self, domain: str, keys: Sequence[Key], *, now: Callable[[], int], lifetime: int | None = None
    ) -> None:
        self._keys = [(key.sign, self._start(domain, key)) for key in keys]
        self._now = now
        self._lifetime = lifetime
        self._plans: dict[tuple[str, ...], _Plan] = {}

    def __call__(self, headers: Headers, body: bytes) -> Headers:
        """The signature fields to put on top.

        Args:
            headers: (name, value as sent, folded or not), in order.
            body: the body as sent, in canonical form, before dot-stuffing.
        """
        plan = self._plan(tuple([name for name, _ in headers]))
        end = f" t={self._now() // 1_000_000};"
        if self._lifetime is not None:
            end += f" x={self._now() // 1_000_000 + self._lifetime};"
        end += f"\r\n h={plan.names};\r\n bh={body_hash(body)};\r\n b="
        hashed = hashlib.sha256(header_block(headers, plan.order))
        signed = []
        for sign, start in self._keys:
            unsigned = start + end
            digest = hashed.copy()
            digest.update(canonical_signature(unsigned))
            signed.append((FIELD, unsigned + _folded(sign(digest.digest()))))
        return signed

    @staticmethod
    def _start(domain: str, key: Key) -> str:
        return f"v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n d={domain};\r\n s={key.selector};"

    def _plan(self, names: tuple[str, ...]) -> _Plan:
        plan = self._plans.get(names)
        if plan is None:
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.clear()
            plan = self._plans[names] = make_plan(names)
        return plan


def make_plan(names: Sequence[str]) -> _Plan:
    """Chooses what is signed: every field but :data:`UNSIGNED`; of one name the last first (RFC 6376 §5.4.2)."""
    lowered = [name.lower() for name in names]
    order: list[int] = []
    listed: list[str] = []
    for name in dict.fromkeys(lowered):
        if name in UNSIGNED:
            continue
        places = [place for place, other in enumerate(lowered) if other == name]
        order.extend(reversed(places))
        listed.extend([name] * len(places))
    listed.extend(sorted(OVERSIGNED))
    return _Plan(tuple(order), _folded_names(listed))


def header_block(headers: Headers, order: Sequence[int]) -> bytes:
    """The fields to hash, in relaxed form, each with its line end. ASCII, or UTF-8 with SMTPUTF8."""
    lines = [relaxed_header(*headers[place]) for place in order]
    lines.append("")
    return "\r\n".join(lines).encode()


def canonical_signature(value: str) -> bytes:
    """The signature field itself as it is hashed: with an empty ``b=`` and without its line end (RFC 6376 §3.7)."""
    return f"dkim-signature:{relaxed_value(value)}".encode()


def body_hash(body: bytes) -> str:
    """``bh=`` of a canonical body."""
    return b2a_base64(hashlib.sha256(body).digest(), newline=False).decode()


def _folded(signature: bytes) -> str:
    text = b2a_base64(signature, newline=False).decode()
    return "\r\n ".join([text[at : at + _SIGNATURE_LINE] for at in range(0, len(text), _SIGNATURE_LINE)])


def _folded_names(names: Sequence[str]) -> str:
    lines = [""]
    for name in names:
        if lines[-1] and len(lines[-1]) + len(name) > _LINE - 4:
            lines.append("")
        lines[-1] += f"{name}:"
    return "\r\n ".join(lines)[:-1]
