"""Message tests: each expectation fails where it should, and nothing is published that fails one."""

from typing import Any

import msgspec
import pytest
from tests.unit.templates.fakes import MemoryStore

from posthouse.core.templates.cases.check import merged
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder, read_tree
from posthouse.core.templates.service import TemplateService

W = b"w" * 16
HTML = (
    '<div style="display:none">About</div><p>Hello {{ name }}, that is <b>{{ total|money("EUR") }}</b>.'
    ' <a href="https://shop.example/o/{{ number }}">See <i>it</i></a></p>'
)
SAMPLE = {"name": "Ann", "total": 1234.5, "number": "A-1"}


def files(expect: Any, golden: dict[str, str] | None = None, **case: Any) -> dict[str, bytes]:
    held: dict[str, Any] = {
        "template.toml": 'subject = { en = "Order {{ number }}", fr = "Commande {{ number }}" }\ndefault_locale = "en"',
        "email.en.html": HTML,
        "email.fr.html": HTML.replace("Hello", "Bonjour"),
        "sms.en.txt": "{{ name }}: {{ number }}",
        "push.en.json": '{"title": "Order {{ number }}", "body": "Hi", "link": "shop://{{ number }}"}',
        "sample.json": msgspec.json.encode(SAMPLE).decode(),
        "tests/first.json": msgspec.json.encode({"expect": expect, **case}).decode(),
        **(golden or {}),
    }
    return {f"order/{name}": text.encode() for name, text in held.items()}


async def outcomes(service: TemplateService, expect: Any, golden: dict[str, str] | None = None, **case: Any) -> Any:
    """The outcome of the one case, and that publishing says the same."""
    (source,) = read_tree(files(expect, golden, **case))
    (outcome,) = service._press.test(source)
    if outcome.failures:
        with pytest.raises(TemplateProblemsError) as caught:
            await service.push(W, source, publish=True)
        told = [found.pointer.removeprefix("/tests/first") for found in caught.value.fields]
        assert told == [one.pointer for one in outcome.failures]
        assert caught.value.fields[0].detail.startswith("tests/first.json, ")
    else:
        assert (await service.push(W, source, publish=True)).version == 1
    return outcome


@pytest.mark.parametrize(
    ("expect", "case"),
    [
        ({"subject": "Order A-1"}, {}),
        ({"subject": "Commande B-2"}, {"locale": "fr-CA", "changes": {"number": "B-2"}}),
        ({"contains": ["Hello Ann, that is €1,234.50. See it"], "not_contains": ["About us"]}, {}),
        ({"contains": ["Bonjour Ann"], "amounts": ["1 234,50 €"]}, {"locale": "fr"}),
        ({"links": {"See it": "https://shop.example/o/A-1"}, "addresses": ["https://shop.example/o/A-1"]}, {}),
        ({"subject": "Order A-1", "addresses": ["shop://A-1"]}, {"channel": "push"}),
        ({"contains": ["Bob: A-1"], "segments": 1}, {"channel": "sms", "changes": {"name": "Bob"}}),
        ({"refused": "/total"}, {"changes": {"total": "a lot"}}),
        ({"refused": "/name"}, {"changes": {"name": None}}),
    ],
)
async def test_what_holds_is_published(service: TemplateService, expect: dict, case: dict) -> None:
    """Blanks of every kind count as one, values may be changed, languages fall back."""
    assert (await outcomes(service, expect, **case)).failures == ()


