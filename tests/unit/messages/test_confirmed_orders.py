"""Messages that say which order they confirm."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from tests.unit.messages.scene import Scene, furnish, wanted

from posthouse.bootstrap import open_house
from posthouse.config import Settings, create_master_key
from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.core.messages.committer import Accept
from posthouse.core.messages.model import AcceptResult, NewMessage
from posthouse.core.messages.service import AT_A_TIME
from posthouse.core.messages.submission import Receipt


async def test_a_message_that_confirms_an_order_counts_it(scene: Scene) -> None:
    """Once, whatever is sent about it later; the receipt says what became of it, and a retry is told the same. A bad one counts nothing."""
    order = {"order": "A-1", "amount": "49.90", "currency": "EUR"}
    workspace = scene.caller.workspace_id
    assert await scene.pointers(conversion=order, lane="urgent") == ["/lane"]
    assert (await scene.house.conversions.page(workspace, live=True)).items == []
    first = await scene.accepted(conversion=order, idempotency_key="k")
    retried = await scene.accepted(conversion=order, idempotency_key="k")
    assert (retried.replayed, retried.body) == (True, first.body)
    shipped = await scene.accepted(conversion=order)
    changed = await scene.accepted(conversion={**order, "amount": "10"})
    told = [msgspec.json.decode(receipt.body).get("conversion") for receipt in (first, shipped, changed)]
    assert told == ["counted", "repeated", "other_amount"]
    assert "conversion" not in msgspec.json.decode((await scene.accepted()).body)
    (found,) = (await scene.house.conversions.page(workspace, live=True)).items
    assert (found.order, found.amount) == ("A-1", 49_900_000)


async def test_a_refused_retry_counts_no_order(scene: Scene) -> None:
    """Another body under a key that is taken sends nothing, so it sells nothing either."""
    order = {"order": "A-1", "amount": "1", "currency": "EUR"}
    await scene.accepted(conversion=order, idempotency_key="k")
    (refused,) = await scene.house.messages.accept(
        scene.caller, [wanted(conversion={**order, "order": "A-2"}, idempotency_key="k")]
    )
    assert isinstance(refused, PosthouseError)
    (found,) = (await scene.house.conversions.page(scene.caller.workspace_id, live=True)).items
    assert found.order == "A-1"


async def test_orders_of_a_batch_stay_with_their_messages(scene: Scene) -> None:
    """More than are counted at a time, and bad items among them."""
    total = AT_A_TIME + 3
    items = [
        wanted(conversion={"order": f"A-{n}", "amount": str(n), "currency": "EUR"}, lane="urgent" if n == 2 else None)
        for n in range(total)
    ]
    answers = await scene.house.messages.accept(scene.caller, items)
    told = [msgspec.json.decode(one.body)["conversion"] if isinstance(one, Receipt) else None for one in answers]
    assert told == ["counted", "counted", None, *["counted"] * (total - 3)]
    found = (await scene.house.conversions.page(scene.caller.workspace_id, live=True, limit=100)).items
    assert len(found) == total - 1


async def test_an_order_is_counted_before_its_message_is_kept(tmp_path: Path) -> None:
    """A store that goes away between the two leaves the order counted and nothing sent; the retry sends, and counts nothing."""
    order = {"order": "A-1", "amount": "1", "currency": "EUR"}
    away = True

    def leaving(accept: Accept) -> Accept:
        async def kept(batch: Sequence[NewMessage]) -> list[AcceptResult]:
            if away:
                raise UnavailableError("gone")
            return await accept(batch)

        return kept

    settings = Settings(data=str(tmp_path))
    create_master_key(settings.key_file)
    async with open_house(settings, role="cli", metered=leaving) as house:
        scene = await furnish(house)
        with pytest.raises(UnavailableError):
            await scene.send(conversion=order)
        away = False
        assert msgspec.json.decode((await scene.accepted(conversion=order)).body)["conversion"] == "repeated"
