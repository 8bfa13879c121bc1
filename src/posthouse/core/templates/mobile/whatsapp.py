"""The WhatsApp message: parameters for a template that the platform approved, or free words within the service window.

Limits are those of the Cloud API's documentation (message templates, components); compared on 2026-11-28 with what Bird and Dualhook,
who resell it, document for their own customers.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.mobile.links import link_problem

HEADER: Final = 60
BODY: Final = 1_024
FOOTER: Final = 60
BUTTON: Final = 25
FREE: Final = 4_096
MOST: Final = {"quick_reply": 10, "url": 2, "phone": 1, "copy_code": 1}
"""Buttons of each kind; ten together."""
_NUMBER: Final = re.compile(r"\{\{\s*(\d+)\s*\}\}")
_BLANKS: Final = re.compile(r"\s+")

Program = Annotated[str, Meta(max_length=5_000)]
Parameters = Annotated[tuple[Program, ...], Meta(max_length=20)]
Media = Literal["image", "video", "document"]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Plain data, strictly read."""


class Header(_Part, frozen=True):
    """Words with at most one parameter, or a picture, film or file by its address."""

    text: Annotated[str, Meta(max_length=HEADER)] = ""
    parameters: Parameters = ()
    media: Media | None = None
    link: Program = ""
    file_name: Program = ""


class Body(_Part, frozen=True):
    """The approved words, with ``{{1}}`` where the first parameter stands."""

    text: Annotated[str, Meta(min_length=1, max_length=BODY)]
    parameters: Parameters = ()


class Button(_Part, frozen=True):
    """One button; ``value`` is the address, number, code or what a quick reply sends back."""

    type: Literal["quick_reply", "url", "phone", "copy_code"]
    text: Annotated[str, Meta(min_length=1, max_length=BUTTON)]
    value: Annotated[str, Meta(max_length=2_000)] = ""
    """For ``url`` the approved address, perhaps ending with ``{{1}}``."""
    parameters: Parameters = ()


class WhatsApp(_Part, frozen=True, tag_field="format", tag="whatsapp"):
    """What ``whatsapp.LOCALE.json`` says: ``template`` with its parts, or ``text``, or both (text within the window)."""

    template: Annotated[str, Meta(pattern=r"^[a-z0-9_]{0,512}$")] = ""
    """The name under which the platform approved it."""
    language: Annotated[str, Meta(pattern=r"^(?:[a-z]{2,3}(?:_[A-Z]{2,3})?)?$")] = ""
    """The platform's code of its language, such as en or pt_BR; otherwise the variant's locale."""
    category: Literal["utility", "authentication", "marketing"] = "utility"
    header: Header | None = None
    body: Body | None = None
    footer: Annotated[str, Meta(max_length=FOOTER)] = ""
    buttons: Annotated[tuple[Button, ...], Meta(max_length=10)] = ()
    text: Program = ""
    """Free words: allowed for 24 hours after the person last wrote."""


def written_problems(content: WhatsApp) -> Iterator[FieldProblem]:
    """What speaks against it as it was written: numbers without parameters, parts that do not go together."""
    if not content.template and not content.text:
        detail = "give template (the name of an approved one) with body, or text for the service window"
        yield FieldProblem("", detail, "missing")
    if content.template and content.body is None:
        yield FieldProblem("/body", "an approved template has a body; copy its words here", "missing")
    if not content.template and (content.header or content.body or content.footer or content.buttons):
        yield FieldProblem("/template", "header, body, footer and buttons belong to an approved template", "missing")
    if _NUMBER.search(content.footer):
        yield FieldProblem("/footer", "a footer has no parameters", "parameters")
    if content.header is not None:
        yield from _header(content.header)
    if content.body is not None:
        yield from _numbered("/body", content.body.text, content.body.parameters)
    for kind, most in MOST.items():
        if (count := sum(button.type == kind for button in content.buttons)) > most:
            yield FieldProblem("/buttons", f"{count} buttons of the kind {kind}; at most {most}", "too-many")
    for index, button in enumerate(content.buttons):
        yield from _button(f"/buttons/{index}", button)


