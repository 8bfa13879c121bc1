"""SMS, push and WhatsApp: strictly read, filled in, refused with their place."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.templates.fakes import MemoryStore

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder
from posthouse.core.templates.mobile import FORMATS, filled, programs_of, read_content, shown
from posthouse.core.templates.mobile.push import Push
from posthouse.core.templates.mobile.sms import Sms
from posthouse.core.templates.mobile.whatsapp import WhatsApp
from posthouse.core.templates.service import TemplateService

W = b"w" * 16
PUSH = {
    "title": "Order {{ order.number }}",
    "body": "Hello {{ name }}",
    "link": "shop://orders/{{ order.number }}",
    "actions": [{"id": "see", "title": "See {{ name }}"}],
    "collapse_key": "order-{{ order.number }}",
    "data": {"order.html": "{{ name }}"},
}
WHATSAPP = {
    "template": "order_v1",
    "header": {"text": "Order {{1}}", "parameters": ["{{ order.number }}"]},
    "body": {"text": "Hello {{1}}, {{2}} is on its way.", "parameters": ["{{ name }}", "{{ order.number }}"]},
    "footer": "The Shop",
    "buttons": [
        {"type": "url", "text": "See it", "value": "https://shop.example/o/{{1}}", "parameters": ["{{ order.number }}"]}
    ],
    "text": "Free words for {{ name }}",
}
SAMPLE = b'{"order": {"number": "A-1"}, "name": "Ann & <Bob>"}'


def folder(**files: Any) -> dict[str, bytes]:
    named = {"push": "push.en.json", "whatsapp": "whatsapp.en.json", "sms": "sms.en.txt", "toml": "template.toml"}
    given = {named[name]: content for name, content in files.items()}
    written = {name: one.encode() if isinstance(one, str) else msgspec.json.encode(one) for name, one in given.items()}
    return {"sample.json": SAMPLE, **written}


def problems(**files: Any) -> list[str]:
    with pytest.raises(TemplateProblemsError) as caught:
        read_folder(folder(**files), "order")
    return [found.pointer for found in caught.value.fields]


async def test_a_template_speaks_over_every_channel(service: TemplateService, store: MemoryStore) -> None:
    """One publication makes a release for each; rendering fills the texts, and nothing is escaped."""
    source = read_folder(folder(sms="Hi {{ name }}: {{ order.number }}", push=PUSH, whatsapp=WHATSAPP), "order")
    await service.push(W, source, publish=True)
    assert [(one.channel, one.locale) for one in store.made] == [("push", "en"), ("sms", "en"), ("whatsapp", "en")]
    push = (await service.render(W, "order", channel="push")).rendered
    assert push.content == Push(
        title="Order A-1",
        body="Hello Ann & <Bob>",
        link="shop://orders/A-1",
        actions=push.content.actions,
        collapse_key="order-A-1",
        data={"order.html": "Ann & <Bob>"},
    )
    assert push.content.actions[0].title == "See Ann & <Bob>"
    assert push.text == "Order A-1\nHello Ann & <Bob>"
    sms = (await service.render(W, "order", channel="sms")).rendered
    assert isinstance(sms.content, Sms)
    assert (sms.text, sms.content.segments.segments) == ("Hi Ann & <Bob>: A-1", 1)
    chat = (await service.render(W, "order", channel="whatsapp")).rendered
    assert isinstance(chat.content, WhatsApp)
    assert chat.content.body.text == "Hello {{1}}, {{2}} is on its way."
    assert chat.content.body.parameters == ("Ann & <Bob>", "A-1")
    assert chat.content.text == "Free words for Ann & <Bob>"
    assert chat.text == "Order A-1\nHello Ann & <Bob>, A-1 is on its way.\nThe Shop\n[See it]"


async def test_a_missing_variable_is_told_before_accepting(service: TemplateService) -> None:
    """The schema is derived from the texts of the format like from those of a mail."""
    await service.push(W, read_folder(folder(push=PUSH), "order"), publish=True)
    with pytest.raises(ValidationError) as caught:
        await service.render(W, "order", data={"name": "Ann"})
    assert [found.pointer for found in caught.value.fields] == ["/variables/order"]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"title": "x"}, "/push.en.json/body"),
        ({**PUSH, "ttl": 2_419_201}, "/push.en.json/ttl"),
        ({**PUSH, "actions": [{"id": "a b", "title": "x"}]}, "/push.en.json/actions/0/id"),
        ({**PUSH, "tilte": "x"}, "/push.en.json/tilte"),
        ("{", "/push.en.json"),
        ([], "/push.en.json"),
    ],
)
def test_a_push_is_read_strictly(given: Any, pointer: str) -> None:
    """What does not fit has its place."""
    assert problems(push=given) == [pointer]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"template": "", "text": ""}, "/whatsapp.en.json"),
        ({"template": "Order V1"}, "/whatsapp.en.json/template"),
        ({"template": ""}, "/whatsapp.en.json/template"),
        ({"body": None}, "/whatsapp.en.json/body"),
        ({"footer": "The {{1}}"}, "/whatsapp.en.json/footer"),
        ({"header": {"text": "{{1}} {{2}}", "parameters": ["a", "b"]}}, "/whatsapp.en.json/header/parameters"),
        ({"header": {"text": "x", "media": "image", "link": "https://a.example"}}, "/whatsapp.en.json/header"),
        ({"body": {"text": "{{1}} {{3}}", "parameters": ["a", "b"]}}, "/whatsapp.en.json/body/parameters"),
        ({"body": {"text": "{{1}}"}}, "/whatsapp.en.json/body/parameters"),
        ({"buttons": [{"type": "copy_code", "text": "Copy"}]}, "/whatsapp.en.json/buttons/0/parameters"),
        ({"buttons": [{"type": "phone", "text": "Call"}]}, "/whatsapp.en.json/buttons/0/value"),
        ({"buttons": [{"type": "quick_reply", "text": "{{1}}"}]}, "/whatsapp.en.json/buttons/0/text"),
        (
            {"buttons": [{"type": "url", "text": "x", "value": "https://{{1}}/x", "parameters": ["a"]}]},
            "/whatsapp.en.json/buttons/0/value",
        ),
        ({"buttons": [{"type": "phone", "text": "Call", "value": "+1"}] * 2}, "/whatsapp.en.json/buttons"),
        ({"buttons": [{"type": "quick_reply", "text": "x" * 26}]}, "/whatsapp.en.json/buttons/0/text"),
    ],
)
def test_a_whatsapp_template_is_what_the_platform_approves(change: dict, pointer: str) -> None:
    """Numbers have their parameters, parts go together, limits are kept."""
    assert pointer in problems(whatsapp={**WHATSAPP, **change})


@pytest.mark.parametrize(
    ("change", "values", "pointer"),
    [
        ({}, {"title": " "}, "/title"),
        ({"link": "{{ x }}"}, {"link": "javascript:alert(1)"}, "/link"),
        ({"link": "{{ x }}"}, {"link": "orders/1"}, "/link"),
        ({"link": "{{ x }}"}, {"link": "shop://a b"}, "/link"),
        ({"image": "{{ x }}"}, {"image": "http://shop.example/a.png"}, "/image"),
        ({}, {"collapse_key": "é" * 33}, "/collapse_key"),
        ({}, {"body": "x" * 4_000}, ""),
    ],
)
def test_what_no_platform_takes_is_refused(change: dict, values: dict[str, str], pointer: str) -> None:
    """By its place, before it leaves."""
    written = {**PUSH, **change}
    programs = programs_of("push", read_content("push", written))
    with pytest.raises(ValidationError) as caught:
        filled("push", written, programs, lambda path: values.get(path, "shop://x" if path == "link" else "x"))
    assert [found.pointer for found in caught.value.fields] == [pointer]


def test_parameters_are_one_line_and_never_empty() -> None:
    """The platform refuses line breaks and emptiness."""
    programs = programs_of("whatsapp", read_content("whatsapp", WHATSAPP))
    assert sorted(programs) == [
        "body/parameters/0", "body/parameters/1", "buttons/0/parameters/0", "header/parameters/0", "text",
    ]  # fmt: skip
    found = filled("whatsapp", WHATSAPP, programs, lambda path: "x" if path[:3] == "but" else "a\n\t  b ")
    assert found.body.parameters == ("a b", "a b")
    with pytest.raises(ValidationError) as caught:
        filled("whatsapp", WHATSAPP, programs, lambda path: "" if path == "body/parameters/1" else "x")
    assert [one.pointer for one in caught.value.fields] == ["/body/parameters/1"]


def test_the_settings_of_sms_stand_in_the_template() -> None:
    """And what is wrong with them is told."""
    source = read_folder(folder(sms="Reçu", toml="[sms]\ntransliterate = true\nmax_segments = 2\n"), "order")
    assert source.variants[0].content == {"text": "Reçu", "transliterate": True, "max_segments": 2}
    assert source.default_channel == "sms"
    assert problems(sms="x", toml="[sms]\nmax_segments = true\ncolour = 1\n") == ["/template.toml", "/template.toml"]
    assert problems(sms="x", toml="sms = 1\n") == ["/template.toml"]


def test_two_files_of_one_language_are_one_too_many() -> None:
    """Which of them would be meant?"""
    files = {"sms.txt": b"a", "sms.en.txt": b"b", "push.fr.json": msgspec.json.encode(PUSH)}
    with pytest.raises(TemplateProblemsError) as caught:
        read_folder({"template.toml": b'default_locale = "en"', **files}, "order")
    assert "keep one" in caught.value.fields[0].detail


async def test_a_broken_program_has_its_place(service: TemplateService) -> None:
    """The pointer leads into the content."""
    source = read_folder(folder(push={**PUSH, "actions": [{"id": "a", "title": "{{ name"}]}), "order")
    with pytest.raises(TemplateProblemsError) as caught:
        await service.push(W, source)
    assert [found.pointer for found in caught.value.fields] == ["/variants/0/content/actions/0/title"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("{{ a }}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    ["title", "body", "text", "template", "header", "buttons", "actions", "data", "ttl", "link", "parameters", "format"]
)


@given(st.sampled_from(sorted(FORMATS)), st.dictionaries(_FIELDS, _JSON, max_size=6), st.text(max_size=30))
def test_any_content_is_read_and_filled_or_refused(channel: str, raw: dict[str, Any], value: str) -> None:
    """Never a crash; what is rendered can be shown and written as JSON."""
    refused = ()
    try:
        content = read_content(channel, raw)
        made = filled(channel, raw, programs_of(channel, content), lambda _: value)
    except ValidationError as error:
        refused = error.fields
    else:
        assert isinstance(shown(made), str)
        assert msgspec.json.decode(msgspec.json.encode(made), type=FORMATS[channel]) == made
        return
    assert refused
    assert all(isinstance(one, FieldProblem) for one in refused)
