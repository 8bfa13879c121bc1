"""``posthouse tracking``."""

from pathlib import Path

from tests.unit.cli.conftest import Run


def test_from_nothing_to_a_host(house: Path, run: Run) -> None:
    """Nothing is noticed until it is said; the host must lead here, unless somebody says that it does."""
    shown = run("tracking", "show", "--data", house, "--json").json
    assert (shown["opens"], shown["hosts"]) == (False, {"shop.example": ""})
    assert run("tracking", "host", "shop.example", "https://links.shop.example", "--data", house).code == 2
    url = "https://links.shop.example"
    told = run("tracking", "host", "shop.example", url, "--unchecked", "--data", house, "--json")
    assert told.json["tracking_url"] == url
    assert run("tracking", "set", "--opens", "--no-clicks", "--data", house, "--json").json["opens"] is True
    assert url in run("tracking", "show", "--data", house).out
    assert run("tracking", "host", "shop.example", "off", "--data", house, "--json").json["tracking_url"] == ""
    assert run("tracking", "set", "--data", house).code == 2


def test_figures(house: Path, run: Run) -> None:
    """Nothing came back yet; a recount finds nothing to tell again."""
    assert "nothing came back yet" in run("tracking", "shares", "--data", house).err
    assert run("tracking", "shares", "--template", "none", "--data", house).code == 3
    assert run("tracking", "recount", "--data", house, "--json").json == {
        "messages": 0, "hits": 0, "changed": 0, "rules": 1,
    }  # fmt: skip