def filled_problems(content: WhatsApp) -> Iterator[FieldProblem]:
    """What speaks against it as it was rendered: an empty parameter is refused by the platform."""
    for pointer, _, parameters in _parts(content):
        for index, value in enumerate(parameters):
            if not value:
                yield FieldProblem(f"{pointer}/parameters/{index}", f"parameter {index + 1} is empty", "missing")
    if content.body is not None and len(_said(content.body.text, content.body.parameters)) > BODY:
        yield FieldProblem("/body", f"over {BODY:,} characters with these values", "too-large")
    if content.header is not None:
        yield from _filled_header(content.header)
    if len(content.text) > FREE:
        yield FieldProblem("/text", f"{len(content.text):,} characters; at most {FREE:,}", "too-large")
    for index, button in enumerate(content.buttons):
        if button.type == "url" and (detail := link_problem(_said(button.value, button.parameters))):
            yield FieldProblem(f"/buttons/{index}/value", detail, "url")


def finished(content: WhatsApp) -> WhatsApp:
    """Parameters on one line: the platform refuses line breaks, tabs and more than four blanks in them."""
    header, body = content.header, content.body
    if header is not None:
        header = msgspec.structs.replace(header, parameters=_lines(header.parameters), link=header.link.strip())
    if body is not None:
        body = msgspec.structs.replace(body, parameters=_lines(body.parameters))
    buttons = [msgspec.structs.replace(one, parameters=_lines(one.parameters)) for one in content.buttons]
    return msgspec.structs.replace(content, header=header, body=body, buttons=tuple(buttons), text=content.text.strip())


def shown(content: WhatsApp) -> str:
    """What the person reads: the approved words with their parameters, or the free ones."""
    if not content.template:
        return content.text
    spoken = ("/header", "/body")
    lines = [_said(text, parameters) for pointer, text, parameters in _parts(content) if text and pointer in spoken]
    lines += [content.footer] if content.footer else []
    lines += [f"[{button.text}]" for button in content.buttons]
    return "\n".join(lines)


def _header(header: Header) -> Iterator[FieldProblem]:
    if (header.media is None) == (not header.text):
        yield FieldProblem("/header", "a header has either text, or media with a link", "choose-one")
    if len(header.parameters) > 1:
        yield FieldProblem("/header/parameters", "a header has at most one parameter", "parameters")
    yield from _numbered("/header", header.text, header.parameters)


def _filled_header(header: Header) -> Iterator[FieldProblem]:
    if len(_said(header.text, header.parameters)) > HEADER:
        yield FieldProblem("/header", f"over {HEADER} characters with this value", "too-large")
    if header.media and not header.link.startswith("https://"):
        yield FieldProblem("/header/link", "media need an https:// address", "url")


def _button(pointer: str, button: Button) -> Iterator[FieldProblem]:
    if _NUMBER.search(button.text):
        yield FieldProblem(f"{pointer}/text", "the words of a button have no parameters", "parameters")
    if button.type in {"url", "phone"} and not button.value:
        yield FieldProblem(f"{pointer}/value", f"a button of the kind {button.type} needs a value", "missing")
    if button.type == "copy_code":
        if len(button.parameters) != 1:
            yield FieldProblem(f"{pointer}/parameters", "copy_code has one parameter: the code", "parameters")
        return
    yield from _numbered(pointer, button.value, button.parameters)
    if button.type == "url" and button.parameters and not button.value.rstrip().endswith("}}"):
        yield FieldProblem(f"{pointer}/value", "the parameter of an address stands at its end", "parameters")


def _numbered(pointer: str, text: str, parameters: tuple[str, ...]) -> Iterator[FieldProblem]:
    numbers = [int(found) for found in _NUMBER.findall(text)]
    wanted = set(range(1, len(parameters) + 1))
    if set(numbers) != wanted:
        there = ", ".join(f"{{{{{number}}}}}" for number in sorted(set(numbers))) or "no number"
        detail = f"there are {len(parameters)} parameters, but the words name {there}"
        yield FieldProblem(f"{pointer}/parameters", detail, "parameters")


def _parts(content: WhatsApp) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if content.header is not None:
        yield "/header", content.header.text, content.header.parameters
    if content.body is not None:
        yield "/body", content.body.text, content.body.parameters
    for index, button in enumerate(content.buttons):
        yield f"/buttons/{index}", button.value, button.parameters


def _said(text: str, parameters: tuple[str, ...]) -> str:
    known = dict(enumerate(parameters, 1))
    return _NUMBER.sub(lambda found: known.get(int(found[1]), found[0]), text)


def _lines(parameters: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([_BLANKS.sub(" ", value).strip() for value in parameters])
