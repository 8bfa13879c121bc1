"""Templates as code: pull, push, diff on a folder."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Run

FOOTER = '{"name": "Footer", "blocks": [{"type": "divider", "id": "line"}]}'


class Posthouse:
    """`posthouse … --json` on one house."""

    def __init__(self, run: Run, data: Path) -> None:
        self._run, self._data = run, data

    def __call__(self, *words: object, code: int = 0) -> Any:
        ran = self._run(*words, "--data", self._data, "--json")
        assert ran.code == code, ran.err
        return json.loads(ran.out or "null")


@pytest.fixture
def posthouse(run: Run, house: Path) -> Posthouse:
    made = Posthouse(run, house)
    made("templates", "archive", "hello")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A template, and a footer beside it."""
    held = tmp_path / "templates"
    (held / "welcome").mkdir(parents=True)
    (held / "welcome" / "template.toml").write_text('name = "Welcome"\nsubject = "Hello"\n')
    (held / "welcome" / "email.en.html").write_text("<p>Good to have you.</p>")
    (held / "blocks").mkdir()
    (held / "blocks" / "footer.json").write_text(FOOTER)
    return held


def test_there_and_back(posthouse: Posthouse, folder: Path, tmp_path: Path) -> None:
    """What was pushed is pulled; pushed again and pulled again it changes nothing, and there is no difference."""
    dry = posthouse("templates", "push", str(folder), "--publish", "--dry-run")
    assert [one["changed"] for one in dry] == [True, True]
    assert [one["key"] for one in posthouse("templates", "list")] == ["hello"]
    posthouse("templates", "push", str(folder), "--publish")
    home = tmp_path / "home"
    first = posthouse("templates", "pull", str(home), "welcome")
    assert first["files"] == ["welcome/email.en.html", "welcome/template.toml"]
    everything = posthouse("templates", "pull", str(home))["files"]
    assert {"blocks/footer.json", "welcome/email.en.html", "hello/template.toml"} <= set(everything)
    posthouse("templates", "unarchive", "hello")
    again = posthouse("templates", "push", str(home), "--publish")
    assert [one["changed"] for one in again] == [False, False, False]
    assert posthouse("templates", "pull", str(home))["changed"] == {}
    assert posthouse("templates", "diff", str(home)) == []


def test_no_difference_is_said(run: Run, house: Path) -> None:
    """People get a sentence, not an empty line."""
    ran = run("templates", "diff", "hello", "--data", house)
    assert (ran.code, ran.out) == (0, "nothing differs\n"), ran.err


def test_one_template_brings_what_it_uses(posthouse: Posthouse, folder: Path, tmp_path: Path) -> None:
    """A template alone could be neither looked over nor tested: its blocks and its theme come with it, other ones do not."""
    document = {
        "version": 1,
        "subject": {"en": "Hi"},
        "blocks": [{"type": "shared", "id": "end", "key": "footer"}],
    }
    (folder / "welcome" / "template.toml").write_text('name = "Welcome"\n')
    (folder / "welcome" / "email.en.html").unlink()
    (folder / "welcome" / "email.json").write_text(json.dumps(document))
    (folder / "blocks" / "other.json").write_text(FOOTER)
    (folder / "themes").mkdir()
    for name, default in (("night", False), ("day", True)):
        theme = {"name": name, "tokens": {}, **({"default": True} if default else {})}
        (folder / "themes" / f"{name}.json").write_text(json.dumps(theme))
    posthouse("templates", "push", str(folder), "--publish")
    home = tmp_path / "home"
    pulled = posthouse("templates", "pull", str(home), "welcome")["files"]
    assert pulled == ["blocks/footer.json", "themes/day.json", "welcome/email.json", "welcome/template.toml"]
    posthouse("templates", "lint", str(home))


def test_what_a_push_would_change(posthouse: Posthouse, folder: Path) -> None:
    """Code 1, with the file and the lines; files that a template no longer has are taken away by a pull, others are not."""
    posthouse("templates", "push", str(folder), "--publish")
    (folder / "welcome" / "email.en.html").write_text("<p>Welcome.</p>")
    (folder / "welcome" / "email.en.txt").write_text("Welcome.")
    (folder / "welcome" / "README.md").write_text("mine")
    differs = posthouse("templates", "diff", str(folder), code=1)
    assert [one["file"] for one in differs] == ["email.en.html", "email.en.txt"]
    assert "+<p>Welcome.</p>" in differs[0]["diff"]
    changed = posthouse("templates", "pull", str(folder))["changed"]
    assert changed["welcome/email.en.html"] == "changed"
    assert changed["welcome/email.en.txt"] == "gone"
    assert (folder / "welcome" / "README.md").exists()


