"""Messages to contacts, the language that is chosen, and what templates may always read."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.unit.messages.scene import Scene

from posthouse.core.kernel.cache import FRESH_FOR
from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.messages.model import EventType
from posthouse.core.templates.model import Sender, TemplateSource, VariantSource

HTML = (
    "<p>{{ contact.first_name | default(contact.name) }} {{ contact.email }} {{ contact.time_zone }}</p>"
    "<p>{{ workspace.name }} {{ message.id }} {{ message.locale }} {{ event.correlation }}</p>"
)
ANN = {"key": "c-1", "name": "Ann Lee", "email": "ann@customer.example", "locale": "fr-CA"}


async def publish(scene: Scene, html: str = HTML, key: str = "hello") -> None:
    """A template in two languages that reads what nobody sends."""
    variants = tuple(VariantSource("email", locale, f"Hello in {locale}", html=html) for locale in ("en", "fr"))
    source = TemplateSource(key, "Hello", variants, sender=Sender("orders@shop.example", "Shop"), sample={})
    await scene.house.templates.push(scene.caller.workspace_id, source, True)


async def said(scene: Scene, **changes: Any) -> tuple[str, str]:
    """Subject and HTML of an accepted message."""
    receipt = await scene.accepted(**({"template": "hello", "variables": {}} | changes))
    content = await scene.house.messages.content(scene.caller.workspace_id, receipt.message_id)
    return content.subject, content.html or ""


async def test_a_contact_gives_address_language_and_attributes(scene: Scene) -> None:
    """By key or by identifier; what was accepted does not change with the contact."""
    await publish(scene)
    workspace = scene.caller.workspace_id
    ann = await scene.house.contacts.add(workspace, {**ANN, "attributes": {"first_name": "Annie"}})
    receipt = await scene.accepted(template="hello", to=None, contact="c-1", variables={}, correlation="A-7")
    message = await scene.house.messages.get(workspace, receipt.message_id)
    assert (message.recipient, message.recipient_name, message.locale) == ("ann@customer.example", "Ann Lee", "fr")
    (accepted, *_) = await scene.house.messages.timeline(workspace, receipt.message_id)
    assert accepted.type is EventType.ACCEPTED
    assert (accepted.data["locale_by"], accepted.data["locale_asked"]) == ("contact", "fr-CA")
    await scene.house.contacts.change(workspace, "c-1", {"attributes": {"first_name": "Else"}})
    content = await scene.house.messages.content(workspace, receipt.message_id)
    word = msgspec.json.decode(receipt.body)["id"]
    assert content.subject == "Hello in fr"
    assert f"<p>Annie ann@customer.example UTC</p><p>shop {word} fr A-7</p>" in (content.html or "")
    assert ann.locale == "fr-CA"


async def test_who_is_no_contact_has_an_address_and_a_name(scene: Scene) -> None:
    """And what the request says of the contact goes before it."""
    await publish(scene)
    _, html = await said(scene, to={"email": "bob@customer.example", "name": "Bob"})
    assert "<p>Bob bob@customer.example UTC</p>" in html
    _, html = await said(scene, variables={"contact": {"first_name": "Robert"}})
    assert "<p>Robert ann@customer.example UTC</p>" in html


async def test_what_a_contact_lacks_is_told_before_anything_is_kept(scene: Scene) -> None:
    """With the pointer of the attribute."""
    html = "<p>{{ contact.points }}</p>"
    with pytest.raises(PosthouseError) as told:
        await publish(scene, html)
    assert "/sample/contact/points" in [one.pointer for one in told.value.fields]
    source = {"sample": {"contact": {"points": 1}}}
    variants = (VariantSource("email", "en", "Points", html=html),)
    made = TemplateSource("points", "Points", variants, sender=Sender("orders@shop.example"), **source)
    await scene.house.templates.push(scene.caller.workspace_id, made, True)
    await scene.house.contacts.add(scene.caller.workspace_id, ANN)
    wanted: dict[str, Any] = {"template": "points", "to": None, "contact": "c-1", "variables": {}}
    assert await scene.pointers(**wanted) == ["/variables/contact/points"]
    await scene.house.contacts.change(scene.caller.workspace_id, "c-1", {"attributes": {"points": 3}})
    await scene.accepted(**wanted)


async def test_bad_contacts_are_refused(scene: Scene) -> None:
    """Unknown, without an e-mail address, or beside an address."""
    await scene.house.contacts.add(scene.caller.workspace_id, {"key": "phone-only", "phone": "+33612345678"})
    assert await scene.pointers(to=None, contact="nobody") == ["/contact"]
    assert await scene.pointers(to=None, contact="phone-only") == ["/contact"]
    assert await scene.pointers(contact="nobody") == ["/contact"]
    assert await scene.pointers(to=None) == ["/to"]


async def test_the_language_is_of_request_contact_key_or_workspace(scene: Scene) -> None:
    """In this order; the template's default serves when the workspace's is not there."""
    await publish(scene)
    workspace = await scene.house.workspaces.get(scene.caller.workspace_id)
    await scene.house.contacts.add(workspace.id, ANN)
    by_contact: dict[str, Any] = {"to": None, "contact": "c-1"}
    assert (await said(scene, **by_contact, locale="en"))[0] == "Hello in en"
    assert (await said(scene, **by_contact))[0] == "Hello in fr"
    scene.caller = msgspec.structs.replace(scene.caller, locale="fr")
    assert (await said(scene))[0] == "Hello in fr"
    receipt = await scene.accepted(template="hello", variables={})
    (accepted, *_) = await scene.house.messages.timeline(workspace.id, receipt.message_id)
    assert (accepted.data["locale_by"], accepted.data["locale"]) == ("key", "fr")
    assert "locale_asked" not in accepted.data
    scene.caller = msgspec.structs.replace(scene.caller, locale="")
    assert (await said(scene))[0] == "Hello in en"
    await scene.house.store.update_workspace(workspace, msgspec.structs.replace(workspace, default_locale="fr"))
    await asyncio.sleep(FRESH_FOR / SECOND)
    assert (await said(scene))[0] == "Hello in fr"


async def test_what_is_always_there_need_not_be_sent(scene: Scene) -> None:
    """It is shown in no list of required variables; a template that reads none of it keeps none."""
    await publish(scene)
    release = await scene.house.catalogue.find(scene.caller.workspace_id, "hello", None, None, None)
    assert (release.variables, release.always) == ((), ("contact", "event", "message", "workspace"))
    assert "required" not in release.schema
    receipt = await scene.accepted()
    message = await scene.house.messages.get(scene.caller.workspace_id, receipt.message_id)
    assert set(msgspec.json.decode(message.variables)) == {"name", "order"}


async def test_no_more_is_kept_than_is_read(scene: Scene) -> None:
    """Whoever may see messages sees what the template printed, not all that is known of a person."""
    await scene.house.contacts.add(scene.caller.workspace_id, {**ANN, "attributes": {"iban": "DE02", "points": 3}})
    cases: tuple[tuple[str, set[str] | None], ...] = (
        ("<p>{{ contact.name }} {{ contact.points | default(0) }} {{ 'contact.iban' }}</p>", {"name", "points"}),
        ("<p>{{ contact | length }}</p>", None),
        ("<p>{{ contact['name'] }}</p>", None),
    )
    for number, (html, kept) in enumerate(cases):
        await publish(scene, html, f"hello-{number}")
        receipt = await scene.accepted(template=f"hello-{number}", to=None, contact="c-1", variables={})
        message = await scene.house.messages.get(scene.caller.workspace_id, receipt.message_id)
        found = set(msgspec.json.decode(message.variables)["contact"])
        assert found == kept if kept is not None else {"iban", "name", "email"} <= found


async def test_a_key_needs_a_scope_to_name_a_contact(scene: Scene) -> None:
    """Otherwise whoever may send learns who there is; the operator at the command line needs none."""
    await scene.house.contacts.add(scene.caller.workspace_id, ANN)
    wanted: dict[str, Any] = {"to": None, "contact": "c-1"}
    scene.caller = msgspec.structs.replace(scene.caller, scopes=("messages:write", "messages:read"))
    assert await scene.pointers(**wanted) == ["/contact"]
    scene.caller = msgspec.structs.replace(scene.caller, scopes=("messages:write", "contacts:read"))
    await scene.accepted(**wanted)
    scene.caller = msgspec.structs.replace(scene.caller, scopes=(), key_id=None)
    await scene.accepted(**wanted)
