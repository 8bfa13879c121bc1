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


def test_a_class_without_a_rule_is_told_when_a_template_names_it(house: Path, run: Run) -> None:
    """As a warning, with the nearest class: the rule may come later. Nothing is said where no class has a rule, or this one has."""
    settings = house.parent / "hello" / "template.toml"
    settings.write_text(settings.read_text() + 'retention = "securty"\n')

    def warned() -> list[str]:
        (told,) = run("templates", "push", house.parent / "hello", "--dry-run", "--data", house, "--json").json
        return [one["detail"] for one in told["warnings"] if "class" in one["detail"]]

    assert warned() == []
    run("retention", "set", "--class", "security", "--content-days", "7", "--data", house)
    assert warned() == ["no rule is set for the class 'securty', so the default holds; did you mean 'security'?"]
    assert "did you mean 'security'" in run("retention", "set", "--class", "securty", "--remove", "--data", house).err
    run("retention", "set", "--class", "securty", "--content-days", "7", "--data", house)
    assert warned() == []
