"""What the tests of messages act on."""

from dataclasses import dataclass
from typing import Any

import msgspec

from posthouse.bootstrap import House
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.messages.submission import Caller, Receipt, Submission
from posthouse.core.templates.model import Sender, TemplateSource, UnknownPolicy, VariantSource

HTML = "<p>Hello {{ name }}, your order {{ order.number }}</p>{% for line in order.lines %}<p>{{ line.name }}</p>{% endfor %}"
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


async def furnish(house: House) -> Scene:
    """A workspace with a domain and one template."""
    workspace = await house.workspaces.create("shop")
    await house.domains.add(workspace.id, "shop.example", verified=True)
    source = TemplateSource(
        key="order-confirmation",
        name="Order confirmation",
        variants=(
            VariantSource("email", "en", "Your order {{ order.number }}", html=HTML),
            VariantSource("email", "fr", "Votre commande {{ order.number }}", html=HTML),
        ),
        sender=Sender("orders@shop.example", "Shop"),
        unknown_policy=UnknownPolicy.HOLD,
        tags=("orders",),
        sample={"name": "Ann", "order": {"number": "A-1", "lines": [{"name": "Tea"}]}},
    )
    await house.templates.push(workspace.id, source, True)
    return Scene(house, Caller(workspace.id, house.clock.now().to_bytes(16, "big"), live=True, scopes=("*",)))
