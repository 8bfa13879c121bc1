"""E-mail addresses: which ones we take, and how they stand on the wire (RFC 5321, RFC 5890, RFC 6531)."""

import re
from functools import lru_cache
from typing import Final

import idna
from email_validator import EmailNotValidError, validate_email

from posthouse.core.kernel.errors import FieldProblem, ValidationError

MAX_ADDRESS: Final = 254
"""Octets of an address (RFC 5321 §4.5.3.1.3, less the angle brackets)."""
LONGEST: Final = 1_000
"""Characters after which an address is not looked at any closer: judging takes time."""

_ATEXT: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LABEL: Final = r"(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN: Final = re.compile(rf"(?=.{{6,254}}\Z)(?=[^@]{{1,64}}@){_ATEXT}+(?:\.{_ATEXT}+)*@(?:{_LABEL}\.)+[a-z]{{2,63}}")
_PLAIN_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REFUSED_ZONES: Final = frozenset({"arpa", "invalid", "onion", "local"})
"""Special-use names (RFC 6761, 7686) that never have mail. ``example``, ``test`` and ``localhost`` may: for demos."""


class EmailAddressRules:
    """Judges e-mail addresses: the ordinary ASCII form by one expression, everything else by ``email-validator``.

    Nothing is looked up. Quoted local parts and address literals are refused; internationalised addresses are taken.
    """

    def normal_email(self, address: str) -> str:
        """The address with its domain in lower case and readable (U-labels); the local part as it was written, in NFC.

        Raises:
            ValueError: what is wrong with it, in words for whoever wrote it.
        """
        local, at, domain = address.rpartition("@")
        domain = domain.lower()
        plain = f"{local}{at}{domain}"
        if _PLAIN.fullmatch(plain) and "--" not in domain and domain.rpartition(".")[2] not in _REFUSED_ZONES:
            return plain
        return _judged(address)


def _judged(address: str) -> str:
    """The long way round, for addresses that are not plain ASCII or not right."""
    if len(address) > LONGEST:
        raise ValueError(
            f"The address is too long: it has {len(address):,} characters, and no address over 254 is delivered."
        )
    if _CONTROL.search(address):
        raise ValueError("The address has a control character or a line break in it. Remove it.")
    # The library knows no exception for this machine's own names, so they are judged under a zone for documentation.
    stand_in = ".example" if address.lower().endswith(("@localhost", ".localhost")) else ""
    try:
        found = validate_email(address + stand_in, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return found.normalized.removesuffix(stand_in)


def forms_of(address: str) -> tuple[str, ...]:
    """The ways in which an address is written: its normal form, and with the domain as it stands in DNS. ValueError: it is none."""
    normal = EmailAddressRules().normal_email(address.strip())
    local, _, domain = normal.rpartition("@")
    return tuple(dict.fromkeys((normal, f"{local}@{ascii_domain(domain)}")))


@lru_cache(maxsize=8192)
def ascii_domain(domain: str) -> str:
    """A domain as it stands in DNS: lower case, A-labels (RFC 5891).

    Raises:
        ValueError: it is not a domain name.
    """
    lowered = domain.lower()
    if len(lowered) <= 253 and _PLAIN_DOMAIN.fullmatch(lowered):
        return lowered
    try:
        return idna.encode(lowered, uts46=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"{domain!r} is not a domain name: {error}") from None


def domain_of(address: str) -> str:
    """The domain of an address as it stands in DNS. ValueError when it has none."""
    return ascii_domain(address.rpartition("@")[2])


def wire_address(address: str, pointer: str) -> str:
    """An address as it stands in envelope and headers.

    The domain is in A-labels, so that only a local part beyond ASCII needs SMTPUTF8.

    Raises:
        ValidationError: at ``pointer``; nothing that could end a header line or an SMTP command gets through.
    """
    local, at, domain = address.rpartition("@")
    if not at or not _safe_local(local):
        raise ValidationError(
            "An address of the message cannot be written to.",
            fields=[FieldProblem(pointer, f"{address!r} is not an e-mail address; write name@domain")],
        )
    try:
        return f"{local}@{ascii_domain(domain)}"
    except ValueError as error:
        raise ValidationError(
            "An address of the message cannot be written to.", fields=[FieldProblem(pointer, str(error))]
        ) from None


_ASCII_LOCAL: Final = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_WIDE_LOCAL: Final = re.compile(r"[^\x00-\x20\x7f-\xa0()<>\[\]:;@\\,\"\u2028\u2029\ud800-\udfff]+")


def _safe_local(local: str) -> bool:
    if local.isascii():
        return _ASCII_LOCAL.fullmatch(local) is not None
    return _WIDE_LOCAL.fullmatch(local) is not None
