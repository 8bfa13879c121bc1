"""``posthouse templates test``: a folder without a store, a key with one, golden files, exit codes for CI."""

import json
from pathlib import Path

from tests.unit.cli.conftest import Run

ROOT = Path(__file__).parents[3]


def folder(base: Path, expect: dict) -> Path:
    made = base / "templates" / "welcome"
    (made / "tests").mkdir(parents=True)
    (made / "template.toml").write_text('subject = "Welcome"\n')
    (made / "email.en.html").write_text("<p>Hello {{ name }}</p>\n")
    (made / "sample.json").write_text('{"name": "Ann"}')
    (made / "tests" / "first.json").write_text(json.dumps({"expect": expect}))
    return made.parent


def test_the_examples_hold(run: Run) -> None:
    """No store, no settings."""
    told = run("templates", "test", ROOT / "examples" / "templates")
    assert told.code == 0, told.out + told.err
    assert "one-time-code/tests/shown.json (email.en): passed" in told.out


def test_a_failure_ends_with_code_1_and_stops_publishing(tmp_path: Path, run: Run) -> None:
    """Machines get the case, the place and the reason."""
    templates = folder(tmp_path, {"contains": ["Hello Bob"]})
    told = run("templates", "test", templates, "--json")
    assert told.code == 1
    (found,) = json.loads(told.out)
    assert (found["key"], found["case"], found["passed"]) == ("welcome", "first", False)
    assert found["failures"][0]["pointer"] == "/expect/contains/0"
    assert "'Hello Bob' is not seen in the text; there is 'Hello Ann'" in run("templates", "test", templates).out


def test_golden_files_are_written_when_asked(tmp_path: Path, run: Run) -> None:
    """And compared from then on."""
    templates = folder(tmp_path, {"golden": True})
    assert run("templates", "test", templates).code == 1
    assert run("templates", "test", templates, "--update-golden").code == 0
    kept = templates / "welcome" / "tests" / "first.golden.txt"
    assert kept.read_text() == "Subject: Welcome\n\nHello Ann\n"
    assert run("templates", "test", templates).code == 0
    (templates / "welcome" / "email.en.html").write_text("<p>Hallo {{ name }}</p>\n")
    told = run("templates", "test", templates)
    assert told.code == 1
    assert "first.golden.txt:3 was 'Hello Ann', now 'Hallo Ann'" in told.out
