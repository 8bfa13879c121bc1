"""What is wrong with a preview or a test send is told where it stands in what was asked."""

from tests.integration.kit import HELLO, Api


async def test_a_preview_and_a_test_send_name_the_place(api: Api) -> None:
    """A variable in the request, or in the sample; an address once; an attribute of a contact as it is read."""
    shop = await api.workspace("shop")
    await shop.furnish("shop.example")
    wrong = await shop.ask("POST", "/v1/templates/hello/render", {"variables": {"name": []}}, 422)
    assert [one["pointer"] for one in wrong["errors"]] == ["/variables/name"]
    wrong = await shop.ask("POST", "/v1/templates/hello/test-send", {"to": ["a@p.example"], "variables": {}}, 422)
    assert [one["pointer"] for one in wrong["errors"]] == ["/variables/name"]
    sent = await shop.ask("POST", "/v1/templates/hello/test-send", {"to": ["nobody", "a@p.example"]}, 202)
    assert sent["results"][0]["problem"] == "An email address must have an @-sign."
    assert sent["results"][1]["id"]
    bare = HELLO | {"email.en.html": "<p>{{ other }}</p>"}
    drafted = await shop.ask("POST", "/v1/templates", {"files": bare}, 422)
    assert {one["file"] for one in drafted["errors"]} == {"sample.json"}
    attributes = HELLO | {"email.en.html": '<p>{{ contact.attributes.tier | default("none") }}</p>'}
    told = await shop.ask("POST", "/v1/templates", {"files": attributes, "publish": True}, 422)
    assert "are read beside its name: contact.tier" in told["errors"][0]["detail"]