@pytest.mark.parametrize(
    ("expect", "case", "pointer"),
    [
        ({"subject": "Order"}, {}, "/expect/subject"),
        ({"contains": ["Hello Ann", "Hallo Ann"]}, {}, "/expect/contains/1"),
        ({"not_contains": ["Ann"]}, {}, "/expect/not_contains/0"),
        ({"not_contains": ["A-1"]}, {"channel": "push"}, "/expect/not_contains/0"),
        ({"amounts": ["€234.50"]}, {}, "/expect/amounts/0"),
        ({"amounts": ["234.50"]}, {}, "/expect/amounts/0"),
        ({"amounts": ["€1,234"]}, {}, "/expect/amounts/0"),
        ({"links": {"See it": "https://shop.example/"}}, {}, "/expect/links/See it"),
        ({"links": {"See": "https://shop.example/o/A-1"}}, {}, "/expect/links/See"),
        ({"addresses": ["https://shop.example/"]}, {}, "/expect/addresses/0"),
        ({"attachments": ["receipt.pdf"]}, {}, "/expect/attachments/0"),
        ({"segments": 1}, {}, "/expect/segments"),
        ({"segments": 1}, {"channel": "sms", "changes": {"name": "x" * 200}}, "/expect/segments"),
        ({"refused": "/total"}, {}, "/expect/refused"),
        ({}, {"variables": {"name": "Ann"}}, "/variables"),
        ({}, {"channel": "whatsapp"}, "/locale"),
        ({"golden": True}, {}, "/expect/golden"),
    ],
)
async def test_what_does_not_hold_is_refused_with_its_place(
    service: TemplateService, expect: dict, case: dict, pointer: str
) -> None:
    """In the case's own file."""
    found = [one.pointer for one in (await outcomes(service, expect, **case)).failures]
    assert set(found) == {pointer}


async def test_a_golden_rendering_says_where_it_changed(service: TemplateService, store: MemoryStore) -> None:
    """Written once, the same for ever; a change is told with its line."""
    now = (await outcomes(service, {"golden": True})).golden
    assert now.keys() == {"html", "txt"}
    kept = {f"tests/first.golden.{kind}": text for kind, text in now.items()}
    assert (await outcomes(service, {"golden": True}, kept)).failures == ()
    kept["tests/first.golden.txt"] = now["txt"].replace("Hello", "Hallo")
    (failure,) = (await outcomes(service, {"golden": True}, kept)).failures
    assert failure.detail.startswith("tests/first.golden.txt:3 was 'Hallo Ann")
    kept = {f"tests/first.golden.{kind}": text for kind, text in now.items()} | {"tests/first.golden.json": "{}"}
    (failure,) = (await outcomes(service, {"golden": True}, kept)).failures
    assert "delete it" in failure.detail


async def test_a_relative_day_is_the_same_tomorrow(service: TemplateService) -> None:
    """A case has an instant of its own, never that of the wall."""
    held = files({"contains": ["in 3 days"]}, at="2026-03-14T12:00:00Z")
    held["order/email.en.html"] += b"<p>{{ '2026-03-17T12:00:00Z'|relative }}</p>"
    (source,) = read_tree(held)
    assert service._press.test(source)[0].failures == ()


@pytest.mark.parametrize(
    ("name", "text", "pointer"),
    [
        ("tests/a.json", "{", "/tests/a.json"),
        ("tests/a.json", "{}", "/tests/a.json/expect"),
        ("tests/a.json", '{"expect": {"contain": ["x"]}}', "/tests/a.json/expect/contain"),
        ("tests/a.json", '{"expect": {"contains": [""]}}', "/tests/a.json/expect/contains/0"),
        ("tests/a.json", '{"expect": {}, "at": "noon"}', "/tests/a.json/at"),
        ("tests/a.golden.html", "x", "/tests/a.json"),
        ("tests/a b.json", "{}", "/tests/a b.json"),
    ],
)
def test_a_case_is_read_strictly(name: str, text: str, pointer: str) -> None:
    """What is wrong has its file and place."""
    with pytest.raises(TemplateProblemsError) as caught:
        read_folder({"email.en.html": b"<p>x</p>", "subject": b"x", name: text.encode()}, "order")
    assert [found.pointer for found in caught.value.fields] == [pointer]


def test_changes_are_merged_as_the_rfc_says() -> None:
    """RFC 7396, appendix A."""
    assert merged({"a": "b"}, {"a": "c"}) == {"a": "c"}
    assert merged({"a": "b", "b": "c"}, {"a": None}) == {"b": "c"}
    assert merged({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}) == {"a": {"b": "d"}}
    assert merged({"a": [{"b": "c"}]}, {"a": [1]}) == {"a": [1]}
    assert merged([1], {"a": {"bb": {"ccc": None}}}) == {"a": {"bb": {}}}
