"""A number that is no bar code is told as early as it can be known: published, accepted, or at the latest in the timeline."""

from typing import Any

from tests.integration.kit import HELLO, Api

CODE = '[[attachments]]\nkind = "barcode"\nid = "ticket"\nsymbology = "{}"\ndata = "{}"\n'


def files(symbology: str, data: str, sample: str = '{"name": "Ann"}', key: str = "hello") -> dict[str, Any]:
    """The template ``hello``, or a twin of another key, with a bar code."""
    toml = HELLO["template.toml"].replace("hello", key) + CODE.format(symbology, data)
    return {"files": HELLO | {"template.toml": toml, "sample.json": sample}, "publish": True}


async def test_a_code_that_cannot_be_made_is_told_early(api: Api) -> None:
    """Written out or from the sample: when it is published. A variable by itself: when it is accepted. Else: as the message's end."""
    shop = await api.workspace("shop")
    await shop.furnish("shop.example")
    for symbology, data, sample, place, told in (
        ("ean13", "5901234123458", '{"name": "Ann"}', "/attachments/0/data", "does not check: it would be 7"),
        ("itf", "12a", '{"name": "Ann"}', "/attachments/0/data", "digits only"),
        ("ean13", "{{ code }}", '{"name": "Ann", "code": "59"}', "/sample/code", "12 or 13 digits"),
        ("ean13", "{{ code }}0", '{"name": "Ann", "code": "59"}', "/attachments/0/data", "with sample.json"),
    ):
        refused = await shop.ask("POST", "/v1/templates", files(symbology, data, sample), 422)
        (problem,) = refused["errors"]
        assert problem["pointer"] == place
        assert told in problem["detail"]
    drafted = files("ean13", "5901234123458") | {"publish": False, "dry_run": True}
    assert "does not check" in str(await shop.ask("POST", "/v1/templates", drafted, 422))

    sample = '{"name": "Ann", "code": "5901234123457"}'
    await shop.ask("POST", "/v1/templates", files("ean13", "{{ code }}", sample))
    wrong = await shop.send(422, variables={"name": "Ann", "code": "5901234123458"})
    assert [one["pointer"] for one in wrong["errors"]] == ["/variables/code"]
    assert "'code' cannot be a bar code" in wrong["errors"][0]["detail"]
    await shop.send(variables={"name": "Ann", "code": "5901234123457"})

    await shop.ask("POST", "/v1/templates", files("code128", "T-{{ code }}", '{"name": "Ann", "code": "7"}', "twin"))
    late = await shop.send(template="twin", variables={"name": "Ann", "code": "é"})
    await api.dispatch()
    found = await shop.ask("GET", f"/v1/messages/{late['id']}/timeline")
    assert "The code 'ticket' cannot be made: 'T-é' is no code128" in str(found), found
    assert (await shop.ask("GET", f"/v1/messages/{late['id']}"))["status"] == "failed"
