"""Sending domains: their keys, the records they need, and the proof that they are ours."""

import asyncio
import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.workspaces.changing import changed
from posthouse.core.workspaces.errors import DomainExistsError, UnknownDomainError
from posthouse.core.workspaces.model import DkimKey, Domain, Verification
from posthouse.core.workspaces.ports import (
    DkimKeyMaker,
    DnsFinding,
    DnsRecord,
    DomainDns,
    SecretBox,
    WorkspaceStore,
)

DKIM_PURPOSE: Final = "dkim"
"""What private keys are sealed for (see SecretBox)."""
ALGORITHMS: Final = (("rsa-sha256", "r"), ("ed25519-sha256", "e"))
"""Each domain signs twice (RFC 8463 §5); the letter ends the selector."""
_TRACKING_URL: Final = re.compile(
    r"https?://([A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?)(?::[0-9]{1,5})?/?", re.IGNORECASE
)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class CheckedDomain(NamedTuple):
    """A domain after a look-up, and what was found."""

    domain: Domain
    findings: Sequence[DnsFinding]


class DomainService:
    """Adds, checks and removes sending domains.

    Args:
        store: keeps them.
        box: seals private keys.
        clock: tells the time.
        new_id: makes identifiers.
        make_key: makes signing keys.
        dns: knows and looks up records.
        to_ascii: an internationalised name as A-labels (IDNA 2008), ValueError when it is none; without it only
            ASCII names are taken.
    """

    def __init__(
        self,
        *,
        store: WorkspaceStore,
        box: SecretBox,
        clock: Clock,
        new_id: IdSource,
        make_key: DkimKeyMaker,
        dns: DomainDns,
        to_ascii: Callable[[str], str] | None = None,
    ) -> None:
        self._store = store
        self._box = box
        self._clock = clock
        self._new_id = new_id
        self._make_key = make_key
        self._dns = dns
        self._to_ascii = to_ascii

    async def add(self, workspace_id: Id, name: str, *, verified: bool = False) -> Domain:
        """Adds a domain with new keys.

        Args:
            workspace_id: whose domain it is.
            name: as people write it.
            verified: skip the proof by DNS; only providers on loopback will carry its mail.

        Raises:
            ValidationError: the name is no domain name.
            DomainExistsError: the workspace has it already.
        """
        ascii_name = self.normal(name)
        if any(domain.name == ascii_name for domain in await self._store.domains(workspace_id)):
            raise _exists(ascii_name)
        now = self._clock.now()
        domain = Domain(
            id=self._new_id(),
            workspace_id=workspace_id,
            name=ascii_name,
            verification=Verification.MANUAL if verified else Verification.PENDING,
            created_at=now,
            return_path=f"bounces.{ascii_name}",
            tracking_host=f"links.{ascii_name}",
            keys=await asyncio.to_thread(self._new_keys, now),
        )
        try:
            await self._store.add_domain(domain)
        except ConflictError:
            raise _exists(ascii_name) from None
        return domain

    async def list(self, workspace_id: Id) -> Sequence[Domain]:
        """All domains of a workspace, oldest first."""
        return await self._store.domains(workspace_id)

    async def get(self, workspace_id: Id, name: str) -> Domain:
        """One domain by its name.

        Raises:
            UnknownDomainError: the workspace has none of that name.
        """
        try:
            wanted = self.normal(name)
        except ValidationError:
            raise _unknown(name) from None
        for domain in await self._store.domains(workspace_id):
            if domain.name == wanted:
                return domain
        raise _unknown(name)

    def records(self, domain: Domain) -> Sequence[DnsRecord]:
        """The records that its owner should publish."""
        return self._dns.records(domain)

    async def check(self, workspace_id: Id, name: str) -> CheckedDomain:
        """Looks the records up. With all required ones in place the domain is verified; once verified it stays so.

        A resolver in trouble must not stop mail, so a later bad finding only advises.

        Raises:
            UnknownDomainError: the workspace has none of that name.
        """
        findings = await self._dns.check(await self.get(workspace_id, name))
        required = [finding.ok for finding in findings if finding.record.required]
        # nothing asked for proves nothing
        proved = {"verification": Verification.DNS} if required and all(required) else {}
        checked = await self._change(workspace_id, name, checked_at=self._clock.now(), **proved)
        return CheckedDomain(checked, findings)

    async def look(self, domain: Domain) -> Sequence[DnsFinding]:
        """Looks the records up and changes nothing."""
        return await self._dns.check(domain)

    async def track(self, workspace_id: Id, name: str, url: str, *, unchecked: bool = False) -> Domain:
        """Says what links in this domain's mail begin with; empty: its mail is not tracked any more.

        Old links go on working as long as their host leads here.

        Args:
            workspace_id: whose domain it is.
            name: of the domain.
            url: ``https://links.shop.example``: scheme and host, nothing more.
            unchecked: take it without a look at the DNS: a proxy or another name stands before us.

        Raises:
            UnknownDomainError: the workspace has none of that name.
            ValidationError: it is no such URL, or its host does not lead here.
        """
        domain = await self.get(workspace_id, name)
        if url:
            found = _TRACKING_URL.fullmatch(url)
            if found is None:
                raise _no_tracking("write scheme and host, such as https://links.shop.example, and nothing more")
            if not unchecked:
                await self._check_host(domain, found[1])
        return await self._change(workspace_id, name, tracking_url=url.removesuffix("/").lower())

    async def _change(self, workspace_id: Id, name: str, **fields: Any) -> Domain:
        """Sets fields of the domain as it is at that moment: a look-up takes seconds, and somebody may change it meanwhile."""
        return await changed(
            lambda: self.get(workspace_id, name),
            lambda domain: msgspec.structs.replace(domain, **fields),
            self._store.update_domain,
        )

    async def _check_host(self, domain: Domain, host: str) -> None:
        if host.lower() != domain.tracking_host:
            raise _no_tracking(
                f"the tracking host of {domain.name} is {domain.tracking_host}; to use another, ask for it unchecked (--unchecked)"
            )
        findings = [one for one in await self._dns.check(domain) if one.record.purpose == "tracking"]
        if not findings or not all(one.ok for one in findings):
            advice = findings[0].advice if findings else "set mail.hostname first"
            raise _no_tracking(f"{domain.tracking_host} does not lead here yet: {advice}")

    async def remove(self, workspace_id: Id, name: str) -> None:
        """Forgets a domain and its keys.

        Raises:
            UnknownDomainError: the workspace has none of that name.
        """
        domain = await self.get(workspace_id, name)
        await self._store.remove_domain(workspace_id, domain.name)

    def normal(self, name: str) -> str:
        """A domain name as it stands in DNS: lower case, A-labels, no final dot.

        Raises:
            ValidationError: it is no domain name.
        """
        word = name.strip().rstrip(".").lower()
        try:
            if self._to_ascii is not None and not word.isascii():
                word = self._to_ascii(word).lower()
        except ValueError:
            raise _invalid(name) from None
        labels = word.split(".")
        if len(word) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
            raise _invalid(name)
        return word

    def _new_keys(self, now: int) -> tuple[DkimKey, ...]:
        month = dt.datetime.fromtimestamp(now // SECOND, tz=dt.UTC).strftime("%Y%m")
        keys = []
        for algorithm, letter in ALGORITHMS:
            pair = self._make_key(algorithm)
            sealed = self._box.seal(pair.private, purpose=DKIM_PURPOSE)
            keys.append(DkimKey(f"ph{month}{letter}", algorithm, sealed, pair.public))
        return tuple(keys)


def _no_tracking(advice: str) -> ValidationError:
    return ValidationError("Links cannot begin like this.", fields=[FieldProblem("/url", advice, "tracking-url")])


def _exists(name: str) -> DomainExistsError:
    return DomainExistsError(f"{name} is a sending domain of this workspace already; nothing was changed.")


def _unknown(name: str) -> UnknownDomainError:
    return UnknownDomainError(f'This workspace has no sending domain "{name[:64]}"; list them with GET /v1/domains.')


def _invalid(name: str) -> ValidationError:
    advice = f'"{name[:64]}" is not a domain name; write it like example.com'
    return ValidationError("The domain name is wrong.", fields=[FieldProblem("/name", advice, "domain-name")])
