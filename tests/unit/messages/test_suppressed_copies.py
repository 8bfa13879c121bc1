"""Copies to people who must not be written to, and test messages to them: over the house as bootstrap wires it."""

import msgspec
from tests.unit.messages.scene import Scene

from posthouse.channels.email.model import Outbound
from posthouse.core.messages.model import Lane
from posthouse.core.messages.submission import Caller
from posthouse.core.suppressions.model import Covers
from posthouse.core.suppressions.service import Author, Wanted


async def built(scene: Scene, **changes: object) -> Outbound:
    """The mail as a provider would get it."""
    await scene.accepted(**changes)
    now = scene.house.clock.now()
    *_, claimed = await scene.house.store.claim([(Lane.NORMAL, 9)], now=now, until=now + 30_000_000, lease=now)
    return await scene.house.builder.build(claimed)


async def suppress(scene: Scene, address: str, covers: Covers = Covers.ALL) -> None:
    await scene.house.suppressions.add(scene.caller.workspace_id, Wanted(address, covers=covers), Author("api"))


async def test_a_suppressed_copy_is_left_out_of_the_envelope(scene: Scene) -> None:
    """The person and the other copies get it, the header stays as it was; the timeline is told who did not, and why."""
    await suppress(scene, "Ben@bücher.example")
    await suppress(scene, "carl@customer.example", Covers.COMMERCIAL)
    mail = await built(
        scene, cc=[{"email": "ben@bücher.example"}, {"email": "carl@customer.example"}], bcc=[{"email": "dora@customer.example"}]
    )  # fmt: skip
    assert mail.recipients == ("ann@customer.example", "carl@customer.example", "dora@customer.example")
    assert b"ben@xn--bcher-kva.example" in mail.content
    (left_out,) = mail.left_out
    assert (left_out.recipient, left_out.text) == ("ben@bücher.example", "suppressed (manual): the copy was not sent")


async def test_a_test_message_tells_nothing_about_people(scene: Scene) -> None:
    """It is queued as ever, for the person and for copies: the sandbox gets it, nobody else."""
    await suppress(scene, "ann@customer.example")
    await suppress(scene, "ben@customer.example")
    live = await scene.accepted()
    assert msgspec.json.decode(live.body)["status"] == "suppressed"
    caller = scene.caller
    scene.caller = Caller(caller.workspace_id, caller.key_id, live=False, scopes=caller.scopes)
    test = await scene.accepted(cc=[{"email": "ben@customer.example"}])
    assert msgspec.json.decode(test.body)["status"] == "queued"
    mail = await built(scene, cc=[{"email": "ben@customer.example"}])
    assert "ben@customer.example" in mail.recipients
