"""Kinds of template: a list, a prefix for a company's own, and what was meant."""

import msgspec
import pytest

from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder
from posthouse.core.templates.kinds import KINDS, kind_problem
from posthouse.core.templates.model import TemplateSource, VariantSource


@pytest.mark.parametrize("kind", ["", *KINDS, "x-a", "x-warranty-ends", "x-" + "a" * 62])
def test_known_kinds_and_ones_own_are_taken(kind: str) -> None:
    """As they stand in template.toml."""
    files = {"template.toml": f'kind = "{kind}"'.encode(), "email.en.html": b"<p>Hello</p>"}
    assert read_folder(files, "order").kind == kind


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("order_confirmation", "order-confirmation"),
        ("Order Confirmation", "order-confirmation"),
        ("order-confirmaton", "order-confirmation"),
        ("otp", "one-time-code"),
        ("warranty", "'x-warranty'"),
        ("Гарантия", "'x-own'"),
        ("x-", "small letters"),
        ("X-Warranty", "small letters"),
        ("x-" + "a" * 63, "at most 62"),
    ],
)
def test_other_words_are_refused_with_what_was_meant(kind: str, meant: str) -> None:
    """With the file they stand in."""
    files = {"template.toml": f'kind = "{kind}"'.encode(), "email.en.html": b"<p>Hello</p>"}
    with pytest.raises(TemplateProblemsError) as refused:
        read_folder(files, "order")
    (problem,) = refused.value.fields
    assert (problem.pointer, problem.code) == ("/template.toml", "unknown-kind")
    assert meant in problem.detail
    assert kind_problem(kind) in problem.detail


def test_what_is_stored_already_is_not_judged() -> None:
    """A template of before still loads with the word that it had."""
    kept = msgspec.json.encode(TemplateSource("order", "Order", (VariantSource("email", "en"),), kind="Bestellung"))
    assert msgspec.json.decode(kept, type=TemplateSource).kind == "Bestellung"
