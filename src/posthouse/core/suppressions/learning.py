"""Learning from what servers say, and what must be learnt before it is written down."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from posthouse.core.kernel.ids import IdSource
from posthouse.core.suppressions.model import Bounce, SoftBounce, Suppression
from posthouse.core.suppressions.ports import SuppressionStore
from posthouse.core.suppressions.rules import SuppressionRules, learn


class Addresses(Protocol):
    """Brings addresses into their normal form (core/messages/ports.py, AddressRules)."""

    def normal_email(self, address: str) -> str:
        """The normal form. ValueError when it is no address."""
        ...


def _named(bounce: Bounce) -> bool:
    """Whether it is known whose it is: the address of an old message may be erased."""
    return bool(bounce.address)


class Learner:
    """Turns bounces into suppressions.

    Args:
        store: the list.
        addresses: for what servers wrote in their own way.
        rules: how quick we are.
        new_id: makes identifiers.
    """

    def __init__(
        self, store: SuppressionStore, addresses: Addresses, rules: SuppressionRules, new_id: IdSource
    ) -> None:
        self._store = store
        self._addresses = addresses
        self._rules = rules
        self._new_id = new_id

    def lessons(self, bounces: Sequence[Bounce]) -> tuple[list[Suppression], list[SoftBounce]]:
        """What is to be added at once, and what is to be counted."""
        entries: list[Suppression] = []
        softs: list[SoftBounce] = []
        for bounce in filter(_named, bounces):
            learnt = learn(self._normal(bounce), self._rules, self._new_id)
            if isinstance(learnt, Suppression):
                entries.append(learnt)
            elif learnt is not None:
                softs.append(learnt)
        return entries, softs

    async def learn(self, bounces: Sequence[Bounce]) -> list[Suppression]:
        """Learns durably; again changes nothing. What was added.

        Raises:
            UnavailableError: the store could not write.
        """
        entries, softs = self.lessons(bounces)
        return await self._store.suppress(entries, softs) if entries or softs else []

    def _normal(self, bounce: Bounce) -> Bounce:
        try:
            return msgspec.structs.replace(bounce, address=self._addresses.normal_email(bounce.address))
        except ValueError:
            return bounce
