"""The hot doors: one message, many messages."""

import msgspec
import pytest
from httpx import AsyncClient
from tests.unit.http.fakes import Stage

from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.messages.errors import InProgressError

ONE = {"to": "ann@shop.example", "template": "welcome"}


async def test_a_message_is_accepted_with_202_and_its_receipt(client: AsyncClient, stage: Stage) -> None:
    """The answer names the message; what was sent in arrives unchanged."""
    answer = await client.post("/v1/messages", json={**ONE, "variables": {"n": [1, {"é": "ß"}]}, "tags": ["a"]})
    assert answer.status_code == 202
    assert answer.json()["id"].startswith("msg_")
    assert answer.headers["content-type"] == "application/json"
    assert stage.messages.submissions[0].variables == {"n": [1, {"é": "ß"}]}


async def test_every_answer_has_a_request_id_and_security_headers(client: AsyncClient) -> None:
    """A sane id of the client is echoed, anything else is replaced by one of ours."""
    for path, method in (("/v1/messages", "POST"), ("/v1/messages", "GET"), ("/nowhere", "GET"), ("/docs", "GET")):
        answer = await client.request(method, path, headers={"x-request-id": "abc-1"})
        assert answer.headers["x-request-id"] == "abc-1"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    answer = await client.post("/v1/messages", json=ONE, headers={"x-request-id": "<script>"})
    assert answer.headers["x-request-id"] != "<script>"


async def test_a_replay_is_marked(client: AsyncClient) -> None:
    """Same key, same body: the first answer to the byte, and a header that says so."""
    headers = {"idempotency-key": '"order-1"'}
    first = await client.post("/v1/messages", json=ONE, headers=headers)
    again = await client.post("/v1/messages", json=ONE, headers={"idempotency-key": "order-1"})
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (202, first.content)


