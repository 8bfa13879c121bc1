"""``posthouse stats``: what was accepted from the command line is counted and shown."""

from pathlib import Path

from tests.unit.cli.conftest import Run


def test_numbers_tables_and_bars(run: Run, house: Path) -> None:
    """Counted again from the events, shown by template, over time and as a funnel; as JSON, and with bars for people."""
    for name in ("ann", "ben", "cid"):
        sent = run("send", "hello", "--to", f"{name}@gmail.com", "--var", f"name={name}", "--data", house, "--json")
        assert sent.code == 0, sent.out + sent.err
    assert run("stats", "--data", house, "--json").json["total"]["values"]["accepted"] == 0
    assert run("stats", "recompute", "--data", house, "--json").json == {"events": 3, "edition": 1}
    table = run("stats", "--data", house, "--json").json
    assert [(item["dims"], item["values"]["accepted"]) for item in table["items"]] == [({"template": "hello"}, 3)]
    shown = run("stats", "--by", "domain,lane", "--since", "7d", "--data", house).out
    assert shown.startswith("mailbox provider  lane")
    assert [line.split()[:3] for line in shown.splitlines()[1:]] == [["gmail", "normal", "█" * 28], ["total", "3", "0"]]
    series = run("stats", "series", "--previous", "--metrics", "accepted", "--data", house).out.splitlines()
    assert len(series) == 31
    assert series[-1].split()[1:] == ["█" * 28, "3", "0"]
    funnel = run("stats", "funnel", "--data", house).out.splitlines()
    assert [line.split()[0] for line in funnel[1:]] == [
        "accepted",
        "sent",
        "delivered",
        "opened",
        "clicked",
        "converted",
    ]
    assert "open_rate" in run("stats", "metrics").out


def test_what_is_wrong_is_said(run: Run, house: Path) -> None:
    """In one sentence, with what to write."""
    for words, said in (
        (("--where", "templte=x"), "did you mean 'template'"),
        (("--mode", "both"), "live, test or all"),
        (("--metrics", "opend"), "did you mean 'opened'"),
        (("--since", "7x"), "2027-01-31"),
    ):
        ran = run("stats", *words, "--data", house)
        assert ran.code != 0
        assert said in ran.err
