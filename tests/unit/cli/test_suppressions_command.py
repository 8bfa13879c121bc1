"""`posthouse suppressions`."""

from pathlib import Path

from tests.unit.cli.conftest import Run

ANN = "ann@customer.example"


def test_add_check_remove(house: Path, run: Run) -> None:
    """A suppressed address is told so at the door, and may be written to after the removal; the history tells of both."""
    assert run("suppressions", "check", ANN, "--data", house).out.strip().endswith("may be written to")
    added = run("suppressions", "add", ANN, "--note", "on the phone", "--data", house, "--json")
    assert added.json["reason"] == "manual"
    checked = run("suppressions", "check", "Ann@customer.example", "--data", house)
    assert "Ann@customer.example: no messages: manual" in checked.out
    assert "on the phone" in checked.out
    sent = run("send", "hello", "--to", ANN, "--var", "name=Ann", "--data", house, "--json")
    assert sent.json["status"] == "suppressed"
    assert sent.json["suppression"]["id"] == added.json["id"]
    assert run("suppressions", "remove", ANN, "--data", house).out.strip() == "1 removed"
    assert "was not suppressed" in run("suppressions", "remove", ANN, "--data", house).out
    history = run("suppressions", "check", ANN, "--data", house, "--json").json["history"]
    assert [line["action"] for line in history] == ["removed", "added"]
    assert history[0]["suppression"]["source"] == "command line"
    sent = run("send", "hello", "--to", ANN, "--var", "name=Ann", "--data", house, "--json")
    assert sent.json["status"] == "queued"


def test_import_list_export(house: Path, run: Run, tmp_path: Path) -> None:
    """A table goes in, is listed, and comes out as it went in."""
    table = tmp_path / "list.csv"
    table.write_text("address,reason\nann@customer.example,complaint\nnobody,manual\n")
    done = run("suppressions", "import", table, "--data", house)
    assert "1 added, 0 were there already, 1 refused" in done.out
    assert "line 3" in done.out
    listed = run("suppressions", "list", "--reason", "complaint", "--data", house, "--json").json
    assert [item["address"] for item in listed["items"]] == [ANN]
    out = run("suppressions", "export", "--data", house).out
    assert out.splitlines()[1].startswith("ann@customer.example,email,all,complaint,")
    again = run("suppressions", "import", "-", "--data", house, stdin=out)
    assert "0 added, 1 were there already, 0 refused" in again.out
    item = listed["items"][0]["id"]
    assert run("suppressions", "remove", item, "--data", house).out.strip() == "1 removed"


def test_words_that_are_none(house: Path, run: Run) -> None:
    """Wrong words are told with the right ones."""
    for words in (("--reason", "whim"), ("--category", "some"), ("--channel", "fax")):
        ran = run("suppressions", "list", *words, "--data", house)
        assert ran.code != 0
        assert "is none of" in ran.err
    assert "did you mean 'complaint'" in run("suppressions", "list", "--reason", "complant", "--data", house).err
