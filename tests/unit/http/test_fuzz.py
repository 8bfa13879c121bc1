"""Not one fuzzed request in a million may give a 500."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.http.fakes import Stage

from posthouse.core.messages.submission import Submission
from posthouse.http.decoding import Decoder, check_text
from posthouse.http.errors import MalformedJsonError
from posthouse.http.routes import OPERATIONS

FOR_PEOPLE = tuple(
    one.path.partition("{")[0] for one in OPERATIONS if "{" in one.path and not one.path.startswith("/v1/")
)
"""Doors that links in mails lead to: they answer people with pages, not programs with problems."""

QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

FIELDS = [field.encode_name for field in msgspec.structs.fields(Submission)]
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)
submissions = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=12), values, max_size=8)
pieces = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b":",
        b",",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"\\udc00",
        b"1e999",
        b"-",
        b"9" * 4400,
        b"null",
        b"tru",
        b'"to"',
        b'"variables"',
        b'"cc"',
        b'"headers"',
        b"\xff",
        b"\x00",
        b"\n",
        b" ",
        b"[" * 70,
        b'{"a":' * 70,
        b"\xef\xbb\xbf",
    ]
)
bodies = (
    submissions.map(msgspec.json.encode)
    | st.lists(submissions, max_size=3).map(msgspec.json.encode)
    | st.binary(max_size=60)
    | st.lists(pieces, max_size=12).map(b"".join)
)
header_names = st.sampled_from(
    [
        b"authorization",
        b"content-type",
        b"content-encoding",
        b"content-length",
        b"idempotency-key",
        b"x-request-id",
        b"x-forwarded-for",
        b"accept",
        b"cookie",
        b"host",
    ]
)
header_values = st.sampled_from(
    [b"application/json", b"gzip", b'"a"', b"12", b"Bearer x", b"", b"text/html; charset=\xff", b"multipart/form-data"]
) | st.binary(max_size=40)
words = st.sampled_from([operation.path for operation in OPERATIONS]).map(
    lambda path: path.replace("{", "").replace("}", "")
) | st.text(max_size=30).map(lambda word: "/v1/" + word)
queries = st.lists(
    st.tuples(
        st.sampled_from(["limit", "cursor", "status", "since", "until", "mode", "recipient", "name", "zz", ""]),
        st.binary(max_size=12) | st.sampled_from([b"2026-11-22T00:00:00Z", b"9999-12-31T23:59:59-23:59", b"1", b"all"]),
    ),
    max_size=3,
).map(lambda pairs: b"&".join(name.encode() + b"=" + value for name, value in pairs))


async def ask(
    stage: Stage, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> int:
    """One request, straight to the application; the status, after checking what every answer owes."""
    sent: list[dict[str, Any]] = []

    told = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(told, {"type": "http.disconnect"})  # then it leaves: the live stream has no other end

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
    }
    await stage.app(scope, receive, send)
    status: int = sent[0]["status"]
    found = dict(sent[0]["headers"])
    assert b"x-request-id" in found
    if path.startswith(FOR_PEOPLE):
        return status  # a page in a person's language, or nothing: tests/unit/tracking has their promises
    if status >= 400 and method != "HEAD":
        assert found[b"content-type"] == b"application/problem+json"
        problem = msgspec.json.decode(b"".join(part.get("body", b"") for part in sent[1:]))
        assert problem["status"] == status
    return status


class Bench:
    """One application and one loop for all examples: making an application costs more than a request."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.stage = self.runner.run(Stage().open())

    def run(self, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        key = (b"authorization", f"Bearer {self.stage.live_key}".encode())
        status = self.runner.run(ask(self.stage, method, path, query, [key, *headers], body))
        assert status != 500, self.stage.defects
        assert not self.stage.defects


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.runner.close()


@QUICK
@given(body=bodies, batch=st.booleans())
def test_no_body_breaks_the_hot_doors(bench: Bench, body: bytes, batch: bool) -> None:
    """Whatever is sent in, the answer is a receipt or a problem."""
    bench.run("POST", "/v1/messages/batch" if batch else "/v1/messages", b"", [], body)


@QUICK
@given(headers=st.lists(st.tuples(header_names, header_values), max_size=5))
def test_no_header_breaks_the_hot_doors(bench: Bench, headers: list[tuple[bytes, bytes]]) -> None:
    """Neither do headers."""
    bench.run("POST", "/v1/messages", b"", headers, b'{"to":"a@b.example","template":"x"}')


@QUICK
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "x"]),
    path=words,
    query=queries,
    headers=st.lists(st.tuples(header_names, header_values), max_size=2),
    body=bodies,
)
def test_no_request_breaks_the_rest(
    bench: Bench, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Paths, queries, methods, headers and bodies of all sorts."""
    bench.run(method, path, query, headers, body)


decode: Decoder[Submission] = Decoder(Submission)


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.text(), values, max_size=5))
def test_what_is_sound_passes_the_scans(variables: dict[str, Any]) -> None:
    """Any JSON without NUL and half surrogates goes through unchanged, escaped or not."""
    import json

    document = {"variables": variables}
    for ascii_only in (True, False):
        body = json.dumps(document, ensure_ascii=ascii_only).encode()
        if "\\u0000" in json.dumps(document) and _has_nul(document):
            try:
                decode(body)
            except MalformedJsonError:
                continue
            raise AssertionError("a NUL went through")
        assert decode(body).variables == json.loads(body)["variables"]


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(item) for key, item in value.items())
    if isinstance(value, list):
        return any(_has_nul(item) for item in value)
    return isinstance(value, str) and "\x00" in value


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(["\\ud800", "\\udc00", "\\ud83d\\ude00", "\\\\", "\\n", "a", "\\u0041"]), max_size=8))
def test_surrogates_are_judged_as_the_standard_library_reads_them(parts: list[str]) -> None:
    """Refused exactly when what Python's json reads cannot be encoded as UTF-8."""
    import json

    body = ('"' + "".join(parts) + '"').encode()
    try:
        json.loads(body).encode()
        sound = True
    except UnicodeEncodeError:
        sound = False
    try:
        check_text(body)
        passed = True
    except MalformedJsonError:
        passed = False
    assert passed == sound
