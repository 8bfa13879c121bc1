"""Templates as files."""

from pathlib import Path

import pytest

from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder, read_tree
from posthouse.core.templates.model import Category, Sender, UnknownPolicy
from posthouse.core.templates.service import TemplateService

EXAMPLES = Path(__file__).parents[3] / "examples" / "templates"
TOML = b"""
name = "Order"
lane = "critical"
from = "The Shop <orders@shop.example>"
reply_to = "care@shop.example"
unknown = "hold"
category = "transactional"
tags = ["shop"]
subject = { en = "Order", fr = "Commande" }
"""
MJML = b"<mjml><mj-body></mj-body></mjml>"


def test_a_folder_becomes_a_template() -> None:
    """Settings, variants by locale, subjects, text, sample and schema."""
    source = read_folder(
        {
            "template.toml": TOML,
            "email.en.mjml": MJML,
            "email.fr.html": b"<p>x</p>",
            "email.fr.txt": b"x",
            "sample.json": b'{"a": 1}',
            "schema.json": b'{"type": "object"}',
            "README.md": b"\xff",
            ".DS_Store": b"\xff",
        },
        "order-confirmation",
    )
    assert (source.key, source.name, source.lane) == ("order-confirmation", "Order", "critical")
    assert source.sender == Sender("orders@shop.example", "The Shop")
    assert source.reply_to == Sender("care@shop.example")
    assert (source.category, source.unknown_policy) == (Category.TRANSACTIONAL, UnknownPolicy.HOLD)
    assert [(one.locale, one.subject, one.text) for one in source.variants] == [
        ("en", "Order", None),
        ("fr", "Commande", "x"),
    ]
    assert (source.sample, source.schema) == ({"a": 1}, {"type": "object"})


@pytest.mark.parametrize(
    "name", ["subject.en.txt", "subject.txt", "subject", "email.en.subject", "email.subject", "subject.en"]
)
def test_a_subject_may_stand_in_a_file(name: str) -> None:
    """Whatever it is called, as long as it is clear."""
    source = read_folder({name: b"Hi\n", "email.mjml": MJML}, "k")
    assert source.variants[0].subject == "Hi"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"email.mjml": MJML, "template.toml": b'subjekt = "x"'}, "did you mean 'subject'"),
        ({"email.mjml": MJML, "template.toml": b'lane = "crit"'}, "did you mean 'critical'"),
        ({"email.mjml": MJML, "template.toml": b"x ="}, "not valid TOML"),
        ({"email.mjml": MJML, "template.toml": b"name = 3"}, "name must be a text"),
        ({"email.mjml": MJML, "template.toml": b'from = "nobody"'}, "must be an address"),
        ({"email.mjml": MJML, "template.toml": b'key = "Order Confirmation"'}, "lower-case letters"),
        ({"email.mjml": MJML, "sample.json": b"[1]"}, "must hold an object"),
        ({"email.mjml": MJML, "sample.json": b"{"}, "not valid JSON"),
        ({"email.mjml": MJML, "samples.json": b"{}"}, "did you mean 'sample.json'"),
        ({"email.mjml": MJML, "email.en.html": b"x"}, "keep one"),
        ({"email.mjml": MJML, "subject.txt": b"a", "email.subject": b"b"}, "given twice"),
        ({"email.mjml": b"\xff"}, "not UTF-8"),
        ({"email.html": b"x", "cup.png": b"\x89PNG"}, "run posthouse uploads add cup.png"),
        ({"email.html": b"x", "cup.png": b"x" * 1_048_577}, "1,048,577 bytes: make it smaller"),
        ({"template.toml": b""}, "is missing"),
        ({"email.en.mjml": MJML, "subject.de.txt": b"x"}, "no such file"),
    ],
)
def test_what_is_wrong_is_told_with_its_file(files: dict[str, bytes], told: str) -> None:
    """Which file, which field, and what was probably meant."""
    with pytest.raises(TemplateProblemsError) as refused:
        read_folder(files, "k")
    assert any(told in problem.detail for problem in refused.value.fields), refused.value.fields


def test_a_folder_of_folders_is_many_templates() -> None:
    """Push takes both."""
    tree = {"a/email.mjml": MJML, "b/c/email.mjml": MJML, "b/notes.md": b"x"}
    assert [source.key for source in read_tree(tree)] == ["a", "c"]
    assert [source.key for source in read_tree({"email.mjml": MJML}, "own")] == ["own"]
    with pytest.raises(TemplateProblemsError, match="no template here"):
        read_tree({"x/notes.md": b""})


def test_a_case_may_be_called_as_a_variant_is() -> None:
    """``tests/push.json`` is a case of the template above, not a template that is called tests."""
    case = b'{"expect": {"contains": ["Hi"]}}'
    (source,) = read_tree({"a/email.mjml": MJML, "a/tests/push.json": case})
    assert [one.name for one in source.tests] == ["push"]
    assert [one.key for one in read_tree({"tests/email.mjml": MJML})] == ["tests"]


def test_a_case_may_be_called_like_a_variant() -> None:
    """tests/push.json is a case, not a template without a name."""
    case = b'{"expect": {"contains": ["x"]}}'
    sources = read_tree({"a/email.mjml": MJML, "a/tests/push.json": case, "a/tests/whatsapp.json": case})
    assert [(source.key, [one.name for one in source.tests]) for source in sources] == [("a", ["push", "whatsapp"])]
    assert [one.name for one in read_tree({"email.mjml": MJML, "tests/push.json": case}, "own")[0].tests] == ["push"]


async def test_every_example_publishes_without_a_warning(service: TemplateService) -> None:
    """The shop's templates are what people copy first."""
    files = {str(path.relative_to(EXAMPLES)): path.read_bytes() for path in EXAMPLES.rglob("*") if path.is_file()}
    sources = read_tree(files)
    assert len(sources) == 9
    for source in sources:
        pushed = await service.push(b"w" * 16, source, publish=True)
        assert (pushed.version, pushed.warnings) == (1, ())
        for variant in source.variants:
            preview = await service.render(b"w" * 16, source.key, locale=variant.locale)
            assert preview.rendered.subject
            assert "{" not in preview.rendered.text


@pytest.mark.parametrize("tag", ["a\\u0000", "a\\nb", "", "x" * 65])
def test_a_tag_that_no_store_could_keep_is_refused(tag: str) -> None:
    """PostgreSQL has no NUL: every message of the template would fail, and those that shared its commit."""
    with pytest.raises(TemplateProblemsError, match="tags must be"):
        read_folder({"template.toml": f'tags = ["{tag}"]'.encode(), "email.mjml": MJML}, "k")