async def test_another_body_with_the_same_key_is_422(client: AsyncClient) -> None:
    """The key was used before for something else."""
    await client.post("/v1/messages", json=ONE, headers={"idempotency-key": "k"})
    answer = await client.post("/v1/messages", json={**ONE, "lane": "bulk"}, headers={"idempotency-key": "k"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_two_different_keys_in_one_request_are_422(client: AsyncClient) -> None:
    """Header and field must agree when both are given."""
    body = {**ONE, "idempotency_key": "a"}
    answer = await client.post("/v1/messages", json=body, headers={"idempotency-key": "b"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/idempotency_key"
    assert (await client.post("/v1/messages", json=body, headers={"idempotency-key": "a"})).status_code == 202


@pytest.mark.parametrize("value", ["", '""', "x" * 256, "with blank", "t\tab", '"unclosed', "ümlaut"])
async def test_a_bad_idempotency_header_is_400(client: AsyncClient, value: str) -> None:
    """Empty, too long, or not visible ASCII."""
    answer = await client.post("/v1/messages", json=ONE, headers=[(b"idempotency-key", value.encode("latin-1"))])
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request")


async def test_a_request_in_progress_is_409(client: AsyncClient, stage: Stage) -> None:
    """The room's own refusals keep their status and kind."""
    stage.messages.refuse["welcome"] = InProgressError("ask again")
    answer = await client.post("/v1/messages", json=ONE)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/idempotency-in-progress")


async def test_a_store_in_trouble_is_503_with_retry_after(client: AsyncClient, stage: Stage) -> None:
    """Nothing was kept, and the client is told when to come again."""
    stage.messages.fail = UnavailableError()
    answer = await client.post("/v1/messages", json=ONE)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_a_defect_is_500_without_its_words(client: AsyncClient, stage: Stage) -> None:
    """The client gets a request id, the log gets the exception."""
    stage.messages.fail = RuntimeError("secret detail")
    answer = await client.post("/v1/messages", json=ONE)
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "secret" not in answer.text
    request_id, defect = stage.defects[0]
    assert answer.headers["x-request-id"] == request_id
    assert str(defect) == "secret detail"


async def test_a_batch_answers_each_item_in_order(client: AsyncClient) -> None:
    """Accepted and refused stand side by side; one bad item spoils no other."""
    items = [ONE, {"too": "x"}, {}, 7, {**ONE, "version": 0}, ONE]
    answer = await client.post("/v1/messages/batch", json=items)
    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [result["status"] for result in results] == [202, 422, 422, 422, 422, 202]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/too"
    assert results[0]["message"]["id"] != results[5]["message"]["id"]


async def test_each_refused_item_is_counted(client: AsyncClient, stage: Stage) -> None:
    """By the slug of its problem; a batch that is refused as a whole is a refused request, and counted as such."""
    items = [ONE, {"to": "a@b.example", "subjct": "x"}, {"template": "welcome"}, {}]
    await client.post("/v1/messages/batch", json=items)
    assert stage.refused == ["invalid-request"] * 3
    await client.post("/v1/messages/batch", json=[])
    assert (len(stage.refused), stage.access[-1].problem) == (3, "invalid-request")


async def test_a_batch_with_a_key_gives_each_item_its_own(client: AsyncClient, stage: Stage) -> None:
    """key#index; the same batch again is all replays."""
    first = await client.post("/v1/messages/batch", json=[ONE, ONE], headers={"idempotency-key": "b1"})
    assert [kept.idempotency_key for kept in stage.messages.submissions] == ["b1#0", "b1#1"]
    again = await client.post("/v1/messages/batch", json=[ONE, ONE], headers={"idempotency-key": "b1"})
    results = again.json()["results"]
    assert [result["replayed"] for result in results] == [True, True]
    assert [result["message"] for result in results] == [result["message"] for result in first.json()["results"]]


async def test_a_batch_too_large_or_empty_is_refused_as_a_whole(client: AsyncClient, stage: Stage) -> None:
    """1,000 items and 10 MB at most, one item at least."""
    assert (await client.post("/v1/messages/batch", json=[ONE] * 1001)).status_code == 413
    assert (await client.post("/v1/messages/batch", json=[])).status_code == 422
    assert (await client.post("/v1/messages/batch", json=ONE)).status_code == 422
    pad = {**ONE, "metadata": {"pad": "x" * 11_000}}
    assert (await client.post("/v1/messages/batch", json=[pad] * 1000)).status_code == 413  # over 10 MB
    assert stage.messages.submissions == []
    answer = await client.post("/v1/messages/batch", json=[ONE] * 1000)
    assert len(answer.json()["results"]) == 1000


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ({"tempate": "x"}, "/tempate", "did you mean 'template'"),
        ({"recipient": "ann@shop.example"}, "/recipient", "did you mean 'to'"),
        ({"to": 3}, "/to", "must be text or an object, got a whole number"),
        ({"cc": [{"email": "a"}, {"email": 1}]}, "/cc/1/email", "must be text"),
        ({"cc": [{"emaill": "a"}]}, "/cc/0/emaill", "did you mean 'email'"),
        ({"cc": [{"name": "a"}]}, "/cc/0/email", "is missing"),
        ({"headers": {"a": "b", "c/d~e": 1}}, "/headers/c~1d~0e", "must be text"),
        ({"variables": []}, "/variables", "must be an object, got a list"),
        ({"version": 1.5}, "/version", "must be a whole number"),
        ({"version": 2**40}, "/version", "write a version from 1"),
        ([], "", "the document must be an object"),
        (None, "", "the document must be an object"),
    ],
)
async def test_a_bad_field_is_named_by_its_pointer(client: AsyncClient, body: object, pointer: str, words: str) -> None:
    """The pointer finds it, the words say what to write."""
    answer = await client.post("/v1/messages", content=msgspec.json.encode(body))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert words in error["detail"]


async def test_all_bad_fields_are_named_at_once(client: AsyncClient) -> None:
    """Not only the first."""
    answer = await client.post("/v1/messages", json={"to": 1, "lane": 2, "tags": "x", "zzz": 1})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/to", "/lane", "/tags", "/zzz"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"{", "ends too early"),
        (b'{"to":\n  x}', "Line 2, column 3"),
        (b'{"to": "\xc3\xbc\xff"}', "Line 1, column 10: this byte is not UTF-8"),
        (b'{"to": "\\ud800"}', "surrogate"),
        (b'{"to": "\\udc00\\ud800"}', "surrogate"),
        (b'{"to": "\\ud83dx"}', "surrogate"),
        (b'{"to": "a\\u0000b"}', "NUL"),
        (b'{"to": "a\x00b"}', "Line 1, column 10"),
        (b"[" * 100_000, "deeper than 64"),
        (b'{"variables":' + b'{"a":' * 70 + b"1" + b"}" * 71, "deeper than 64"),
        (b"{} {}", "trailing"),
        (b"\xef\xbb\xbf{}", "Line 1"),
    ],
)
async def test_what_is_no_json_is_400_with_its_place(client: AsyncClient, body: bytes, words: str) -> None:
    """Line and column, counted in characters."""
    answer = await client.post("/v1/messages", content=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-json")
    assert words in answer.json()["detail"]


async def test_escapes_that_only_look_dangerous_pass(client: AsyncClient, stage: Stage) -> None:
    """An escaped backslash before u0000, a real surrogate pair, many but shallow brackets, brackets within strings."""
    body = (
        rb'{"to":"a","variables":{"a":"\\u0000","b":"\ud83d\ude00","c":"[[[[[{{{{{","d":['
        + b",".join([b"[]"] * 100)
        + b"]}}"
    )
    assert (await client.post("/v1/messages", content=body)).status_code == 202
    variables = stage.messages.submissions[0].variables
    assert (variables["a"], variables["b"]) == ("\\u0000", "😀")


async def test_numbers_too_large_for_anything_are_refused(client: AsyncClient) -> None:
    """A number of 5,000 digits, and one beyond every float."""
    for number in (b"1" * 5000, b"1e999", b"-1e999"):
        answer = await client.post("/v1/messages", content=b'{"to":"a","variables":{"n":%b}}' % number)
        assert answer.status_code in (400, 422)


async def test_the_last_of_two_equal_names_counts(client: AsyncClient, stage: Stage) -> None:
    """As in most readers of JSON; it is no error."""
    assert (await client.post("/v1/messages", content=b'{"to":"a","to":"b"}')).status_code == 202
    assert stage.messages.submissions[0].to == "b"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "application/json; charset=utf-8"}, 202),
        ({"content-type": "Application/JSON;charset=UTF-8"}, 202),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/json; charset=utf-16"}, 415),
        ({"content-type": "text/plain"}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"content-encoding": "identity"}, 202),
    ],
)
async def test_only_plain_json_in_utf8_is_read(client: AsyncClient, headers: dict[str, str], status: int) -> None:
    """Anything else is 415 with advice."""
    answer = await client.post("/v1/messages", content=msgspec.json.encode(ONE), headers=headers)
    assert answer.status_code == status
