"""Contacts through the doors."""

from typing import Any

import httpx
import pytest
from tests.unit.http.fakes import Stage as HttpStage

ANN = {
    "key": "customer-4711",
    "name": "Ann Lee",
    "email": "Ann@Customer.EXAMPLE",
    "locale": "fr-CA",
    "time_zone": "Europe/Paris",
    "attributes": {"first_name": "Ann", "points": 120},
}


async def test_a_contact_is_added_found_changed_and_removed(client: httpx.AsyncClient) -> None:
    """By identifier and by key; what is left out stays, null takes away."""
    made = await client.post("/v1/contacts", json=ANN)
    assert (made.status_code, made.json()["email"]) == (201, "Ann@customer.example")
    word = made.json()["id"]
    for path in (f"/v1/contacts/{word}", "/v1/contacts/customer-4711"):
        assert (await client.get(path)).json() == made.json()
    listed = (await client.get("/v1/contacts?email=Ann@CUSTOMER.example")).json()
    assert ([one["id"] for one in listed["items"]], listed["next"]) == ([word], None)
    assert (await client.get("/v1/contacts?email=nobody")).json()["items"] == []
    change = {"locale": None, "attributes": {"points": None, "tier": "gold"}}
    changed = (await client.patch("/v1/contacts/customer-4711", json=change)).json()
    assert (changed["locale"], changed["name"], changed["time_zone"]) == (None, "Ann Lee", "Europe/Paris")
    assert changed["attributes"] == {"first_name": "Ann", "tier": "gold"}
    assert (await client.delete(f"/v1/contacts/{word}")).status_code == 204
    gone = await client.get(f"/v1/contacts/{word}")
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/unknown-contact")


async def test_pages_and_the_key_that_is_taken(client: httpx.AsyncClient) -> None:
    """A page at a time, newest first; a second contact with a key is refused."""
    for index in range(3):
        assert (await client.post("/v1/contacts", json={"key": f"c{index}"})).status_code == 201
    first = (await client.get("/v1/contacts?limit=2")).json()
    second = (await client.get(f"/v1/contacts?limit=2&cursor={first['next']}")).json()
    assert [one["key"] for one in first["items"] + second["items"]] == ["c2", "c1", "c0"]
    taken = await client.post("/v1/contacts", json={"key": "c1"})
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/contact-key-taken")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"email": "ann"}, "/email"),
        ({"phone": "0612345678"}, "/phone"),
        ({"locale": "French"}, "/locale"),
        ({"time_zone": "Paris"}, "/time_zone"),
        ({"key": "a/b"}, "/key"),
        ({"key": "con_1"}, "/key"),
        ({"key": ".."}, "/key"),
        ({"key": "a\u202eb"}, "/key"),
        ({"name": "Ann\x9b31m"}, "/name"),
        ({"name": "Ann\r\nBcc: x"}, "/name"),
        ({"attributes": {"first name": 1}}, "/attributes/first name"),
        ({"attributes": {"email": "x"}}, "/attributes/email"),
        ({"attributes": {"a": "x" * 40_000}}, "/attributes"),
        ({"key": None, "email": None}, "/email"),
    ],
)
async def test_bad_fields_are_named(client: httpx.AsyncClient, change: dict[str, Any], pointer: str) -> None:
    """Each with what to write; nothing is kept."""
    answer = await client.post("/v1/contacts", json=ANN | change)
    assert answer.status_code == 422, answer.text
    assert pointer in [one["pointer"] for one in answer.json()["errors"]]
    assert (await client.get("/v1/contacts")).json()["items"] == []


async def test_test_keys_see_no_people(stage: HttpStage, client: httpx.AsyncClient) -> None:
    """Contacts are real people."""
    headers = {"Authorization": f"Bearer {stage.test_key}"}
    assert (await client.get("/v1/contacts", headers=headers)).status_code == 403
    assert (await client.post("/v1/contacts", json=ANN, headers=headers)).status_code == 403


async def test_an_answer_about_bad_fields_is_bounded(client: httpx.AsyncClient) -> None:
    """Thousands of bad names are not all said back."""
    answer = await client.post("/v1/contacts", json=ANN | {"attributes": {f"a {n}": n for n in range(2_000)}})
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 200)
    assert "of 2000 the first 200" in answer.json()["detail"]
