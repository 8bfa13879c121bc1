"""Documents for tests: small ones by hand, random ones from the exported JSON Schema."""

import re
from typing import Any

from hypothesis import strategies as st
from tests.unit.rendering.conftest import release_of

from posthouse.core.templates.document_schema import document_schema
from posthouse.core.templates.model import Release, Rendered, TemplateSource, VariantSource
from posthouse.rendering.renderer import MinijinjaRenderer

ON, OFF = "flags.on", "flags.off"
DATA: dict[str, Any] = {
    "flags": {"on": True, "off": False},
    "name": 'Zoë <b> & {{ x }} "q"',
    "number": 7,
    "url": "https://shop.example/?a=1&b=2",
    "order": {
        "lines": [{"name": "Mug & <co>", "price": 3}, {"name": "Éclair", "price": 4.5}, {"name": "", "price": 0}]
    },
}
"""Fits every document of :func:`sound_documents`."""

NASTY = [
    "", " ", "plain", "{{ name }}", "{{ name", "}}", "{% if x %}", "{# c #}", "{{ name|safe }}", "{{ x.__class__ }}", "&", "<", "<b>",
    "</p>", "<p>a</p>", "<a href='javascript:x'>y</a>", '<a href="{{ url }}">{{ name }}</a>', "javascript:alert(1)", "//x", "\x00\x1f",
    "https://x.example/{{ number }}", "{{ url }}", "mailto:a@b.example", "]]>", "<!--", "-->", "&#123;{ x }}", "<script>", "'\"", "{{ '}}' }}",
    "<mj-text>x</mj-text>", "<mj-text>", "</mj-column>", "<mj-section><mj-column></mj-column></mj-section>", "<table><tr><td>x</td></tr></table>",
    "{{ order.lines }}", "{{ loop.index }}", "{{ f() }}", "a.b", "not", "x == 'y'", "{score}", "https://x.example/{score}", "\ud7ff\ue000", "{",
    "{{{ x }}}",
    "<ul><li>a<li>b</ul>", "<b><i>x</b></i>", "<p {{ name }}>x</p>", "🙂 ñ \u202e", "{% raw %}x{% endraw %}", "{{- name -}}", "a\n\nb",
]  # fmt: skip
_WORDS = st.sampled_from(
    [
        "Hello",
        "{{ name }}",
        "It is {{ number }} & <more>",
        "Été — «да» {{ 'a' if number < 9 else 'b' }}",
        "1 < 2 {",
        "x",
    ]
)
_RICH = st.sampled_from(["Hello", "<p>Dear <b>{{ name }}</b></p><p>x<br>y</p>", "<ul><li>{{ number }}</li></ul>",
                         'See <a href="{{ url }}">it</a> & more', "a\n\nb"])  # fmt: skip
_LINKS = st.sampled_from(["https://x.example/?a=1&b={{ number }}", "{{ url }}", "mailto:care@x.example", "tel:+4411"])
_HTML = st.sampled_from(
    ["<table><tr><td>x &copy; {{ name }}</td></tr></table>", "<p>{% if flags.on %}<b>y</b>{% endif %}</p>"]
)
_MJML = st.sampled_from(["<mj-text>own {{ name }}</mj-text>", "{% if flags.on %}<mj-divider />{% endif %}"])
_OWN_SECTIONS = st.just("<mj-section><mj-column><mj-text>{{ name }}</mj-text></mj-column></mj-section>")


def text(words: str, **more: str) -> dict[str, str]:
    """Words in English, and more by locale."""
    return {"en": words, **more}


