"""``posthouse templates lint``: a folder without a store, a key with one, exit codes for CI."""

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

ROOT = Path(__file__).parents[3]


def folder(base: Path, body: str) -> Path:
    made = base / "templates" / "welcome"
    made.mkdir(parents=True)
    (made / "template.toml").write_text('subject = "Welcome"\n')
    (made / "email.en.html").write_text(f'<div style="display:none">About it</div>\n{body}\n')
    return made.parent


def test_the_examples_are_clean(run: Run) -> None:
    """No store, no settings; the strict form passes."""
    told = run("templates", "lint", ROOT / "examples" / "templates", "--strict")
    assert told.code == 0, told.out + told.err


def test_warnings_fail_only_when_asked(tmp_path: Path, run: Run) -> None:
    """With rule, file, line and what to do."""
    templates = folder(tmp_path, '<a href="http://shop.org/">Shop</a>')
    assert run("templates", "lint", templates).code == 0
    told = run("templates", "lint", templates, "--strict", "--json")
    assert told.code == 1
    found = next(one for one in json.loads(told.out) if one["rule"] == "link-http")
    assert (found["key"], found["file"], found["line"], found["severity"]) == ("welcome", "email.en.html", 2, "warning")
    assert found["fix"] == "Write https://."


def test_errors_always_fail(tmp_path: Path, run: Run) -> None:
    """Also those for which the folder cannot even be read, beside the findings of others."""
    templates = folder(tmp_path, "{{ a.b() }}")
    (templates / "broken").mkdir()
    (templates / "broken" / "template.toml").write_text("subjekt = 1")
    told = run("templates", "lint", templates)
    assert told.code == 1
    assert "welcome/email.en.html:2: error cannot-publish" in told.out
    assert "broken/template.toml: error cannot-publish: the field 'subjekt' is unknown" in told.out


@pytest.mark.parametrize(
    "words", [("lint",), ("test",), ("diff",), ("translations",), ("translations", "--export", "de.xlf", "--to", "de")]
)
def test_what_is_neither_a_folder_nor_a_key_is_told_as_both(
    words: tuple[str, ...], house: Path, tmp_path: Path, run: Run
) -> None:
    """With an installation, where the key is looked up, and without one."""
    command, *more = words
    for data, code, said in (
        (house, 3, "There is no template 'nowhere'"),
        (tmp_path / "none", 2, "there is no master key"),
    ):
        told = run("templates", command, "nowhere", *more, "--data", data)
        assert (told.code, "There is no folder 'nowhere'" in told.err, said in told.err) == (code, True, True)
    assert "is no folder" in run("templates", "push", "nowhere", "--data", tmp_path / "none").err


def test_images_of_other_hosts_are_asked_for_when_wanted(tmp_path: Path, run: Run) -> None:
    """Without ``--online`` it is said that nobody looked; with it, that inside addresses are not asked. Uploads are their workspace's."""
    templates = folder(tmp_path, '<img src="https://10.0.0.1/a.png" alt="A"><img src="cid:cup" alt="Cup">')
    attached = f'[[attachments]]\nkind = "file"\nname = "cup.png"\nupload = "upl_{"a" * 64}-9"\ninline = "cup"\ntype = "image/png"\n'
    (templates / "welcome" / "template.toml").write_text(f'subject = "Welcome"\n{attached}')
    assert "not looked at: 1 image on other hosts" in run("templates", "lint", templates).err
    told = run("templates", "lint", templates, "--online", "--json").json
    found = [one["detail"] for one in told if one["rule"] == "image-unjudged"]
    assert len(found) == 2
    assert "known to its workspace" in found[0]
    assert "no public address" in found[1]