def test_versions_on_the_command_line(posthouse: Posthouse, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compared, rolled back, copied, put away; versions are a template's, whatever folder lies where one stands."""
    monkeypatch.chdir(folder)
    posthouse("templates", "push", str(folder), "--publish")
    (folder / "welcome" / "email.en.html").write_text("<p>Welcome.</p>")
    posthouse("templates", "push", str(folder), "--publish")
    differs = posthouse("templates", "diff", "welcome", "--from", "1", "--to", "2", "--rendered", code=1)
    assert "email.en.html" in [one["file"] for one in differs]
    assert posthouse("templates", "rollback", "welcome", "1")["version"] == 1
    posthouse("templates", "duplicate", "welcome", "copy")
    posthouse("templates", "archive", "welcome")
    listed = {one["key"]: one["archived"] for one in posthouse("templates", "list")}
    assert listed == {"copy": False, "hello": True, "welcome": True}
    assert posthouse("templates", "unarchive", "welcome")["version"] == 1


def test_the_library_on_the_command_line(posthouse: Posthouse, folder: Path) -> None:
    """Saved, looked at, published, undone, removed."""
    posthouse("blocks", "save", "footer", str(folder / "blocks" / "footer.json"))
    assert posthouse("blocks", "impact", "footer", "--details")["templates"] == []
    published = posthouse("blocks", "publish", "footer")
    assert (published["state"], published["version"]) == ("done", 1)
    assert posthouse("blocks", "publish", "footer")["changed"] is False
    assert posthouse("blocks", "versions", "footer")[0]["live"] is True
    assert posthouse("publications", "undo", published["id"])["state"] == "undone"
    assert posthouse("blocks", "show", "footer")["version"] == 0
    posthouse("blocks", "remove", "footer")
    assert posthouse("blocks", "list") == []
    posthouse("blocks", "show", "footer", code=3)


def test_a_roll_out_on_the_command_line(posthouse: Posthouse, folder: Path) -> None:
    """Published for a share, raised, completed; wishes that contradict each other are refused."""
    posthouse("templates", "push", str(folder), "--publish")
    (folder / "welcome" / "email.en.html").write_text("<p>Welcome.</p>")
    posthouse("templates", "push", str(folder), "--percent", "10", code=2)
    pushed = posthouse("templates", "push", str(folder), "--publish", "--percent", "10")
    begun = next(one for one in pushed if one["key"] == "welcome")
    assert (begun["version"], begun["rollout"]["version"], begun["rollout"]["percent"]) == (1, 2, 10)
    compared = posthouse("templates", "rollout", "welcome")["comparison"]
    assert next((one["name"], one["says"]) for one in compared["rates"]) == ("bounce_rate", "too-few")
    assert posthouse("templates", "rollout", "welcome", "--percent", "60")["rollout"]["percent"] == 60
    assert posthouse("templates", "rollout", "welcome")["rollout"]["version"] == 2
    posthouse("templates", "rollout", "welcome", "--complete", "--back", code=2)
    whole = posthouse("templates", "rollout", "welcome", "--complete")
    assert (whole["version"], whole["rollout"]) == (2, None)
    posthouse("templates", "rollout", "welcome", "--percent", "20", "--version", "1")
    assert posthouse("templates", "rollout", "welcome", "--back")["rollout"] is None


def broken(folder: Path) -> None:
    """Beside the sound one: a source that cannot be compiled, settings that cannot be read, a key that is taken."""
    files = {
        "orders/template.toml": 'subject = "Order"\n',
        "orders/email.en.html": "<p>One</p>\n<p>{{ two</p>",
        "orders/sms.en.txt": "{{ three",
        "orders/push.en.json": '{"title": "Order", "body": "{{ four }}"}',
        "refunds/template.toml": "name = ",
        "refunds/email.en.html": "<p>Refund</p>",
        "welcome-too/template.toml": 'key = "welcome"\nsubject = "Hello"\n',
        "welcome-too/email.en.html": "<p>Hello</p>",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)


def test_everything_wrong_is_told_and_nothing_is_pushed(posthouse: Posthouse, folder: Path) -> None:
    """By template, file and line; not even the library is kept."""
    broken(folder)
    told = posthouse("templates", "push", str(folder), "--publish", code=2)
    assert [(one["template"], one["file"], one["line"]) for one in told["fields"]] == [
        ("refunds", "template.toml", 0),
        ("welcome-too", "template.toml", 0),
        ("orders", "email.en.html", 2),
        ("orders", "sample.json", 0),
        ("orders", "sms.en.txt", 1),
    ]
    assert told["detail"].startswith("3 of 5 have problems, and nothing was pushed: refunds, welcome-too, orders")
    assert [one["key"] for one in posthouse("templates", "list")] == ["hello"]
    assert posthouse("blocks", "list") == []
    assert posthouse("templates", "push", str(folder), "--dry-run", code=2)["fields"] == told["fields"]


def test_keeping_on(run: Run, posthouse: Posthouse, house: Path, folder: Path) -> None:
    """The sound ones are pushed, the others told; code 1 says that there were some. A library with a problem stops it all."""
    broken(folder)
    pushed = posthouse("templates", "push", str(folder), "--publish", "--keep-going", code=1)
    assert [(one["key"], one["changed"], len(one["problems"])) for one in pushed] == [
        ("footer", True, 0),
        ("welcome", True, 0),
        ("refunds", False, 1),
        ("welcome-too", False, 1),
        ("orders", False, 3),
    ]
    shown = run("templates", "push", folder, "--publish", "--keep-going", "--data", house)
    assert shown.out.splitlines()[:3] == ["block footer: unchanged", "welcome: unchanged", "refunds: not pushed"]
    assert "  orders/email.en.html:2: the tag that starts here is never closed with }}" in shown.err
    (folder / "blocks" / "header.json").write_text("{}")
    refused = posthouse("templates", "push", str(folder), "--keep-going", code=2)
    assert "blocks/header.json:1: object missing required field" in str(refused["fields"][0]["detail"])


def test_a_template_is_proved_with_the_blocks_beside_it(posthouse: Posthouse, folder: Path) -> None:
    """A dry run of both finds them; what the library has already is not taken for it while it is live."""
    document = {"version": 1, "subject": {"en": "Hi"}, "blocks": [{"type": "shared", "id": "end", "key": "footer"}]}
    (folder / "bye").mkdir()
    (folder / "bye" / "email.json").write_text(json.dumps(document))
    assert [one["changed"] for one in posthouse("templates", "push", str(folder), "--dry-run")] == [True, True, True]
    posthouse("templates", "push", str(folder), "--publish")
    asking = {"type": "heading", "id": "h", "text": {"en": "{{ shop }}"}}
    (folder / "blocks" / "footer.json").write_text(
        json.dumps({"name": "F", "blocks": [asking], "sample": {"shop": "S"}})
    )
    told = posthouse("templates", "push", str(folder), "--publish", code=2)
    assert "shop" in told["detail"]
    assert [one["version"] for one in posthouse("blocks", "list")] == [1]


def test_an_impact_tells_channels_apart(run: Run, posthouse: Posthouse, house: Path, folder: Path) -> None:
    """An English mail and an English SMS are two variants."""
    document = {"version": 1, "subject": {"en": "Hi"}, "blocks": [{"type": "shared", "id": "end", "key": "footer"}]}
    (folder / "bye").mkdir()
    (folder / "bye" / "email.json").write_text(json.dumps(document))
    (folder / "bye" / "sms.en.txt").write_text("Bye")
    posthouse("templates", "push", str(folder), "--publish")
    told = run("blocks", "impact", "footer", "--data", house).out
    assert [line.split(maxsplit=2) for line in told.splitlines()] == [
        ["template", "version", "variants"],
        ["bye", "1", "email.en, sms.en"],
    ]


def test_a_test_is_sent_to_colleagues(run: Run, posthouse: Posthouse, house: Path, folder: Path) -> None:
    """Of the draft, with the sample; what cannot be sent is told beside the others, code 1."""
    (folder / "welcome" / "template.toml").write_text('subject = "Hello {{ name }}"\nfrom = "a@shop.example"\n')
    (folder / "welcome" / "sample.json").write_text('{"name": "Ann"}')
    posthouse("templates", "push", str(folder))
    sent = posthouse("templates", "send-test", "welcome", "--to", "ann@shop.example", "--to", "nobody", code=1)
    assert (sent["results"][0]["problem"], sent["results"][1]["id"]) == ("", None)
    (kept,) = posthouse("messages", "list")["items"]
    assert (kept["id"], kept["tags"]) == (sent["results"][0]["id"], ["posthouse:test"])
    assert "[test] Hello Ann" in posthouse("messages", "content", kept["id"])["subject"]
