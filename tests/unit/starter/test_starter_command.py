"""``posthouse starter``: a new workspace gets templates; what a person changed is never overwritten."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Run, furnished, house, run  # noqa: F401 (fixtures)

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.starter import Brand, branded, own_brand

ORDER = ("starter", "push", "--only", "order-confirmation")


@pytest.fixture
def posthouse(run: Run, house: Path) -> Any:  # noqa: F811 (fixtures)
    def call(*given: object, code: int = 0) -> Any:
        ran = run(*given, "--data", house, "--json")
        assert ran.code == code, ran.err
        return json.loads(ran.out or ran.err)

    return call


def test_a_workspace_gets_what_it_chose(posthouse: Any) -> None:
    """With header, footer and theme, live, in the company's own words and language."""
    done = posthouse(
        *ORDER,
        "--publish",
        "--name",
        "Acme & Sons",
        "--domain",
        "Acme.example",
        "--address",
        "1 High Street",
        "--locale",
        "fr",
    )
    assert [(one["kind"], one["key"], one["version"]) for one in done] == [
        ("theme", "brand", 1),
        ("block", "footer", 1),
        ("block", "header", 1),
        ("template", "order-confirmation", 1),
    ]
    rendered = posthouse("templates", "render", "order-confirmation")
    assert rendered["subject"] == "Votre commande FO-10482"
    assert "https://acme.example/" in rendered["html"]
    assert "Acme &amp; Sons" in rendered["html"]
    assert "1 High Street" in rendered["text"]
    assert "Fern" not in rendered["html"]
    assert "shop.example" not in rendered["html"]


def test_the_same_again_changes_nothing(posthouse: Any) -> None:
    """Neither a draft nor a version."""
    posthouse(*ORDER)
    assert not any(one["changed"] for one in posthouse(*ORDER))
    assert all(one["version"] == 1 for one in posthouse(*ORDER, "--publish"))
    assert not any(one["changed"] for one in posthouse(*ORDER, "--publish"))


def test_what_a_person_changed_stays(posthouse: Any, tmp_path: Path) -> None:
    """A footer of one's own is used, a draft being worked on is neither overwritten nor published."""
    footer = tmp_path / "footer.json"
    footer.write_text('{"name": "F", "blocks": [{"type": "text", "id": "a", "text": {"en": "Our own footer"}}]}')
    posthouse("blocks", "save", "footer", footer)
    posthouse("blocks", "publish", "footer")
    posthouse(*ORDER)
    posthouse("templates", "pull", tmp_path / "mine", "order-confirmation")
    document = tmp_path / "mine" / "order-confirmation" / "email.json"
    document.write_text(document.read_text().replace("Thank you for your order", "Thanks a lot"))
    posthouse("templates", "push", tmp_path / "mine" / "order-confirmation")
    done = {one["key"]: one for one in posthouse(*ORDER, "--publish")}
    assert done["order-confirmation"] == {
        "kind": "template",
        "key": "order-confirmation",
        "version": 0,
        "changed": False,
    }
    assert done["footer"]["changed"] is False
    posthouse("templates", "publish", "order-confirmation")
    html = posthouse("templates", "render", "order-confirmation")["html"]
    assert "Our own footer" in html
    assert "Thanks a lot" in html


def test_a_slip_is_answered(posthouse: Any) -> None:
    """The nearest key, the languages that there are."""
    assert (
        "did you mean 'order-confirmation'"
        in posthouse("starter", "push", "--only", "order-confirmatoin", code=3)["detail"]
    )
    assert "it speaks en, es, fr, ru" in posthouse(*ORDER, "--locale", "de", code=3)["detail"]
    assert "write it like shop.example" in posthouse(*ORDER, "--domain", "https://acme.example/", code=2)["detail"]


def test_the_list_needs_no_store(run: Run, tmp_path: Path) -> None:  # noqa: F811 (fixtures)
    """What there is, with channels."""
    listed = run("starter", "list", "--json", "--data", tmp_path / "nothing").json
    (found,) = [one for one in listed if one["key"] == "order-confirmation"]
    assert found["channels"] == ["email", "push"]
    assert found["locales"] == ["en", "es", "fr", "ru"]


@pytest.mark.parametrize("name", ['A "quoted" one', "A {{ name }}", "<b>A</b>", "A\nB", "back\\slash"])
def test_a_name_that_would_need_escaping_is_refused(name: str) -> None:
    """It stands in JSON, in TOML and in HTML."""
    with pytest.raises(ValidationError, match="must be one line"):
        own_brand(Brand("Fern & Oak", "shop.example", "Quay Street"), name, None, None)


def test_words_are_exchanged_once() -> None:
    """A company that is called like the sample's domain is not exchanged again."""
    sample, own = (
        Brand("Fern & Oak", "shop.example", "Fern & Oak Ltd"),
        Brand("shop.example", "a.example", "Fern & Oak"),
    )
    made = branded({"a": b"Fern & Oak Ltd, Fern & Oak, shop.example"}, sample, own)
    assert made == {"a": b"Fern & Oak, shop.example, a.example"}
