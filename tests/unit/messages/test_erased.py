"""What is said of a message whose content was erased."""

import msgspec
import pytest
from tests.unit.messages.scene import Scene

from posthouse.core.keeping.retention import RetentionService
from posthouse.core.keeping.scrubbing import KEPT_FACTS, scrubbed
from posthouse.core.keeping.settings import Retention, Rule
from posthouse.core.kernel.clock import DAY
from posthouse.core.messages.errors import ErasedError
from posthouse.core.messages.model import MessageQuery
from posthouse.core.messages.pseudonyms import PURPOSE, Pseudonyms
from posthouse.core.messages.samples import SAMPLES
from posthouse.core.messages.words import words_by


async def unhurried(_seconds: float) -> None:
    """No rest."""


async def erase(scene: Scene) -> None:
    """All that is a day old."""
    house = scene.house
    pseudonyms = Pseudonyms(house.box.derive(PURPOSE))
    service = RetentionService(house.store, house.store, pseudonyms, words_by(house.box.derive), house.clock)
    await service.change(scene.caller.workspace_id, lambda _: Retention(Rule(content_days=1)))
    house.clock.hold_to(house.clock.now() + 2 * DAY)
    assert (await service.sweep(unhurried)).messages == 1


async def test_an_erased_message_says_so(scene: Scene) -> None:
    """It is found by its address and its number, and says when and why its content is gone; it is not sent again."""
    messages, workspace = scene.house.messages, scene.caller.workspace_id
    receipt = await scene.accepted(to="Ann@customer.example", correlation="A-1")
    await messages.cancel(workspace, receipt.message_id)
    await erase(scene)
    young = await scene.accepted(to="Ann@customer.example")
    for query in (
        MessageQuery(workspace, recipient="ann@customer.example"),
        MessageQuery(workspace, correlation="A-1"),
    ):
        assert receipt.message_id in [one.id for one in (await messages.search(query)).items]
    first = await messages.search(MessageQuery(workspace, recipient="Ann@customer.example", limit=1))
    assert [one.id for one in first.items] == [young.message_id]
    assert first.next is not None
    older = MessageQuery(workspace, recipient="Ann@customer.example", limit=1, before=young.message_id)
    assert [one.id for one in (await messages.search(older)).items] == [receipt.message_id]
    for refused in (messages.content(workspace, receipt.message_id), messages.resend(scene.caller, receipt.message_id)):
        with pytest.raises(ErasedError, match=r"were erased on .* by the rules of retention"):
            await refused


def test_facts_that_may_name_somebody_go() -> None:
    """Of what events say today only what is about the hand-over stays; what is invented later goes until it is named."""
    gone = {name for facts in SAMPLES.values() for name in facts} - KEPT_FACTS
    assert gone == {"text", "remote", "recipient", "agent", "network", "order"}
    facts = {"attempt": 1, "subject": "Dear Ann", "comment": "I am Ann", "url": "https://x.example/?ann", "new": "Ann"}
    assert msgspec.json.decode(scrubbed(msgspec.json.encode(facts)) or b"") == {"attempt": 1}
    kept = msgspec.json.encode({"attempt": 1})
    assert scrubbed(kept) is kept
    assert scrubbed(msgspec.json.encode({"text": "Ann"})) is None
    assert scrubbed(None) is None
