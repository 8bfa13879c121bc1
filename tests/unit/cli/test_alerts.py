"""``posthouse alerts`` and ``posthouse stats level``."""

from pathlib import Path

from tests.unit.cli.conftest import Run


def test_rules_mutes_and_targets(run: Run, house: Path) -> None:
    """Shown, changed, taken back; a mail about a made-up alert is accepted, and a deaf chat is exit code 1."""
    assert "nobody is told yet" in run("alerts", "rules", "--data", house).out
    told = run(
        "alerts", "tell", "ops", "--email", "ops@shop.example", "--language", "ru", "--data", house, "--json"
    ).json
    assert (told["kind"], told["secret"]) == ("email", None)
    hook = run("alerts", "tell", "crm", "--webhook", "https://crm.invalid/in", "--data", house)
    assert "whsec_" in hook.out
    changed = run("alerts", "set", "bounces", "--threshold", "0.02", "--off", "--data", house, "--json").json
    (bounces,) = [one for one in changed["rules"] if one["kind"] == "bounces"]
    assert (bounces["threshold"], bounces["enabled"]) == (0.02, False)
    muted = run("alerts", "mute", "--subject", "hello", "--until", "12h", "--data", house).out
    assert "muted: hello, until 2" in muted
    assert "muted" not in run("alerts", "unmute", "--subject", "hello", "--data", house).out
    assert run("alerts", "test", "ops", "--data", house, "--json").json == {"taken": True, "error": None}
    assert run("alerts", "untell", "crm", "--data", house).code == 0
    mails = run("messages", "list", "--to", "ops@shop.example", "--data", house, "--json").json["items"]
    assert [one["tags"] for one in mails] == [["posthouse:alert"]]
    assert "no alerts" in run("alerts", "list", "--open", "--data", house).err
    dry = run("alerts", "dry-run", "--days", "1", "--rule", "surge=5", "--rule", "latency=off", "--data", house)
    assert (dry.code, "nothing would have been said" in dry.err) == (0, True)


def test_what_is_wrong_is_said(run: Run, house: Path) -> None:
    """In one sentence, with what to write."""
    for words, said in (
        (("set", "bouncs"), "did you mean 'bounces'"),
        (("tell", "ops"), "--email, --webhook, --chat"),
        (("tell", "ops", "--chat", "http://10.0.0.1/"), "https"),
        (("dry-run", "--rule", "surge=x"), "surge=5"),
        (("test", "none"), "'none'"),
    ):
        ran = run("alerts", *words, "--data", house)
        assert ran.code != 0
        assert said in ran.err


def test_a_service_level(run: Run, house: Path) -> None:
    """Set, listed, removed."""
    assert "no service levels yet" in run("stats", "levels", "--data", house).err
    level = run("stats", "level", "hello", "--share", "95", "--within", "5", "--data", house, "--json").json[0]
    assert (level["template"], level["share"], level["kept"], level["days"]) == ("hello", 0.95, None, 28)
    assert "95 % within 5 s (first-attempt, 28 days)" in run("stats", "levels", "--data", house).out
    assert run("stats", "level", "hello", "--share", "95", "--data", house).code != 0
    assert run("stats", "level", "hello", "--remove", "--data", house).code == 0
    assert run("stats", "level", "hello", "--data", house).code != 0
