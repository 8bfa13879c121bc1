"""``posthouse retention``."""

from pathlib import Path

from tests.unit.cli.conftest import Run


def test_rules_are_set_one_by_one(house: Path, run: Run) -> None:
    """What is not said stays; a rule that is removed gives way to the default; wrong words are told."""
    assert run("retention", "set", "--content-days", "90", "--event-days", "400", "--data", house).code == 0
    run("retention", "set", "--class", "security", "--content-days", "7", "--addresses", "erase", "--data", house)
    shown = run("retention", "show", "--data", house, "--json").json
    assert shown["default"] == {"content_days": 90, "event_days": 400, "addresses": "hash"}
    assert shown["classes"] == {"security": {"content_days": 7, "event_days": None, "addresses": "erase"}}
    run("retention", "set", "--event-days", "never", "--data", house)
    assert run("retention", "set", "--class", "security", "--remove", "--data", house, "--json").json == {
        "default": {"content_days": 90, "event_days": None, "addresses": "hash"}, "classes": {},
    }  # fmt: skip
    for wrong in (["--class", "none", "--remove"], ["--content-days", "soon"], ["--addresses", "keep"], []):
        assert run("retention", "set", *wrong, "--data", house).code == 2, wrong
    assert run("retention", "run", "--dry-run", "--data", house, "--json").json == []
    assert run("retention", "run", "--data", house, "--json").json["messages"] == 0
