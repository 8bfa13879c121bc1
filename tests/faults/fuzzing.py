"""Makes requests that nobody should send: valid ones, changed a little or a lot. The same seed makes the same requests."""

import base64
import json
import random
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import quote

from posthouse.http.operations import Operation
from posthouse.http.routes import OPERATIONS

Raw = list[tuple[bytes, bytes]]


class Asked(NamedTuple):
    """One request, as a server hands it to the application."""

    method: str
    path: str
    query: bytes
    headers: Raw
    body: bytes


MESSAGE: dict[str, Any] = {
    "template": "hello",
    "to": {"email": "ann@person.example", "name": "Ann"},
    "variables": {"name": "Ann", "order": {"number": "A-1", "total": 12.5, "lines": [{"name": "Tea", "n": 2}]}},
    "locale": "fr-CA",
    "cc": ["bob@person.example", {"email": "eve@person.example", "name": "Ève"}],
    "bcc": ["zoe@person.example"],
    "attachments": [
        {"name": "a.txt", "type": "text/plain", "content": base64.b64encode(b"hello").decode(), "inline_id": "logo"}
    ],
    "headers": {"X-Shop": "1", "List-Id": "<shop.example>"},
    "tags": ["vip", "order"],
    "metadata": {"a": [1, None, True]},
    "lane": "bulk",
    "channel": "email",
    "version": 1,
    "from": {"email": "shop@shop.example", "name": "Shop"},
    "reply_to": "help@shop.example",
    "send_at": "2026-12-01T09:00:00Z",
    "expires_at": "2026-12-02T09:00:00+02:00",
    "supersedes": "cart-1",
    "correlation": "A-1",
    "idempotency_key": "order-A-1",
}
INLINE: dict[str, Any] = {
    "subject": "Hello",
    "html": "<p>Hello <a href='https://shop.example'>you</a></p><!-- x -->",
    "text": "Hello",
    "to": "ann@person.example",
}
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "subject": {"en": "Hi {{ name }}", "fr": "Salut {{ name }}"},
    "preheader": {"en": "See"},
    "blocks": [
        {
            "type": "heading",
            "id": "t",
            "level": 1,
            "text": {"en": "Hello"},
            "style": {"align": "center", "ground": "page"},
        },
        {
            "type": "text",
            "id": "b",
            "show_if": "order.total > 100 and not vip",
            "text": {"en": "<p>Hello <b>{{ name }}</b></p>"},
        },
        {"type": "button", "id": "c", "label": {"en": "See"}, "url": "https://shop.example/{{ name }}"},
        {"type": "image", "id": "d", "src": "https://shop.example/a.png", "alt": {"en": ""}, "width": 100},
        {
            "type": "columns",
            "id": "e",
            "columns": [{"width": 50, "blocks": [{"type": "divider", "id": "f"}]}, {"blocks": []}],
        },
        {"type": "code", "id": "g", "value": "{{ code }}"},
        {"type": "html", "id": "h", "source": "<p>{{ name }}</p>"},
        {"type": "mjml", "id": "i", "source": "<mj-text>{{ name }}</mj-text>"},
    ],
}
FILES: dict[str, Any] = {
    "template.toml": 'key = "hello"\nname = "Hello"\nsubject = "Hello {{ name }}"\n',
    "email.en.html": "<html><body><p>Hello {{ name }}</p>{% if a %}<table><tr><td>{{ b|upper }}</td></tr></table>{% endif %}</body></html>",
    "email.fr.mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>Bonjour {{ name }}</mj-text></mj-column></mj-section></mj-body></mjml>",
    "sample.json": '{"name": "Ann", "a": true, "b": "x"}',
    "schema.json": '{"properties": {"name": {"type": "string"}}}',
}
BODIES: dict[str, list[Any]] = {
    "sendMessage": [MESSAGE, MESSAGE, INLINE],
    "sendBatch": [[MESSAGE, INLINE], [INLINE] * 3],
    "pushTemplates": [
        {"files": FILES, "publish": True},
        {"files": {"doc/template.toml": 'name = "Doc"\n', "doc/email.json": json.dumps(DOCUMENT)}, "publish": True},
        {"files": {"a/template.toml": 'name = "A"\n', "a/email.en.html": {"base64": "PGI+"}}},
    ],
}
PLAIN = [None, True, False, 0, -1, 1, 1.5, 1e308, -1e-320, "", "a", " ", [], {}, [[]], {"": ""}]
NUMBERS = [2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**400, 0.1 + 0.2]
WORDS = [
    *["\ud800", "\udc00\ud800", "\x00", "\x1f", "\x7f", "\u0085", "\u2028", "\ufeff", "\u202e", "\U0010ffff", "é" * 300, "👩‍👩‍👧" * 50],
    *["a" * 70_000, "9" * 5_000, "-" * 300, "../../etc/passwd", "%00", "%s%n", "'; DROP TABLE messages; --", "\r\nBcc: x@y.example"],
    *["ann@person.example", "a@b", "@", "a@b@c", '"a b"@c.example', "用户@例子.example", "a@xn--", "a@" + "b." * 130 + "c", "a@[127.0.0.1]"],
    *["a" * 65 + "@b.example", "a@-b.example", "ann+x@person.example", "a@localhost", "<a@b.example>", "a@b.example\n"],
    *["2026-11-22", "2026-11-22T09:30:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00", "2026-13-01T00:00:00Z", "now"],
    *["2026-W01-1T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T09:30:00.123456789Z", "\u0661\u0662-01-01T00:00:00Z"],
    *["email", "sms", "critical", "bulk", "draft", "hello", "helo", "fr", "x-klingon", "en_US@posix", "*", "messages:write", "10.0.0.0/8"],
    *["{{ name }}", "{% for x in range(9999999) %}{{ x }}{% endfor %}", "{% raw %}", "{{ a.b.c.d }}", "{{ x|nope }}", "{#", "{{"],
    *["{{ n|money('EUR') }}", "{{ n|date('yMMMM', tz='Mars') }}", "{{ n|plural(one='#') }}", "{{ [1]*9999999 }}", "{{ 'a'*99999999 }}"],
    *["<mj-text>", "</mj-section>", "<mjml>" * 200, "<b>" * 3_000, "<!--", "<![CDATA[", "&#" + "9" * 5_000 + ";", "<a href='javascript:x'>"],
    *["[x]\ny = 1", 'a = """', "a = 9e999999", "[[a]]\n[a]", "key = 1979-05-27T07:32:00Z", '{"a":' * 200, "NaN", "upl_" + "0" * 64 + "-5"],
    *["https://127.0.0.1/", "file:///etc/passwd", "application/pdf", "multipart/mixed", "text/html; charset=é", "xn--ls8h.example", "com"],
]  # fmt: skip
PATH_WORDS = [
    "hello",
    "shop.example",
    "box",
    "email",
    "draft",
    "1",
    "0",
    "-1",
    "9" * 400,
    "é",
    "%2e%2e",
    "..",
    "a/b",
    "a\\b",
    "\x00",
    "msg_",
    "%ff",
    " ",
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "post", ""]
HEADERS: Raw = [
    (b"content-type", b"application/json; charset=utf-16"),
    (b"content-type", b"text/plain"),
    (b"content-type", b"\xff"),
    (b"content-type", b"application/json; charset=" + b"x" * 5_000),
    (b"content-encoding", b"gzip"),
    (b"content-length", b"0"),
    (b"content-length", b"99999999999999999999"),
    (b"content-length", b"-1"),
    (b"content-length", b"\xb2"),
    (b"idempotency-key", b"order-A-1"),
    (b"idempotency-key", b'"order-A-1"'),
    (b"idempotency-key", b"\xc3\xa9" * 200),
    (b"idempotency-key", b""),
    (b"idempotency-key", b'"a\\"b'),
    (b"x-request-id", b"\xff" * 300),
    (b"x-request-id", b"abc"),
    (b"x-forwarded-for", b"::1, 10.0.0.1, x, "),
    (b"authorization", b"Basic YTpi"),
    (b"authorization", b"Bearer"),
    (b"authorization", b"Bearer \xff\xfe"),
    (b"accept", b"text/html"),
    (b"host", b"\xff"),
    (b"range", b"bytes=0-1"),
    (b"if-none-match", b"*"),
    (b"expect", b"100-continue"),
]
LARGEST = 2_000
"""Places in a document after which it is not made any larger."""
RARE = {
    "addDomain": 300,
    "checkDomain": 3_000,
    "revokeKey": 40,
    "removeDomain": 40,
    "removeProvider": 20,
    "getMetrics": 50,
}
"""One in so many of these is made: they cost long or take the ground from under the others."""


