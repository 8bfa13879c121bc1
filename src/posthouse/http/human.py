"""The documentation page, made from the OpenAPI document: no scripts, no outside host."""

import re
from html import escape
from typing import Any, Final

import msgspec

_CODE: Final = re.compile(r"`([^`]+)`")
_FOR_MACHINES: Final = (
    '<p>Machines read <a href="/openapi.json">openapi.json</a>; errors are explained under '
    '<a href="/problems">problems</a>.</p>'
)
HERE: Final = "http://localhost:8025"
"""Stands for the address under which the reader opened the page."""
_ORDER: Final = ("post", "get", "put", "patch", "delete")
_SAMPLES: Final = {
    "message_id": "msg_01jdb3z5v8e9tr4w6k2m7n0qxy",
    "key_id": "key_01jdb3z5v8e9tr4w6k2m7n0qxy",
    "name": "relay",
    "key": "order-confirmation",
    "channel": "email",
}


def page(title: str, body: str, navigation: str = "") -> str:
    """A whole page around a body of HTML."""
    inner = (
        f'<div class="frame">{navigation}<main id="main">{body}</main></div>'
        if navigation
        else (f'<main id="main">{body}</main>')
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>"
        '<link rel="stylesheet" href="/docs/style.css"><link rel="icon" href="data:,"></head><body>'
        f'<a class="skip" href="#main">Skip to the content</a>{inner}</body></html>'
    )


def documentation(document: dict[str, Any]) -> str:
    """The page of all operations."""
    groups = _groups(document)
    scopes = document["components"]["securitySchemes"]["key"]["description"]
    body = [
        "<h1>Posthouse API</h1>",
        _words(document["info"]["description"]),
        _FOR_MACHINES,
        "<h4>Before you try</h4>",
        _pre(f"export POSTHOUSE={HERE}\nexport KEY=ph_test_…"),
        "<h4>Keys and scopes</h4>",
        _words(scopes),
    ]
    for tag in document["tags"]:
        body.append(f'<h2 id="{_anchor(tag["name"])}">{escape(tag["name"])}</h2>{_words(tag["description"])}')
        body += [_operation(document, *found) for found in groups[tag["name"]]]
    return page("Posthouse API", "".join(body), _navigation(document, groups))


