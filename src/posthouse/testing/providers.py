"""The contract of e-mail providers, as a suite. A provider's own tests subclass it and say how to set the scene.

class TestMine(EmailProviderContract):
    async def provider(self): ...
    async def arrived(self): ...
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from posthouse.core.delivery.outcomes import Accepted, Deferred, Outcome, Refused, Throttled, Unknown
from posthouse.core.delivery.ports import Provider


class FlightLog:
    """A flight that remembers what it was told. ``leases`` is how often ``may_begin`` says yes."""

    def __init__(self, leases: int = 1_000_000) -> None:
        self.said: list[str] = []
        self._leases = leases

    def may_begin(self) -> bool:
        """Yes while there are leases left."""
        self._leases -= 1
        self.said.append("begin" if self._leases >= 0 else "lost")
        return self._leases >= 0

    def committed(self) -> None:
        """Notes it."""
        self.said.append("committed")


class EmailProviderContract(ABC):
    """What every e-mail provider promises to the dispatcher."""

    CONTENT: ClassVar[bytes] = b"Subject: hello\r\nMessage-ID: <1@shop.example>\r\n\r\nHello Ann.\r\n..dot\r\n"

    @abstractmethod
    async def provider(self, scene: str) -> Provider:
        """A provider whose other side plays a scene: ``fine``, ``refuse``, ``defer``, ``silent``, ``throttle``."""

    @abstractmethod
    async def arrived(self) -> Sequence[bytes]:
        """The messages that the other side has, dots unstuffed."""

    @abstractmethod
    def outbound(self, scene: str, *, manual_domain: bool = False) -> Any:
        """The message for a scene."""

    async def _play(self, scene: str, flight: FlightLog | None = None) -> tuple[Outcome, FlightLog]:
        flight = flight or FlightLog()
        provider = await self.provider(scene)
        try:
            return await provider.send(self.outbound(scene), flight), flight
        finally:
            await provider.close()

    async def test_what_is_accepted_arrived_byte_for_byte(self) -> None:
        """Accepted means that the other side has exactly our bytes."""
        outcome, flight = await self._play("fine")
        assert isinstance(outcome, Accepted)
        assert outcome.remote
        assert list(await self.arrived()) == [self.CONTENT.replace(b"\r\n..", b"\r\n.")]
        assert flight.said[0] == "begin"
        assert flight.said[-1] == "committed"

    async def test_a_permanent_no_is_refused(self) -> None:
        """With the code, the enhanced code and the other side's words."""
        outcome, flight = await self._play("refuse")
        assert isinstance(outcome, Refused)
        assert (outcome.code // 100, outcome.enhanced[:2]) == (5, "5.")
        assert outcome.text
        assert "committed" not in flight.said
        assert list(await self.arrived()) == []

    async def test_a_not_now_is_deferred(self) -> None:
        """And nothing was delivered."""
        outcome, flight = await self._play("defer")
        assert isinstance(outcome, Deferred)
        assert outcome.text
        assert "committed" not in flight.said
        assert list(await self.arrived()) == []

    async def test_silence_after_the_last_byte_is_unknown(self) -> None:
        """In doubt, and said so: neither sent nor not sent."""
        outcome, flight = await self._play("silent")
        assert isinstance(outcome, Unknown)
        assert flight.said[-1] == "committed"

    async def test_a_wish_for_a_pause_names_its_length(self) -> None:
        """Throttled with a pause, or deferred with a time when the pause is one domain's."""
        outcome, flight = await self._play("throttle")
        assert isinstance(outcome, Throttled | Deferred)
        assert (outcome.pause if isinstance(outcome, Throttled) else outcome.retry_after or 0) > 0
        assert "committed" not in flight.said

    async def test_without_the_lease_nothing_leaves(self) -> None:
        """A former holder of the message does not send it."""
        outcome, flight = await self._play("fine", FlightLog(leases=0))
        assert isinstance(outcome, Deferred)
        assert flight.said == ["lost"]
        assert list(await self.arrived()) == []

    async def test_an_unproved_domain_stays_on_this_machine(self) -> None:
        """A domain whose DNS proof was skipped goes to loopback providers only."""
        provider = await self.provider("fine")
        outcome = await provider.send(self.outbound("fine", manual_domain=True), FlightLog())
        await provider.close()
        assert isinstance(outcome, Accepted if provider.loopback else Refused)
        assert len(await self.arrived()) == int(provider.loopback)

    async def test_it_serves_many_at_a_time(self) -> None:
        """As many as it says, and no message is lost."""
        provider = await self.provider("fine")
        number = 2 * provider.concurrency
        outcomes = await asyncio.gather(*(provider.send(self.outbound("fine"), FlightLog()) for _ in range(number)))
        await provider.close()
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)

    async def test_it_can_be_closed_twice_and_unused(self) -> None:
        """Stopping never fails."""
        provider = await self.provider("fine")
        await provider.close()
        await provider.close()
