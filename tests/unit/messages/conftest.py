"""A whole house on SQLite with one template, as bootstrap wires it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.messages.scene import Scene

from posthouse.bootstrap import House, open_house
from posthouse.config import Settings, create_master_key
from posthouse.core.messages.submission import Caller
from posthouse.core.templates.model import Sender, TemplateSource, UnknownPolicy, VariantSource

HTML = "<p>Hello {{ name }}, your order {{ order.number }}</p>{% for line in order.lines %}<p>{{ line.name }}</p>{% endfor %}"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    settings = Settings(data=str(tmp_path))
    create_master_key(settings.key_file)
    async with open_house(settings, role="cli") as house:
        yield await _furnish(house)


async def _furnish(house: House) -> Scene:
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
