"""What the tests of messages act on."""

from dataclasses import dataclass
from typing import Any

import msgspec

from posthouse.bootstrap import House
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.messages.submission import Caller, Receipt, Submission

ORDER = {"name": "Ann", "order": {"number": "A-1", "lines": [{"name": "Tea"}, {"name": "Cup"}]}}


def wanted(**changes: Any) -> Submission:
    """A good submission; any field may be changed, a None leaves it out."""
    body: dict[str, Any] = {
        "template": "order-confirmation",
        "to": {"email": "ann@customer.example"},
        "variables": ORDER,
    }
    body |= changes
    return msgspec.convert({name: value for name, value in body.items() if value is not None}, Submission)


@dataclass
class Scene:
    """The house, and somebody who may send."""

    house: House
    caller: Caller

    async def send(self, **changes: Any) -> Receipt | PosthouseError:
        """Accepts one submission."""
        return (await self.house.messages.accept(self.caller, [wanted(**changes)]))[0]

    async def pointers(self, **changes: Any) -> list[str]:
        """The bad fields of one submission, in order."""
        answer = await self.send(**changes)
        assert isinstance(answer, PosthouseError), answer
        return [problem.pointer for problem in answer.fields]

    async def accepted(self, **changes: Any) -> Receipt:
        """One that must be accepted."""
        answer = await self.send(**changes)
        assert isinstance(answer, Receipt), answer
        return answer