class Fuzzer:
    """Makes requests.

    Args:
        seed: the same one makes the same requests, as long as the answers bring the same identifiers.
        queries: the names of the query parameters of each operation, by its id.
    """

    def __init__(self, seed: int, queries: dict[str, list[str]]) -> None:
        self._random = random.Random(seed)
        self._queries = queries
        self.known: list[str] = list(PATH_WORDS)
        """Words that paths and queries are filled with: identifiers that answers brought."""
        self._operations = [operation for operation in OPERATIONS for _ in range(6 if "Message" in operation.id else 1)]
        self._operations += [one for one in OPERATIONS if one.id in BODIES for _ in range(30)]

    def learn(self, word: str) -> None:
        """One more word for paths; the oldest go."""
        if len(self.known) > 400:
            self.known[len(PATH_WORDS) + self._random.randrange(300)] = word
        else:
            self.known.append(word)

    def mark(self) -> Any:
        """Where the row of requests has come to."""
        return self._random.getstate(), list(self.known)

    def back_to(self, mark: Any) -> None:
        """Makes the requests since then once more."""
        state, self.known = mark
        self._random.setstate(state)

    def request(self) -> Asked:
        """The next one."""
        chance = self._random.random
        operation = self._operation()
        method = operation.method if chance() < 0.97 else self._random.choice(METHODS)
        path = self._path(operation.path)
        headers: Raw = [(b"content-type", b"application/json")] if chance() < 0.97 else []
        while chance() < 0.12:
            headers.append(self._random.choice(HEADERS))
        return Asked(method, path, self._query(operation), headers, self._body(operation))

    def _operation(self) -> Operation:
        while True:
            operation = self._random.choice(self._operations)
            if self._random.randrange(RARE.get(operation.id, 1)) == 0:
                return operation

    def _path(self, pattern: str) -> str:
        steps = [self._random.choice(self.known) if step[:1] == "{" else step for step in pattern.split("/")]
        if self._random.random() < 0.02:
            steps[self._random.randrange(len(steps))] = self._random.choice(WORDS)
        return "/".join(steps).encode("utf-8", "replace").decode()

    def _query(self, operation: Operation) -> bytes:
        names = self._queries.get(operation.id, [])
        pairs = []
        while self._random.random() < (0.6 if names else 0.05):
            name = self._random.choice(names) if names and self._random.random() < 0.95 else self._word()
            value = self._random.choice([self._word, lambda: self._random.choice(self.known), self._number])()
            pairs.append(f"{quote(name, errors='replace')}={quote(value, safe='%', errors='replace')}")
        raw = "&".join(pairs).encode()
        return raw if self._random.random() < 0.98 else self._torn(raw + b"%zz&\xff=\xfe")

    def _word(self) -> str:
        return self._random.choice(WORDS)

    def _number(self) -> str:
        return str(self._random.choice([0, 1, 5, 200, 201, -1, 2**31, 2**63, "1e3", "0x1", "\u0661"]))

    def _body(self, operation: Operation) -> bytes:
        if operation.takes is None and operation.id not in BODIES:
            return b"" if self._random.random() < 0.9 else self._torn(b'{"a": [1]}')
        document = self._random.choice(BODIES.get(operation.id, [operation.example]))
        document = json.loads(json.dumps(document))
        if "doc/email.json" in (document.get("files", {}) if isinstance(document, dict) else {}):
            inner = self._mutated(json.loads(json.dumps(DOCUMENT)))
            document["files"]["doc/email.json"] = json.dumps(inner)
        if operation.id in {"sendMessage", "sendBatch"} and self._random.random() < 0.7:
            document = self._thinned(document)
        for _ in range(self._random.choice([0, 1, 1, 1, 2, 3, 8])):
            document = self._mutated(document)
        try:
            text = json.dumps(document, ensure_ascii=self._random.random() < 0.5)
        except RecursionError:  # deeper than the writer goes, which is no reason not to ask
            text = "[" * 50_000 + "]" * 50_000
        body = text.encode("utf-8", "surrogatepass")
        return body if self._random.random() < 0.95 else self._torn(body)

    def _thinned(self, document: Any) -> Any:
        """Without some of the fields that may be left out, so that many of these are accepted."""
        if isinstance(document, list):
            return [self._thinned(one) for one in document]
        needed = {"template", "to", "variables", "subject", "html", "from"}
        kept = {name: value for name, value in document.items() if name in needed or self._random.random() < 0.15}
        if self._random.random() < 0.3 and "html" in kept:
            kept.pop("text", None)
        return kept

    def _mutated(self, document: Any) -> Any:
        """Changed in one place."""
        places = list(islice(_places(document), LARGEST + 1))
        if not places:
            return self._value()
        if len(places) > LARGEST:
            return document  # what is copied into itself again and again soon fills the memory
        holder, at = self._random.choice(places)
        change: Callable[[], Any] = self._random.choice(
            [
                self._value,
                self._value,
                self._value,
                lambda: self._twisted(holder[at]),
                lambda: json.loads(json.dumps(self._random.choice(places)[0])),
            ]
        )
        action = self._random.random()
        if action < 0.1:
            del holder[at]
        elif action < 0.2 and isinstance(holder, dict):
            holder[self._word() if self._random.random() < 0.5 else self._typo(str(at))] = change()
        elif action < 0.25 and isinstance(holder, list):
            holder.extend([holder[at]] * self._random.choice([1, 10, 60]))
        else:
            holder[at] = change()
        return document

    def _value(self) -> Any:
        kind = self._random.randrange(6)
        if kind == 0:
            return json.loads(json.dumps(self._random.choice(PLAIN)))  # a copy: the next one changes what is inside
        if kind == 1:
            return self._random.choice(NUMBERS)
        if kind == 2:
            return self._deep()
        return self._word()

    def _deep(self) -> Any:
        value: Any = self._word()
        for _ in range(self._random.choice([2, 10, 70, 300])):
            value = [value] if self._random.random() < 0.5 else {"a": value}
        return value

    def _twisted(self, value: Any) -> Any:
        """Something like it."""
        if isinstance(value, str):
            at = self._random.randrange(len(value) + 1)
            return value[:at] + self._word() + value[at:] if self._random.random() < 0.7 else value[:at]
        if isinstance(value, dict):
            return list(value.items())
        return str(value)

    def _typo(self, word: str) -> str:
        at = self._random.randrange(len(word) + 1)
        return word[:at] + self._random.choice("abcé\x00 ") + word[at + 1 :]

    def _torn(self, body: bytes) -> bytes:
        """Cut, doubled, or with other bytes in it."""
        at = self._random.randrange(len(body) + 1)
        junk = self._random.choice(
            [b"", b"\xff", b"\x00", b"\xef\xbb\xbf", b"{", b"]", b'"', b"\\ud800", b"1e999", b"[" * 200, b"\xf0\x9f"]
        )
        return self._random.choice([body[:at] + junk, junk + body, body[:at] + junk + body[at:], body + body, junk])


def _places(document: Any) -> Any:
    """(holder, index or name) of everything in a document."""
    holders = [document]
    while holders:
        holder = holders.pop()
        inside = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
        for at, value in inside:
            yield holder, at
            if isinstance(value, dict | list):
                holders.append(value)
