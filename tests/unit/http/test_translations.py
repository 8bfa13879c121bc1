"""Translations over HTTP: out as XLIFF or a table, back into the draft that they were made from."""

import json

import pytest
from httpx import AsyncClient

DOCUMENT = {
    "version": 1,
    "subject": {"en": "Order {{ number }}"},
    "blocks": [
        {"type": "heading", "id": "thanks", "text": {"en": "Thank you,\n{{ name }}"}},
        {"type": "text", "id": "when", "text": {"en": "It leaves today."}},
    ],
}
AT = "/v1/templates/order/translations/de"
KINDS = {"xliff": "application/xliff+xml", "csv": "text/csv"}


async def pushed(client: AsyncClient) -> str:
    files = {"order/email.json": json.dumps(DOCUMENT), "order/sample.json": '{"number": "A-1", "name": "Ann"}'}
    answer = await client.post("/v1/templates", json={"files": files})
    return str(answer.json()["items"][0]["template"]["draft_hash"])


@pytest.mark.parametrize("kind", KINDS)
async def test_out_and_back(client: AsyncClient, kind: str) -> None:
    """A dry run keeps nothing; what was exported before somebody else changed the draft is not put over it."""
    digest = await pushed(client)
    out = await client.get(AT, params={"format": kind})
    assert (out.headers["etag"], out.headers["content-type"].partition(";")[0]) == (f'"{digest}"', KINDS[kind])
    assert out.headers["content-disposition"].startswith('attachment; filename="order.de.')
    words = "Geht heute raus."
    body = (
        out.text.replace("It leaves today.</source>", f"It leaves today.</source><target>{words}</target>")
        if kind == "xliff"
        else out.text.replace("It leaves today.,", f"It leaves today.,{words}")
    ).encode()
    headers = {"content-type": KINDS[kind], "if-match": out.headers["etag"]}
    tried = await client.put(AT, content=body, headers=headers, params={"dry_run": True})
    assert (tried.json()["texts"], tried.json()["changed"]) == (1, ["email.json#/blocks/when/text"])
    assert (await client.get("/v1/templates/order")).json()["draft_hash"] == digest
    done = await client.put(AT, content=body, headers=headers)
    assert done.json()["draft_hash"] == tried.json()["draft_hash"] == done.headers["etag"].strip('"') != digest
    assert words in (await client.get(AT, params={"format": kind})).text
    assert (await client.get("/v1/templates/order")).json()["changed_by"].startswith("key_")
    stale = await client.put(AT, content=body, headers=headers)
    assert (stale.status_code, stale.json()["type"]) == (409, "/problems/stale-draft")
    again = await client.put(AT, content=body, headers={"content-type": KINDS[kind]})
    assert again.json()["changed"] == []


async def test_what_does_not_fit_is_told_with_unit_and_line(client: AsyncClient) -> None:
    """In both formats, also where texts have lines of their own."""
    digest = await pushed(client)
    table = 'key,en,de\r\nemail.json#/blocks/thanks/text,"Thank you,\n{{ name }}","Danke,\n{{ name }}"\r\n'
    table += "email.json#/subject,Order {{ number }},Bestellung\r\nemail.json#/blocks/gone/text,x,y\r\n"
    refused = await client.put(AT, content=table.encode(), headers={"content-type": "text/csv"})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/template-problems")
    assert refused.json()["errors"] == [
        {
            "pointer": "/email.json#/subject",
            "detail": "line 5: email.json#/subject: {{ number }} is missing",
            "code": "expression",
        },
        {
            "pointer": "/email.json#/blocks/gone/text",
            "detail": "line 6: email.json#/blocks/gone/text: the template has no such text",
            "code": "unknown",
        },
    ]
    xliff = (await client.get(AT)).text.replace("today.</source>", "today.</source><target>{{ x }}</target>")
    refused = await client.put(AT, content=xliff.encode(), headers={"content-type": "application/xliff+xml"})
    line = 1 + xliff[: xliff.index("blocks/when/text")].count("\n")
    assert refused.json()["errors"][0]["detail"].startswith(f"line {line}: email.json#/blocks/when/text: ")
    assert (await client.get("/v1/templates/order")).json()["draft_hash"] == digest


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("text/csv", b"key,en,fr\r\n", "into 'fr', not into 'de'"),
        ("text/csv", b"a\r\n\xff", "line 2: is not UTF-8"),
        ("text/csv", b"key,en,de\r\na,b\r\n", "Row 2 has 2 columns"),
        ("application/xliff+xml", b"<a", "no XML"),
        ("application/json", b"{}", "Content-Type"),
        ("application/xliff+xml", b'<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0" trgLang="de"><file id="x"/></xliff>',
         "a translation of 'x'"),
    ],
)  # fmt: skip
async def test_what_is_no_translation(client: AsyncClient, kind: str, body: bytes, said: str) -> None:
    """Refused with what to do."""
    await pushed(client)
    refused = await client.put(AT, content=body, headers={"content-type": kind})
    assert refused.status_code == 422
    assert said in refused.json()["detail"]
    assert (await client.get("/v1/templates/nothing/translations/de")).status_code == 404
    assert (await client.get("/v1/templates/order/translations/d")).status_code == 422
