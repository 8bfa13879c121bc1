"""A template as files again: what :func:`posthouse.core.templates.folder.read_folder` reads gives the same source."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from posthouse.core.templates.attachments.model import Declared, Pdf
from posthouse.core.templates.cases.folder import FOLDER as TESTS
from posthouse.core.templates.document_folder import DOCUMENT, THEME
from posthouse.core.templates.folder import SETTINGS
from posthouse.core.templates.model import Category, Sender, TemplateSource, UnknownPolicy, VariantSource

_PLAIN_NAME: Final = re.compile(r"[^<>\"\s](?:[^<>\"]*[^<>\"\s])?")


def written_folder(source: TemplateSource) -> dict[str, bytes]:
    """Contents by file name, in a stable order: the same source gives the same octets, whoever pulls it."""
    files = {SETTINGS: "".join(f"{line}\n" for line in _settings(source)).encode()}
    for variant in source.variants:
        files |= _variant(variant)
    for pdf in source.attachments:
        if isinstance(pdf, Pdf):
            files |= {f"pdf.{pdf.source}.{locale}.html": page.encode() for locale, page in pdf.html.items()}
    if source.sample:
        files["sample.json"] = _json(source.sample)
    if source.schema is not None:
        files["schema.json"] = _json(source.schema)
    for case in source.tests:
        files[f"{TESTS}/{case.name}.json"] = _json(case.written)
        files |= {f"{TESTS}/{case.name}.golden.{kind}": text.encode() for kind, text in sorted(case.golden.items())}
    return files


def _settings(source: TemplateSource) -> Iterator[str]:
    yield f"name = {_text(source.name)}"
    words = {
        "description": source.description,
        "kind": source.kind,
        "owner": source.owner,
        "legal_basis": source.legal_basis,
        "retention": source.retention,
        "review_on": source.review_on,
        "category": "" if source.category is Category.TRANSACTIONAL else source.category.value,
        "lane": "" if source.lane == "normal" else source.lane,
        "default_channel": source.default_channel,
        "default_locale": source.default_locale,
        "unknown_policy": "" if source.unknown_policy is UnknownPolicy.RESEND else source.unknown_policy.value,
    }
    yield from (f"{name} = {_text(word)}" for name, word in words.items() if word)
    for name, said in (("track_opens", source.tracking.opens), ("track_clicks", source.tracking.clicks)):
        if said is not None:
            yield f"{name} = {'true' if said else 'false'}"
    for name, sender in (("from", source.sender), ("reply_to", source.reply_to)):
        if sender is not None:
            yield f"{name} = {_sender(sender)}"
    for name, listed in (
        ("tags", source.tags),
        ("lint_ignore", source.lint_ignore),
        ("link_parameters_exclude", source.link_parameters_exclude),
    ):
        if listed:
            yield f"{name} = [{', '.join([_text(word) for word in listed])}]"
    subjects = {one.locale: one.subject for one in source.variants if _has_subject(one)}
    if subjects:
        yield "subject = { " + ", ".join([f"{key} = {_text(said)}" for key, said in subjects.items()]) + " }"
    sms = next((one.content for one in source.variants if one.channel == "sms" and one.content), {})
    settings = {name: value for name, value in sms.items() if name != "text"}
    yield from _table("[sms]", settings)
    yield from _table("[link_parameters]", {_text(name): value for name, value in source.link_parameters.items()})
    promised = source.service_level
    yield from _table("[service_level]", {} if promised is None else msgspec.structs.asdict(promised))
    for declared in source.attachments:
        yield from _table("[[attachments]]", _declared(declared))


def _table(head: str, settings: Mapping[str, Any]) -> Iterator[str]:
    if settings:
        yield f"\n{head}"
        yield from (f"{name} = {_value(value)}" for name, value in settings.items())


def _declared(declared: Declared) -> dict[str, Any]:
    """What an attachment says; what is as usual is left out, and so are the pages, which are files."""
    usual = {one.encode_name: one.default for one in msgspec.structs.fields(declared)}
    said = msgspec.to_builtins(declared)
    return {
        name: value for name, value in said.items() if name != "html" and value != usual.get(name, msgspec.NODEFAULT)
    }


def _has_subject(variant: VariantSource) -> bool:
    return variant.channel == "email" and variant.document is None and bool(variant.subject)


def _variant(variant: VariantSource) -> dict[str, bytes]:
    name = f"{variant.channel}.{variant.locale}"
    if variant.channel == "sms" and variant.content is not None:
        return {f"{name}.txt": str(variant.content["text"]).encode() + b"\n"}
    if variant.content is not None:
        return {f"{name}.json": _json(variant.content)}
    files = {} if variant.document is None else {DOCUMENT: _json(variant.document)}
    if variant.theme is not None:
        files[THEME] = _json(variant.theme)
    for kind, text in (("mjml", variant.mjml), ("html", variant.html), ("txt", variant.text)):
        if text is not None:
            files[f"{name}.{kind}"] = text.encode()
    return files


def _sender(sender: Sender) -> str:
    if not sender.name:
        return _text(sender.email)
    if _PLAIN_NAME.fullmatch(sender.name):
        return _text(f"{sender.name} <{sender.email}>")
    return f"{{ email = {_text(sender.email)}, name = {_text(sender.name)} }}"


def _text(word: str) -> str:
    """A basic string of TOML: JSON's, but for one control character that JSON leaves alone."""
    return msgspec.json.encode(word).decode().replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    return _text(value) if isinstance(value, str) else msgspec.json.encode(value).decode()


def _json(held: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(held), indent=2) + b"\n"
