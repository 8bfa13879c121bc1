"""Who we write as: sending domains with their keys opened, remembered until the settings change."""

from collections.abc import Callable
from typing import Final

from posthouse.channels.email.addresses import domain_of
from posthouse.channels.email.dkim import Key, Signer
from posthouse.channels.email.dkim_keys import RSA, SignDigest, open_key
from posthouse.channels.email.model import Identity
from posthouse.core.kernel.cache import GenerationCache
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.ids import Id
from posthouse.core.workspaces.model import DkimKey, Domain, Verification
from posthouse.core.workspaces.ports import SecretBox, WorkspaceStore

_OPEN_KEYS_KEPT: Final = 4096


class EmailIdentities:
    """Identities of the e-mail channel.

    The domain of the sender must be a sending domain itself, letter for letter: neither its parent nor its sub-domains
    count, because their DNS was not shown to be ours.

    Args:
        domains: where domains are kept.
        box: opens their keys.
        clock: for the age of what is remembered, and for the signatures' ``t=``.
    """

    def __init__(self, domains: WorkspaceStore, box: SecretBox, clock: Clock) -> None:
        self._domains = domains
        self._box = box
        self._now = clock.now
        self._known: GenerationCache[Id, dict[str, Identity]] = GenerationCache(domains.generation, clock)
        self._opened: dict[bytes, SignDigest] = {}

    async def identity(self, workspace_id: Id, sender_email: str) -> Identity | None:
        """The identity for a sender address; None when its domain is not one of ours, or not proved yet.

        Raises:
            DkimKeyError: a key of a domain cannot be opened.
        """
        identities = await self._known.get(workspace_id, self._read)
        try:
            return identities.get(domain_of(sender_email))
        except ValueError:
            return None

    async def _read(self, workspace_id: Id) -> dict[str, Identity]:
        usable = [domain for domain in await self._domains.domains(workspace_id) if domain.usable]
        return {domain.name: self._identity_of(domain) for domain in usable}

    def _identity_of(self, domain: Domain) -> Identity:
        return Identity(
            domain=domain.name,
            return_path=domain.return_path,
            manual=domain.verification is Verification.MANUAL,
            sign=signer_for(domain.name, [(key, self._open(key)) for key in domain.keys], now=self._now),
        )

    def _open(self, key: DkimKey) -> SignDigest:
        """Opening an RSA key takes a millisecond; a change elsewhere in the settings must not cost that."""
        opened = self._opened.get(key.private)
        if opened is None:
            if len(self._opened) >= _OPEN_KEYS_KEPT:
                self._opened.clear()
            opened = self._opened[key.private] = open_key(key, self._box)
        return opened


def signer_for(
    domain: str, keys: list[tuple[DkimKey, SignDigest]], *, now: Callable[[], int]
) -> Callable[[list[tuple[str, str]], bytes], list[tuple[str, str]]]:
    """What signs for a domain with its opened keys, RSA first. Without keys: signs nothing."""
    ordered = sorted(keys, key=lambda pair: pair[0].algorithm != RSA)
    return Signer(domain, [Key(key.selector, key.algorithm, sign) for key, sign in ordered], now=now)
