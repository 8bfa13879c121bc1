"""Commercial and tracked messages, over the house as bootstrap wires it: from the request to the signed mail and back."""

import re
from email import message_from_bytes
from email.policy import SMTP
from typing import Any

from tests.unit.messages.scene import Scene

from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.messages.model import Lane
from posthouse.core.templates.model import Category, Sender, TemplateSource, VariantSource
from posthouse.core.tracking.service import Visitor
from posthouse.core.tracking.settings import TrackingSettings
from posthouse.core.tracking.tokens import Kind

HTML = (
    '<body><p>{{ name }}</p><a href="https://shop.example/sale">sale</a><a href="posthouse:unsubscribe">bye</a></body>'
)
BASE = "https://links.shop.example"


async def publish(scene: Scene, key: str = "sale", category: Category = Category.COMMERCIAL) -> None:
    """A template with a link, and one to unsubscribe."""
    source = TemplateSource(
        key,
        "Sale",
        (VariantSource("email", "en", "Sale", html=HTML, text="Bye: posthouse:unsubscribe"),),
        category=category,
        sender=Sender("orders@shop.example", "Shop"),
        sample={"name": "Ann"},
    )
    await scene.house.templates.push(scene.caller.workspace_id, source, True)


async def built(scene: Scene, **changes: Any) -> Any:
    """The mail as a provider would get it."""
    await scene.accepted(**changes)
    now = scene.house.clock.now()
    (claimed,) = await scene.house.store.claim([(Lane.NORMAL, 9)], now=now, until=now + 30_000_000, lease=now)
    return message_from_bytes((await scene.house.builder.build(claimed)).content, policy=SMTP)


def html_of(mail: Any) -> str:
    """The HTML, decoded."""
    return str(mail.get_body(("html",)).get_content())


async def test_commercial_mail_needs_a_tracking_host(scene: Scene) -> None:
    """Said at the door, with what to run; transactional mail does not."""
    await publish(scene)
    answer = await scene.send(template="sale", variables={"name": "Ann"})
    assert isinstance(answer, PosthouseError)
    assert [(problem.pointer, problem.code) for problem in answer.fields] == [("/template", "no-tracking-host")]
    assert "posthouse tracking host" in answer.detail
    await scene.accepted()


async def test_from_the_mail_to_the_opt_out(scene: Scene) -> None:
    """Headers of RFC 8058, signed; the same token in header, HTML and text; who follows it is out."""
    await publish(scene)
    house, workspace = scene.house, scene.caller.workspace_id
    await house.domains.track(workspace, "shop.example", BASE, unchecked=True)
    mail = await built(scene, template="sale", variables={"name": "Ann"})
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>")
    assert address.startswith(f"{BASE}/u/")
    assert address in html_of(mail)
    assert address in mail.get_body(("plain",)).get_content()
    assert 'href="https://shop.example/sale"' in html_of(mail)  # nobody wanted clicks
    signed = re.sub(r"\s", "", mail["DKIM-Signature"])
    assert ":list-unsubscribe:list-unsubscribe-post:" in signed
    token = house.tracking.read(address.rpartition("/")[2], Kind.UNSUBSCRIBE)
    assert token is not None
    message = await house.tracking.message_of(token)
    assert message is not None
    assert await house.tracking.is_commercial(message)
    assert not await house.tracking.is_out(message)
    await house.tracking.unsubscribe(message, "one-click")
    assert await house.tracking.is_out(message)
    stopped = await scene.accepted(template="sale", variables={"name": "Ann"})
    assert b'"status":"suppressed"' in stopped.body
    assert b'"reason":"unsubscribe","category":"commercial"' in stopped.body
    await scene.accepted()  # what is not commercial still comes
    await scene.accepted(template="sale", variables={"name": "Ann"}, to={"email": "ben@customer.example"})
    await house.tracking.resubscribe(message)
    assert not await house.tracking.is_out(message)
    await scene.accepted(template="sale", variables={"name": "Ann"})


async def test_a_click_comes_back(scene: Scene) -> None:
    """Settings of the workspace; the message's own word counts more."""
    await publish(scene, "note", Category.TRANSACTIONAL)
    house, workspace = scene.house, scene.caller.workspace_id
    await house.domains.track(workspace, "shop.example", BASE, unchecked=True)
    await house.tracking_reports.change(workspace, lambda _: TrackingSettings(opens=True, clicks=True))
    mail = await built(scene, template="note", variables={"name": "Ann"})
    assert mail["List-Unsubscribe"] is None
    assert "/o/" in html_of(mail)
    found = re.search(rf'href="{BASE}/c/([^"]+)"', html_of(mail))
    assert found is not None
    token = house.tracking.read(found[1], Kind.CLICK)
    assert token is not None
    assert await house.tracking.clicked(token, Visitor("Mozilla/5.0 Firefox/130", "203.0.113.0/24")) == (
        "https://shop.example/sale"
    )
    shares = await house.tracking_reports.shares(workspace, "note")
    assert [(share.event, share.human) for share in shares] == [("clicked", 1)]
    quiet = await built(scene, template="note", variables={"name": "Ann"}, tracking={"opens": False, "clicks": False})
    assert "/c/" not in html_of(quiet)
    assert "/o/" not in html_of(quiet)
    assert f"{BASE}/u/" in html_of(quiet)


async def test_links_to_unsubscribe_are_ours_to_write(scene: Scene) -> None:
    """A header of the source's own would be a second one, or one that we do not hear of."""
    headers = {"List-Unsubscribe": "<mailto:x@shop.example>"}
    assert await scene.pointers(headers=headers) == ["/headers/List-Unsubscribe"]
    await scene.accepted(template=None, variables=None, subject="Hi", text="Hi", headers=headers)


async def test_what_is_shown_is_not_tracked(scene: Scene) -> None:
    """Looking at a message is not reading it."""
    await publish(scene, "note", Category.TRANSACTIONAL)
    house, workspace = scene.house, scene.caller.workspace_id
    await house.domains.track(workspace, "shop.example", BASE, unchecked=True)
    await house.tracking_reports.change(workspace, lambda _: TrackingSettings(opens=True, clicks=True))
    receipt = await scene.accepted(template="note", variables={"name": "Ann"})
    content = await house.messages.content(workspace, receipt.message_id)
    assert content.html is not None
    assert 'href="https://shop.example/sale"' in content.html
    assert f"{BASE}/u/" in content.html
    assert "/o/" not in content.html
