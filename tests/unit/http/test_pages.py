"""The OpenAPI document, the pages made from it, and the reference of problems."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from httpx import AsyncClient

from posthouse.core.messages.submission import Submission
from posthouse.http.problem_texts import ADVICE, markdown, texts
from posthouse.http.routes import OPERATIONS
from posthouse.http.schemas.descriptions import SUBMISSION_FIELDS

ROOT = Path(__file__).parents[3]


async def test_the_page_shows_the_address_under_which_it_was_opened(client: AsyncClient) -> None:
    """Whatever the port and whoever stands before; words that are no host are not repeated."""
    for host, shown in (
        ("posthouse.example:9000", "http://posthouse.example:9000"),
        ("[::1]:81", "http://[::1]:81"),
        ("$(reboot)", "http://localhost:8025"),
    ):
        text = (await client.get("/docs", headers={"host": host})).text
        assert f"export POSTHOUSE={shown}\n" in text
        assert "reboot" not in text


async def test_every_operation_is_in_the_document(client: AsyncClient) -> None:
    """The hot doors too, each with bodies, errors and a resolvable schema."""
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for operation in OPERATIONS:
        entry = document["paths"][operation.path][operation.method.lower()]
        assert entry["operationId"] == operation.id
        assert str(operation.status) in entry["responses"]
        assert ("requestBody" in entry) == (operation.takes is not None)
        assert operation.public or "401" in entry["responses"]
    ids = [operation.id for operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    for name in re.findall(r'"#/components/schemas/(\w+)"', (await client.get("/openapi.json")).text):
        assert name in document["components"]["schemas"]
    batch = document["paths"]["/v1/messages/batch"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert batch["items"] == {"$ref": "#/components/schemas/Submission"}


def test_every_field_of_a_submission_is_described() -> None:
    """A new field without words breaks the build."""
    import msgspec

    assert set(SUBMISSION_FIELDS) == {field.encode_name for field in msgspec.structs.fields(Submission)}


class Reader(HTMLParser):
    """Notes what a page loads and links to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.styles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.styles += "style" in found


async def test_the_page_needs_nothing_from_elsewhere(client: AsyncClient) -> None:
    """No script, no inline style, no outside host; every link leads somewhere."""
    for path in ("/docs", "/problems", "/problems/too-late"):
        answer = await client.get(path)
        page = Reader()
        page.feed(answer.text)
        assert page.tags.isdisjoint({"script", "style", "iframe"})
        assert page.styles == 0
        assert len(page.ids) == len(set(page.ids))
        for link in page.links:
            if link.startswith("#"):
                assert link[1:] in page.ids
            elif not link.startswith("data:"):
                assert link.startswith("/")
                assert (await client.get(link)).status_code == 200
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "style-src 'self'" in answer.headers["content-security-policy"]


async def test_every_operation_has_an_example_to_try(client: AsyncClient) -> None:
    """A heading, a call and a curl line each."""
    text = (await client.get("/docs")).text
    for operation in OPERATIONS:
        assert f'id="{operation.id}"' in text
    assert text.count("curl ") == len(OPERATIONS)


async def test_the_bare_address_leads_to_the_pages(client: AsyncClient) -> None:
    """Who opens the server in a browser finds the API's page, not a problem document."""
    answer = await client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


async def test_every_problem_has_its_page_and_its_advice(client: AsyncClient) -> None:
    """Every slug of the error tree is explained, and nothing is explained that does not exist."""
    assert set(texts()) == set(ADVICE)
    for slug in texts():
        assert (await client.get(f"/problems/{slug}")).status_code == 200
    assert (await client.get("/problems/none")).status_code == 404


def test_the_reference_is_made_from_the_error_tree() -> None:
    """docs/reference/problems.md is what `python -m posthouse.http.problem_texts` prints."""
    assert (ROOT / "docs/reference/problems.md").read_text() == markdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_style_serves_both_schemes(scheme: str) -> None:
    """Text and ground have a contrast of at least 4.5 (WCAG 2.2, 1.4.3)."""
    css = (ROOT / "src/posthouse/http/static/style.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    block = blocks[0 if scheme == "light" else 1]
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
    for name in ("ink", "soft", "link", "get", "post", "other"):
        for ground in ("ground", "raised"):
            assert _contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def _contrast(one: str, other: str) -> float:
    lights = sorted((_light(one), _light(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    "path",
    [
        "messages",
        "sandbox",
        "alerts",
        "contacts",
        "conversions",
        "suppressions",
        "uploads",
        "webhooks/shop/attempts",
        "ratings",
    ],
)
async def test_a_cursor_that_is_none_is_told_as_such(client: AsyncClient, path: str) -> None:
    """Whatever is read page by page: not "not found", for what is missing is no thing of ours."""
    await client.post("/v1/webhooks", json={"name": "shop", "url": "https://hooks.shop.example/posthouse"})
    answer = await client.get(f"/v1/{path}?cursor=nonsense")
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, ["/cursor"])
