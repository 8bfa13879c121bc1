"""A template written as files and read again is the same template."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.templates.attachments.model import Calendar, Pdf, Qr
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder, read_tree, template_folders
from posthouse.core.templates.folder_writing import written_folder
from posthouse.core.templates.model import (
    LEGAL_BASES,
    Category,
    Sender,
    TemplateSource,
    Tracking,
    UnknownPolicy,
    VariantSource,
)
from posthouse.core.templates.promises import Promise

EXAMPLES = Path(__file__).parents[3] / "examples"


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tree(source: TemplateSource) -> dict[str, bytes]:
    return {f"{source.key}/{name}": content for name, content in written_folder(source).items()}


@pytest.mark.parametrize("folder", ["templates", "templates-as-documents"])
def test_every_example_comes_back(folder: str) -> None:
    """Pulled and pushed again nothing changes, and the files are the same whoever writes them."""
    sources = read_tree(files_in(EXAMPLES / folder))
    assert sources
    for source in sources:
        assert read_tree(tree(source)) == [source]
        assert written_folder(read_tree(tree(source))[0]) == written_folder(source)


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20).map(str.strip)
tags = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8)
emails = st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True)
senders = st.none() | st.builds(Sender, emails, words)
bodies = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(
    lambda text: not text.startswith("\ufeff")
)

declared = (
    st.builds(
        Pdf,
        name=st.just("invoice {{ n }}.pdf"),
        show_if=st.sampled_from(["", 'paid == "yes"']),
        html=st.just({"en": "<p>\n</p>"}),
    )
    | st.builds(Qr, id=st.just("ticket"), data=st.just("{{ code }}\n"), scale=st.integers(1, 20))
    | st.builds(Calendar, uid=st.just("{{ id }}"), start=st.just("{{ day }}"), summary=words, reminder=st.just(60))
)


@given(
    name=words.filter(bool),
    description=words,
    owner=words,
    retention=words,
    legal_basis=st.sampled_from(["", *LEGAL_BASES]),
    review_on=st.dates().map(str) | st.just(""),
    category=st.sampled_from(Category),
    lane=st.sampled_from(["critical", "normal", "bulk"]),
    unknown_policy=st.sampled_from(UnknownPolicy),
    sender=senders,
    reply_to=senders,
    tags=st.lists(tags, max_size=3).map(tuple),
    subject=words,
    html=bodies,
    text=st.none() | bodies,
    sample=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3),
    schema=st.none() | st.just({"type": "object"}),
    tracking=st.builds(Tracking, st.none() | st.booleans(), st.none() | st.booleans()),
    link_parameters=st.dictionaries(
        st.sampled_from(["utm_source", "a.b~c", "x"]), st.sampled_from(["shop", 'é "{{ a }}"'])
    ),
    link_parameters_exclude=st.sampled_from([(), ("*.pay.example", "shop.example/cart*")]),
    service_level=st.none()
    | st.builds(
        Promise, st.floats(0.5, 0.9999), st.floats(0.01, 86_400), st.just("delivered"), st.sampled_from([1, 7, 28])
    ),
    attachments=st.lists(declared, max_size=2).map(tuple),
)
def test_any_settings_come_back(subject: str, html: str, text: str | None, **settings: object) -> None:
    """Quotes, braces, controls, any language: what a field may hold is read as it was written."""
    variants = (
        VariantSource("email", "en", subject, html=html, text=text),
        VariantSource("email", "fr-CA", f"{subject}.", mjml=html),
    )
    source = TemplateSource(key="welcome", variants=variants, **settings)  # type: ignore[arg-type]  # made above
    assert read_folder(written_folder(source), "welcome") == source


def test_the_order_is_for_readers() -> None:
    """Settings as the documentation lists them; what is as usual is left out."""
    source = TemplateSource("welcome", "Welcome", (VariantSource("email", "en", "Hi", html="x"),), tags=("a",))
    assert written_folder(source)["template.toml"].decode() == (
        'name = "Welcome"\ndefault_channel = "email"\ndefault_locale = "en"\ntags = ["a"]\nsubject = { en = "Hi" }\n'
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('legal_basis = "because"', "legal_basis must be one of contract"),
        ('review_on = "soon"', "review_on must be a day"),
        ("review_on = 7", "review_on must be a day"),
        ("owner = 1", "owner must be a text"),
        ("[service_level]\nshare = 95\nseconds = 5", "share: expected .* <= 0.9999"),
        ("[service_level]\nshare = 0.95", "missing required field 'seconds'"),
        ("[service_level]\nshare = 0.95\nseconds = 5\nday = 1", "unknown field 'day'"),
        ("service_level = 5", "for example share = 0.95"),
    ],
)
def test_wrong_settings(line: str, told: str) -> None:
    """Each says what to write."""
    with pytest.raises(TemplateProblemsError, match=told):
        read_folder({"template.toml": line.encode(), "email.en.html": b"x"}, "welcome")


def test_a_day_of_toml_or_text() -> None:
    """Both are the same day."""
    for written in ("2027-03-31", '"2027-03-31"'):
        files = {"template.toml": f"subject = 'x'\nreview_on = {written}".encode(), "email.en.html": b"x"}
        assert read_folder(files, "welcome").review_on == "2027-03-31"


def test_tests_come_back(tmp_path: Path) -> None:
    """Message tests and their golden renderings are files of the folder too."""
    held = template_folders(files_in(EXAMPLES / "templates"))["one-time-code"]
    source = read_folder(held, "one-time-code")
    assert source.tests
    names = {name for name in held if name.startswith("tests/")}
    assert names <= written_folder(source).keys()
    assert msgspec.json.decode(written_folder(source)["tests/shown.json"]) == msgspec.json.decode(
        held["tests/shown.json"]
    )
    assert not list(tmp_path.iterdir())
