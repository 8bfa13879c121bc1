"""Checks what DNS says about a sending domain against what it should say, and tells what to do."""

import asyncio
import enum
from typing import Final

import msgspec

from posthouse.channels.email.dns_records import DnsRecord, MailSite, RecordKind, records_for
from posthouse.channels.email.dns_resolver import DnsLookup, LookupFailedError
from posthouse.core.workspaces.model import Domain

_MOST_LOOKUPS: Final = 10
"""SPF terms that cause a lookup, all includes together (RFC 7208 §4.6.4)."""
_LOOKUP_TERMS: Final = ("include:", "exists:", "redirect=", "ptr", "a:", "a/", "mx:", "mx/")
_FOLLOWED: Final = ("include:", "redirect=")


class State(enum.StrEnum):
    """How a record was found."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """The lookup itself failed."""


class Finding(msgspec.Struct, frozen=True):
    """One record, how it was found, and what to do."""

    record: DnsRecord
    state: State
    found: tuple[str, ...] = ()
    advice: str = ""


async def check(domain: Domain, site: MailSite, lookup: DnsLookup) -> tuple[Finding, ...]:
    """Looks up every record of a domain, all at once; a finding for each, in the order of :func:`records_for`."""
    return tuple(await asyncio.gather(*[_finding(record, lookup) for record in records_for(domain, site)]))


async def _finding(record: DnsRecord, lookup: DnsLookup) -> Finding:
    try:
        match record.kind:
            case RecordKind.DKIM:
                return _dkim(record, await lookup.txt(record.name))
            case RecordKind.SPF:
                return await _spf(record, await lookup.txt(record.name), lookup)
            case RecordKind.DMARC:
                return await _dmarc(record, lookup)
            case RecordKind.RETURN_PATH:
                return _return_path(record, await lookup.mx(record.name))
            case RecordKind.TRACKING:
                return _tracking(record, await lookup.cname(record.name))
    except LookupFailedError as error:
        return Finding(record, State.UNKNOWN, (), f"{error.detail} Try again later; nothing was changed.")


def _missing(record: DnsRecord) -> Finding:
    return Finding(record, State.MISSING, (), f"Add at your DNS host: {record.zone_line}")


def _dkim(record: DnsRecord, texts: list[str]) -> Finding:
    found = tuple([text for text in texts if "p" in tags(text)])
    if not found:
        return _missing(record)
    if len(found) > 1:
        return _wrong(record, found, "There are several keys under one name; keep only the one of Posthouse.")
    there, expected = tags(found[0]), tags(record.value)
    if there["p"] == expected["p"]:
        if there.get("k", "rsa").lower() != expected["k"]:
            return _wrong(record, found, f"The key is right but its kind is not: write k={expected['k']}.")
        return Finding(record, State.OK, found)
    return _wrong(record, found, _key_advice(there["p"], expected["p"]))


def _key_advice(there: str, expected: str) -> str:
    if not there:
        return "The key is marked as withdrawn (empty p=); publish the value shown."
    if expected.startswith(there):
        return (
            f"The key is cut off after {len(there)} of {len(expected)} characters: a TXT string holds 255. "
            "Enter it as several quoted strings in one record, as shown."
        )
    return "Another key is published there; replace it by the value shown."


async def _spf(record: DnsRecord, texts: list[str], lookup: DnsLookup) -> Finding:
    found = _spf_records(texts)
    if not found:
        return _missing(record)
    if len(found) > 1:
        return _wrong(record, found, "There are several SPF records, which counts as none (RFC 7208 §4.5); merge them.")
    terms = found[0].lower().split()
    lacking = [term for term in record.value.split()[1:-1] if term.lower() not in terms]
    if lacking:
        return _wrong(record, found, f"Put into the record, before its last term: {' '.join(lacking)}")
    lookups = await _spf_lookups(found[0], lookup, set())
    if lookups > _MOST_LOOKUPS:
        return _wrong(
            record,
            found,
            f"It causes {lookups} or more lookups and only {_MOST_LOOKUPS} are allowed; drop some includes.",
        )
    return Finding(record, State.OK, found)


def _spf_records(texts: list[str]) -> tuple[str, ...]:
    return tuple([text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")])


async def _spf_lookups(text: str, lookup: DnsLookup, seen: set[str]) -> int:
    """Counts terms that cause lookups, following includes; stops once there are too many."""
    count = 0
    for term in text.lower().split()[1:]:
        plain = term.lstrip("+-~?")
        if plain.startswith(_LOOKUP_TERMS) or plain in {"a", "mx"}:
            count += 1
        if count > _MOST_LOOKUPS:
            break
        if plain.startswith(_FOLLOWED):
            target = plain.partition(":" if ":" in plain else "=")[2]
            if target and target not in seen:
                seen.add(target)
                for inner in _spf_records(await lookup.txt(target))[:1]:
                    count += await _spf_lookups(inner, lookup, seen)
    return count


async def _dmarc(record: DnsRecord, lookup: DnsLookup) -> Finding:
    """A policy of the domain, or of one above it (RFC 7489 §6.6.3)."""
    labels = record.name.split(".")[1:]
    while len(labels) > 1:
        name = ".".join(["_dmarc", *labels])
        found = tuple([text for text in await lookup.txt(name) if text.replace(" ", "").startswith("v=DMARC1")])
        if len(found) > 1:
            return _wrong(record, found, f"There are several records at {name}, which counts as none; keep one.")
        if found and tags(found[0]).get("p", "").lower() not in {"none", "quarantine", "reject"}:
            return _wrong(record, found, f"The record at {name} has no policy; write p=none, p=quarantine or p=reject.")
        if found:
            return Finding(record, State.OK, found)
        labels = labels[1:]
    return _missing(record)


def _return_path(record: DnsRecord, hosts: list[str]) -> Finding:
    expected = record.value.split()[1].rstrip(".").lower()
    if not hosts:
        return _missing(record)
    if expected not in hosts:
        return _wrong(record, tuple(hosts), f"Bounces go to {hosts[0]}; set the MX of {record.name} to {expected}.")
    return Finding(record, State.OK, tuple(hosts))


def _tracking(record: DnsRecord, target: str | None) -> Finding:
    if target is None:
        return _missing(record)
    if target != record.value.rstrip(".").lower():
        return _wrong(record, (target,), f"It points to {target}; point it to {record.value}")
    return Finding(record, State.OK, (target,))


def tags(text: str) -> dict[str, str]:
    """A tag list (RFC 6376 §3.2) without any blanks in the values."""
    pairs = [piece.partition("=") for piece in text.split(";")]
    return {name.strip().lower(): "".join(value.split()) for name, equals, value in pairs if equals}


def _wrong(record: DnsRecord, found: tuple[str, ...], advice: str) -> Finding:
    return Finding(record, State.WRONG, found, advice)
