"""The DNS records of a sending domain, as data: what to publish, and why."""

import enum
import ipaddress
from typing import Final

import msgspec

from posthouse.channels.email.dkim_keys import RSA
from posthouse.core.workspaces.model import DkimKey, Domain

_STRING: Final = 255
"""Octets of one character-string of a TXT record (RFC 1035 §3.3.14)."""


class RecordKind(enum.StrEnum):
    """What a record is for."""

    DKIM = "dkim"
    RETURN_PATH = "return-path"
    SPF = "spf"
    DMARC = "dmarc"
    TRACKING = "tracking"


class DnsRecord(msgspec.Struct, frozen=True):
    """One record to publish. ``required``: without it the domain is not proved to be yours."""

    kind: RecordKind
    name: str
    type: str
    value: str
    purpose: str
    required: bool = False

    @property
    def strings(self) -> tuple[str, ...]:
        """The value in strings of at most 255 octets, as TXT records hold it."""
        return _strings(self.value)

    @property
    def zone_line(self) -> str:
        """The record as a line of a zone file."""
        return zone_line(self.name, self.type, self.value)


def zone_line(name: str, kind: str, value: str) -> str:
    """A record as a line of a zone file (RFC 1035 §5.1): there full names end in a dot, which records have nowhere else."""
    if kind != "TXT":
        return f"{name}. IN {kind} {value}."
    escaped = [piece.replace("\\", "\\\\").replace('"', '\\"') for piece in _strings(value) or ("",)]
    return f"{name}. IN TXT " + " ".join([f'"{piece}"' for piece in escaped])


def _strings(value: str) -> tuple[str, ...]:
    return tuple([value[at : at + _STRING] for at in range(0, len(value), _STRING)])


class MailSite(msgspec.Struct, frozen=True):
    """How this installation stands in the world; what is not known is left empty and its records are not asked for."""

    mail_host: str = ""
    """The host that takes bounces (MX of the return path)."""
    addresses: tuple[str, ...] = ()
    """IP addresses from which we deliver ourselves."""
    spf_includes: tuple[str, ...] = ()
    """Domains whose SPF covers the relays in use, as their operators name them."""
    tracking_target: str = ""
    """The host that answers for tracking links."""


def records_for(domain: Domain, site: MailSite) -> tuple[DnsRecord, ...]:
    """The records of a domain, those that prove it first.

    Raises:
        ValueError: an address of the site is not an IP address.
    """
    records = [_dkim(domain, key) for key in domain.keys]
    if site.mail_host:
        records.append(
            DnsRecord(
                RecordKind.RETURN_PATH,
                domain.return_path,
                "MX",
                f"10 {site.mail_host}",
                "Brings bounces back, so that Posthouse learns of them.",
            )
        )
    records.append(
        DnsRecord(
            RecordKind.SPF,
            domain.return_path,
            "TXT",
            _spf(site),
            "Says which servers may send with this return path (SPF). The record of the domain itself stays as it is.",
        )
    )
    records.append(
        DnsRecord(
            RecordKind.DMARC,
            f"_dmarc.{domain.name}",
            "TXT",
            "v=DMARC1; p=none",
            "Tells receivers what to do with mail that is not signed by you (DMARC); large mailbox hosts demand one. "
            "Start with p=none and tighten it when everything that sends for you signs.",
        )
    )
    if site.tracking_target and domain.tracking_host:
        records.append(
            DnsRecord(
                RecordKind.TRACKING,
                domain.tracking_host,
                "CNAME",
                site.tracking_target,
                "Lets links in mails carry your own name.",
            )
        )
    return tuple(records)


def _dkim(domain: Domain, key: DkimKey) -> DnsRecord:
    kind = "rsa" if key.algorithm == RSA else "ed25519"
    return DnsRecord(
        RecordKind.DKIM,
        f"{key.selector}._domainkey.{domain.name}",
        "TXT",
        f"v=DKIM1; k={kind}; p={key.public}",
        f"The public half of the {'RSA' if kind == 'rsa' else 'Ed25519'} key that signs your mail (DKIM).",
        required=True,
    )


def _spf(site: MailSite) -> str:
    """``mx`` stands for ourselves when nothing better is known: the MX of the return path is our own host."""
    terms = [f"ip{ipaddress.ip_address(address).version}:{address}" for address in site.addresses]
    terms += [f"include:{name}" for name in site.spf_includes]
    return f"v=spf1 {' '.join(terms) if terms else 'mx'} ~all"