def _groups(document: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method in _ORDER:
            if method in methods:
                groups[methods[method]["tags"][0]].append((method.upper(), path, methods[method]))
    return groups


def _navigation(document: dict[str, Any], groups: dict[str, list[tuple[str, str, dict[str, Any]]]]) -> str:
    parts = []
    for tag in document["tags"]:
        links = "".join(
            f'<li><a href="#{operation["operationId"]}">{escape(operation["summary"])}</a></li>'
            for _, _, operation in groups[tag["name"]]
        )
        parts.append(f"<strong>{escape(tag['name'])}</strong><ul>{links}</ul>")
    return (
        f'<nav aria-label="Operations"><details open><summary>All operations</summary>{"".join(parts)}</details></nav>'
    )


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [
        f'<h3 id="{operation["operationId"]}">{escape(operation["summary"])}</h3>',
        f'<p class="call"><span class="method {method}">{method}</span> {escape(path)}</p>',
        _words(operation.get("description", "")),
    ]
    if parameters := operation.get("parameters"):
        rows = [(one["name"], one["in"], one.get("required", False), _meaning(one)) for one in parameters]
        parts.append("<h4>Parameters</h4>" + _table(("name", "where", "meaning"), rows))
    body = operation.get("requestBody")
    if body and "application/json" in body["content"]:
        parts.append("<h4>Body</h4>" + _fields(document, body["content"]["application/json"]["schema"]))
    parts.append("<h4>Try it</h4>" + _pre(_curl(method, path, operation)))
    parts.append(_answers(document, operation))
    return "".join(parts)


def _meaning(parameter: dict[str, Any]) -> str:
    kind = _type_words(parameter.get("schema", {}))
    return f"{parameter.get('description', '')} ({kind})" if kind else parameter.get("description", "")


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """A table of an object's fields; for a list, of its items' fields."""
    lead = ""
    if schema.get("type") == "array":
        lead, schema = "<p>A list of:</p>", schema["items"]
    found = _resolve(document, schema)
    required = set(found.get("required", []))
    rows = [
        (name, _type_words(field), name in required, field.get("description", ""))
        for name, field in found.get("properties", {}).items()
    ]
    return lead + _table(("field", "type", "meaning"), rows)


def _answers(document: dict[str, Any], operation: dict[str, Any]) -> str:
    status = next(iter(operation["responses"]))
    success = operation["responses"][status]
    content = success.get("content", {}).get("application/json")
    parts = [f"<h4>Answer {status}</h4>"]
    if content is None:
        parts.append("<p>Nothing more.</p>" if not success.get("content") else "<p>Text.</p>")
    elif "example" in content:
        parts.append(_pre(_pretty(content["example"])))
    else:
        description = _resolve(document, content["schema"]).get("description", "")
        parts.append(_words(description) + _fields(document, content["schema"]))
    others = ", ".join(
        f"{code} {escape(found['description'])}" for code, found in list(operation["responses"].items())[1:]
    )
    return "".join(parts) + f'<p>Else a <a href="/problems">problem</a>: {others}.</p>'


def _curl(method: str, path: str, operation: dict[str, Any]) -> str:
    for name, sample in _SAMPLES.items():
        path = path.replace(f"{{{name}}}", sample)
    lines = [f'curl {"" if method == "GET" else f"-X {method} "}"$POSTHOUSE{path}"']
    if operation.get("security"):
        lines.append('-H "Authorization: Bearer $KEY"')
    body = operation.get("requestBody", {}).get("content", {})
    if "application/json" in body:
        example = _pretty(body["application/json"].get("example", {})).replace("'", "'\\''")
        lines += ['-H "Content-Type: application/json"', f"-d '{example}'"]
    elif body:
        lines[0] = lines[0][:-1] + '?name=invoice.pdf"'
        lines += ['-H "Content-Type: application/pdf"', "--data-binary @invoice.pdf"]
    return " \\\n  ".join(lines)


def _table(heads: tuple[str, str, str], rows: list[tuple[str, str, bool, str]]) -> str:
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    shown = "".join(
        f"<tr><td><code>{escape(name)}</code>{' <span class=needed>required</span>' if needed else ''}</td>"
        f"<td>{escape(second)}</td><td>{_inline(meaning)}</td></tr>"
        for name, second, needed, meaning in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{heads[0]} table">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{shown}</tbody></table></div>"
    )


def _type_words(schema: dict[str, Any]) -> str:
    """A schema's type in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        words = [_type_words(one) for one in schema["anyOf"]]
        return " or ".join(dict.fromkeys(word for word in words if word and word != "null"))
    if "enum" in schema:
        return " or ".join(str(value) for value in schema["enum"] if value is not None)
    if schema.get("type") == "array":
        return f"list of {_type_words(schema.get('items') or {}) or 'anything'}"
    return str(schema.get("type", ""))


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][str(schema["$ref"]).rpartition("/")[2]]
        return found
    return schema


def _words(text: str) -> str:
    """Paragraphs, lists of ``- `` lines and `code`: the little markup that our descriptions use."""
    parts = []
    for block in text.strip().split("\n\n"):
        lines = block.splitlines()
        if lines and all(line.startswith("- ") for line in lines):
            parts.append("<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>")
        elif lines:
            parts.append(f"<p>{_inline(' '.join(lines))}</p>")
    return "".join(parts)


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False).replace("``", "`"))


def _pre(text: str) -> str:
    return f'<pre tabindex="0"><code>{escape(text, quote=False)}</code></pre>'


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
