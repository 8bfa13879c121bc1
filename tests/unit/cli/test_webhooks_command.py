"""``posthouse webhooks change``."""

from pathlib import Path

from tests.unit.cli.conftest import Run

from posthouse.core.kernel import ids


def test_what_is_given_is_replaced(run: Run, house: Path) -> None:
    """As PATCH does: what is left out stays; all types and templates again; what contradicts itself or says nothing is refused."""
    url = "https://shop.example/hooks"
    made = run(
        *("webhooks", "add", "shop", "--url", url, "--type", "message.bounced", "--template", "hello"),
        "--data",
        house,
        "--json",
    ).json
    change = ("webhooks", "change", "shop", "--data", house)
    changed = run(*change, "--type", "message.clicked", "--type", "message.opened", "--json").json
    assert (changed["types"], changed["templates"], changed["url"]) == (
        ["message.opened", "message.clicked"], ["hello"], url,
    )  # fmt: skip
    assert (changed["cursor"], changed["id"]) == (made["cursor"], made["id"])
    changed = run(*change, "--all-types", "--all-templates", "--url", url + "/new", "--description", "x", "--json").json
    assert (changed["types"], changed["templates"], changed["url"]) == ([], [], url + "/new")
    assert "https://shop.example/hooks/new" in run(*change, "--description", "y").out
    for words, told in (
        ((), "say what to change"),
        (("--type", "message.opened", "--all-types"), "either which ones or all"),
        (("--type", "message.opend"), "message.opened"),
        (("--url", "http://10.0.0.1/"), "url"),
    ):
        wrong = run(*change, *words)
        assert wrong.code == 2, words
        assert told in wrong.err
    nobody = ids.show(ids.ATTEMPT, b"\x01" * 16)
    assert run("webhooks", "deliveries", "shop", "--before", nobody, "--data", house, "--json").json == []
