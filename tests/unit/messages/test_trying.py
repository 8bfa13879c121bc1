"""Test sends: marked, complete, and counted nowhere."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from tests.unit.rendering.conftest import release_of

from posthouse.core.kernel.errors import PosthouseError, ValidationError
from posthouse.core.messages.model import Attachment
from posthouse.core.messages.submission import Caller, Party, Receipt, Submission, TrackingWish
from posthouse.core.messages.trying import TestSends
from posthouse.core.templates.attachments.model import Qr
from posthouse.core.templates.model import Release, Rendered, Sender, TemplateSource, VariantSource
from posthouse.core.templates.service import Preview

VARIANT = VariantSource("email", "en", "Order {{ n }}", html='<a href="posthouse:unsubscribe">Off</a> {{ n }}')
RELEASE = msgspec.structs.replace(
    release_of(TemplateSource("order", "Order", (VARIANT,), attachments=(Qr(id="code", data="{{ n }}"),))),
    sender=Sender("shop@shop.example", "Shop"),
)


class Previews:
    """Has rendered one mail."""

    async def render(self, workspace_id: bytes, key: str, **asked: Any) -> Preview:
        self.asked = (key, asked)
        seen = Rendered("Order 7", '<a href="posthouse:unsubscribe">Off</a> 7', "Off <posthouse:unsubscribe> 7")
        return Preview(seen, (), 100, RELEASE, {"n": 7})


class Door:
    """Takes everything in but what goes to nobody."""

    def __init__(self) -> None:
        self.kept: list[tuple[Caller, Submission]] = []

    async def accept(self, caller: Caller, items: Sequence[Submission]) -> list[Receipt | PosthouseError]:
        self.kept.extend((caller, one) for one in items)
        return [Receipt(b"m" * 16, b"{}") if "@" in str(one.to) else ValidationError("no address") for one in items]


class Maker:
    """Makes one picture, and finds one file in the store."""

    async def make(
        self, release: Release, variables: Mapping[str, Any], at: int
    ) -> tuple[tuple[Attachment, ...], dict[bytes, bytes]]:
        made, there = hashlib.sha256(b"png").digest(), hashlib.sha256(b"terms").digest()
        picture = Attachment("code.png", "image/png", made, 3, "code")
        return (picture, Attachment("terms.pdf", "application/pdf", there, 5)), {made: b"png"}


async def test_a_test_is_the_mail_with_a_mark() -> None:
    """With sender and attachments; not tracked, not counted, and its links to unsubscribe lead nowhere."""
    previews, door = Previews(), Door()
    results = await TestSends(previews, door, Maker(), lambda: 1).send(
        b"w" * 16, "order", ["ann@shop.example", "bob"], live=True, version="draft", locale="fr", data={"n": 7}
    )
    assert [type(one).__name__ for one in results] == ["Receipt", "ValidationError"]
    assert previews.asked == ("order", {"version": "draft", "channel": "email", "locale": "fr", "data": {"n": 7}})
    caller, mail = door.kept[0]
    assert (caller, mail.to, mail.subject) == (Caller(b"w" * 16, None, live=True), "ann@shop.example", "[test] Order 7")
    assert (mail.html, mail.text) == ('<a href="#">Off</a> 7', "Off <#> 7")
    assert (mail.sender, mail.tags) == (Party("shop@shop.example", "Shop"), ["posthouse:test"])
    assert mail.tracking == TrackingWish(opens=False, clicks=False)
    picture, terms = mail.attachments
    assert (picture.name, picture.content, picture.inline_id) == ("code.png", base64.b64encode(b"png").decode(), "code")
    assert terms.upload == f"upl_{hashlib.sha256(b'terms').hexdigest()}-5"


@pytest.mark.parametrize("many", [0, 11])
async def test_tests_are_for_colleagues(many: int) -> None:
    """Nobody, and more than ten, are refused before anything is rendered."""
    with pytest.raises(ValidationError, match="1 to 10 addresses"):
        await TestSends(Previews(), Door(), Maker(), lambda: 1).send(
            b"w" * 16, "order", ["a@b.example"] * many, live=True
        )