def document(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A document of these blocks; ids are given where they are missing."""
    named = [{"id": f"b{index}", **block} for index, block in enumerate(blocks)]
    return {"version": 1, "subject": text("Hello"), "blocks": named, **more}


def release(raw: Any, locale: str = "en", *, theme: dict[str, Any] | None = None, default: str = "en") -> Release:
    """What publishing a document in one locale gives."""
    variant = VariantSource("email", locale, document=raw, theme=theme)
    return release_of(TemplateSource("order", "Order", (variant,), default_locale=default))


def shown(raw: Any, data: dict[str, Any] | None = None, **how: Any) -> Rendered:
    """The rendering of a document."""
    return MinijinjaRenderer().plain(release(raw, **how), data or DATA)


def wild_documents() -> st.SearchStrategy[Any]:
    """Anything that the JSON Schema allows, with the nastiest texts wherever it allows a text."""
    schema = document_schema()
    return _wild(schema["$defs"]["EmailDocument"], schema["$defs"])


def _wild(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return st.deferred(lambda: _wild(defs[schema["$ref"].rpartition("/")[2]], defs))
    if "anyOf" in schema:
        return st.one_of([_wild(option, defs) for option in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    match schema.get("type"):
        case "object" if "properties" in schema:
            return _wild_object(schema, defs)
        case "object":
            return st.dictionaries(st.sampled_from(["en", "fr", "ar", "fr-CA"]), st.sampled_from(NASTY), max_size=2)
        case "array":
            most = min(3, schema.get("maxItems", 3))
            return st.lists(_wild(schema["items"], defs), min_size=schema.get("minItems", 0), max_size=most)
        case "integer":
            return st.integers(schema.get("minimum", 0), schema.get("maximum", 900))
        case "string" if "pattern" in schema:
            return st.from_regex(re.compile(schema["pattern"].replace("$", r"\Z"), re.ASCII)).filter(
                lambda word: len(word) <= schema.get("maxLength", 64)
            )
        case "string":
            return st.sampled_from(NASTY)
        case "boolean":
            return st.booleans()
        case kind:
            assert kind == "null", schema
            return st.none()


def _wild_object(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    parts = {name: _wild(part, defs) for name, part in schema["properties"].items()}
    needed = {name: part for name, part in parts.items() if name in schema.get("required", ())}
    return st.fixed_dictionaries(needed, optional={name: part for name, part in parts.items() if name not in needed})


def sound_documents() -> st.SearchStrategy[Any]:
    """Documents without a mistake, for :data:`DATA`: they must publish. Conditions are ``flags.on`` and ``flags.off``."""
    leaf = _leaves()
    column = st.fixed_dictionaries({"blocks": st.lists(leaf, max_size=3)})
    columns = _block("columns", {"columns": st.lists(column, min_size=1, max_size=4), "stack": st.booleans()})
    own = _block("mjml", {"source": _OWN_SECTIONS, "level": st.just("section")}, style=False)
    blocks = st.lists(st.one_of(leaf, leaf, columns, own), min_size=1, max_size=6)
    whole = st.fixed_dictionaries(
        {"version": st.just(1), "subject": _texts(_WORDS), "preheader": _texts(_WORDS), "blocks": blocks}
    )
    return whole.map(_numbered)


def _leaves() -> st.SearchStrategy[Any]:
    words, condition = _texts(_WORDS), st.sampled_from(["", ON, OFF])
    item = st.sampled_from(["{{ line.name }}", "{{ line.price|money('EUR') }} {{ number }}", "{{ loop.index }}"])
    line_column = st.fixed_dictionaries(
        {"value": item, "align": st.sampled_from(["start", "center", "end"])},
        optional={"header": words, "detail": item},
    )
    row = st.fixed_dictionaries({"label": words, "value": _WORDS, "show_if": condition})
    rows = st.lists(row, max_size=3)
    facts = st.lists(row, min_size=1, max_size=3)
    links = st.lists(st.fixed_dictionaries({"label": words, "url": _LINKS}), min_size=1, max_size=3)
    score = st.just("https://x.example/{score}?o={{ number }}")
    return st.one_of(
        _block("heading", {"text": words, "level": st.sampled_from([1, 2, 3])}),
        _block("text", {"text": _texts(_RICH), "size": st.sampled_from(["small", "normal", "large"])}),
        _block("button", {"label": words, "url": _LINKS, "full_width": st.booleans()}),
        _block("image", {"src": st.just("https://x.example/{{ number }}.png"), "alt": words, "url": _LINKS}),
        _block("image", {"src": st.just("theme:logo")}),
        _block("divider", {}),
        _block("spacer", {"size": st.sampled_from(["small", "large"])}),
        _block(
            "lines",
            {"each": st.just("order.lines"), "columns": st.lists(line_column, min_size=1, max_size=3), "totals": rows,
             "empty": st.one_of(st.just({}), words)},
        ),
        _block("facts", {"items": facts, "layout": st.sampled_from(["rows", "stacked"])}),
        _block("code", {"value": _WORDS, "label": words}),
        _block("rating", {"url": score, "scale": st.sampled_from(["1-5", "0-10"]), "low": words}),
        _block("social", {"links": links}),
        _block("slot", {"name": st.just("promo")}),
        _block("html", {"source": _HTML}),
        _block("mjml", {"source": _MJML}),
    )  # fmt: skip


def _block(kind: str, parts: dict[str, Any], *, style: bool = True) -> st.SearchStrategy[Any]:
    look = st.fixed_dictionaries(
        {},
        optional={
            "align": st.sampled_from(["start", "center", "end"]),
            "ground": st.sampled_from(["none", "page", "surface", "tint", "primary"]),
            "above": st.sampled_from(["none", "large"]),
        },
    )
    given = {"type": st.just(kind), "show_if": st.sampled_from(["", "", ON, OFF]), **parts}
    return st.fixed_dictionaries(given | ({"style": look} if style else {}))


def _texts(words: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({"en": words}, optional={"ar": words})


def _numbered(raw: dict[str, Any]) -> dict[str, Any]:
    count = 0
    for block in raw["blocks"]:
        for one in [block, *[leaf for column in block.get("columns", []) for leaf in column.get("blocks", [])]]:
            count += 1
            one["id"] = f"b{count}"
    return raw
