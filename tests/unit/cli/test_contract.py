"""The black-box contract for scripts (flags and JSON shapes), and the rest of what commands promise."""

import json
import socket
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

from posthouse.runtime.metrics import Slots


def test_init_answers_with_workspace_and_keys(tmp_path: Path, run: Run) -> None:
    """posthouse init --data DIR --json → {"workspace", "live_key", "test_key"}; files are private."""
    data = tmp_path / "data"
    told = run("init", "--data", data, "--json")
    assert told.code == 0
    assert told.json["workspace"] == "main"
    assert told.json["live_key"].startswith("ph_live_")
    assert told.json["test_key"].startswith("ph_test_")
    assert (data / "secret.key").stat().st_mode & 0o777 == 0o600
    assert (data / "posthouse.toml").stat().st_mode & 0o777 == 0o600


def test_init_never_touches_an_installation(house: Path, run: Run) -> None:
    """A second init changes nothing, says so, and ends with 4."""
    before = {path.name: path.read_bytes() for path in house.glob("secret.key")}
    told = run("init", "--data", house)
    assert told.code == 4
    assert "posthouse keys create" in told.err
    assert before == {path.name: path.read_bytes() for path in house.glob("secret.key")}


def test_init_that_fails_can_be_repeated(tmp_path: Path, run: Run) -> None:
    """After an unreachable database the same folder can be initialised: no half-made installation stays."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"postgresql://posthouse:hunter2@127.0.0.1:{port}/posthouse"
    told = run("init", "--data", tmp_path / "data", "--database", url)
    assert told.code == 5
    assert "hunter2" not in told.err + told.out
    assert not (tmp_path / "data" / "secret.key").exists()
    assert run("init", "--data", tmp_path / "data", "--json").code == 0


def test_a_second_workspace(house: Path, run: Run) -> None:
    """Made with keys of its own, shown once; from then on a command says which; a name is there once."""
    made = run("workspaces", "add", "bank", "--locale", "fr", "--time-zone", "Europe/Paris", "--data", house, "--json")
    assert (made.code, made.json["workspace"]) == (0, "bank")
    assert made.json["live_key"].startswith("ph_live_")
    assert made.json["test_key"].startswith("ph_test_")
    listed = run("workspaces", "list", "--data", house, "--json")
    assert made.json["live_key"] not in listed.out
    assert [(one["workspace"], one["default_locale"], one["time_zone"]) for one in listed.json] == [
        ("main", "en", "UTC"),
        ("bank", "fr", "Europe/Paris"),
    ]
    assert run("workspaces", "add", "bank", "--data", house).code == 4
    assert run("workspaces", "add", "Bank!", "--data", house).code == 2
    told = run("templates", "list", "--data", house)
    assert (told.code, "--workspace: main, bank" in told.err) == (2, True)
    assert run("templates", "list", "--data", house, "--workspace", "bank", "--json").json == []
    main, bank = (run("workspaces", "show", name, "--data", house, "--json").json for name in ("main", "bank"))
    assert (main["domains"], main["providers"], main["templates"]) == (["shop.example"], ["box"], ["hello"])
    assert (bank["keys"], bank["domains"], bank["providers"], bank["templates"]) == (2, [], [], [])


def test_a_workspace_gets_another_name(house: Path, run: Run) -> None:
    """What it has stays; a taken or ill-formed name is refused."""
    assert run("workspaces", "add", "bank", "--data", house).code == 0
    told = run("workspaces", "rename", "main", "shop", "--data", house, "--json")
    assert (told.code, told.json["workspace"]) == (0, "shop")
    assert run("templates", "list", "--data", house, "--workspace", "shop", "--json").json[0]["key"] == "hello"
    assert run("workspaces", "rename", "shop", "bank", "--data", house).code == 4
    assert run("workspaces", "rename", "shop", "Two words", "--data", house).code == 2
    assert run("workspaces", "rename", "main", "x", "--data", house).code == 3


def test_init_makes_a_first_domain(tmp_path: Path, run: Run) -> None:
    """--domain adds it and prints its records."""
    told = run("init", "--data", tmp_path / "data", "--domain", "shop.example", "--json")
    assert told.json["domain"]["name"] == "shop.example"
    assert {record["type"] for record in told.json["domain"]["records"]} >= {"TXT"}


def test_domains_add_verified(house: Path, run: Run) -> None:
    """posthouse domains add NAME --data DIR --verified --json."""
    told = run("domains", "add", "other.example", "--data", house, "--verified", "--json")
    assert (told.code, told.json["name"], told.json["usable"]) == (0, "other.example", True)
    assert all({"name", "type", "value"} <= record.keys() for record in told.json["records"])
    purposes = [record["purpose"] for record in told.json["records"]]
    assert purposes == ["dkim", "dkim", "return-path", "spf", "dmarc", "tracking"]


def test_records_are_printed_as_a_zone_file(house: Path, run: Run) -> None:
    """Nothing to retype: names end with a dot, long texts are split into strings of at most 255."""
    lines = [
        line for line in run("domains", "records", "shop.example", "--data", house).out.splitlines() if " IN " in line
    ]
    assert lines
    for line in lines:
        assert line.split()[0].endswith(".")
        assert all(len(text) <= 255 for text in line.split('"')[1::2])


def test_providers_add_smtp(house: Path, run: Run) -> None:
    """posthouse providers add smtp --name relay --host 127.0.0.1 --port 2525 --tls none --data DIR."""
    words = [
        "providers",
        "add",
        "smtp",
        "--name",
        "relay",
        "--host",
        "127.0.0.1",
        "--port",
        "2525",
        "--tls",
        "none",
        "--data",
    ]
    assert run(*words, house).code == 0
    listed = run("providers", "list", "--data", house, "--json").json
    assert listed[1]["settings"] == {"host": "127.0.0.1", "port": 2525, "tls": "none"}


def test_provider_passwords_are_never_shown(house: Path, tmp_path: Path, run: Run) -> None:
    """The password comes from a file or standard input, and is sealed."""
    words = [
        "providers",
        "add",
        "smtp",
        "--name",
        "relay",
        "--host",
        "mx.example",
        "--user",
        "shop",
        "--password-file",
        "-",
    ]
    assert run(*words, "--data", house, stdin="hunter2\n").code == 0
    told = run("providers", "list", "--data", house, "--json")
    assert told.json[1]["secret"] == "(hidden)"
    assert "hunter2" not in told.out


def test_routes_are_set_and_shown(house: Path, run: Run) -> None:
    """First choice first; a=3,b=1 share by weight; nothing goes back to the default."""
    for name in ("a", "b"):
        run("providers", "add", "sandbox", "--name", name, "--data", house)
    assert run("routes", "set", "a=3,b=1", "box", "--data", house).code == 0
    (route,) = run("routes", "show", "--data", house, "--json").json
    assert [(step["provider"], step["position"], step["weight"]) for step in route["steps"]] == [
        ("a", 0, 3),
        ("b", 0, 1),
        ("box", 1, 1),
    ]
    assert run("routes", "set", "nobody", "--data", house).code == 2


def test_templates_push_publish(house: Path, tmp_path: Path, run: Run) -> None:
    """The same files again change nothing; a changed file makes the next version."""
    folder = tmp_path / "hello"
    (again,) = run("templates", "push", folder, "--data", house, "--publish", "--json").json
    assert (again["key"], again["version"], again["changed"]) == ("hello", 1, False)
    (folder / "email.en.html").write_text("<p>Good day {{ name }}.</p>")
    (changed,) = run("templates", "push", folder, "--data", house, "--publish", "--json").json
    assert (changed["version"], changed["changed"]) == (2, True)
    rendered = run("templates", "render", "hello", "--data", house, "--json").json
    assert (rendered["subject"], rendered["locale"], rendered["variables"]) == ("Hello Ann", "en", ["name"])
    assert "Good day" in rendered["text"]


def test_a_template_is_shown_with_its_settings(house: Path, tmp_path: Path, run: Run) -> None:
    """All that stands in template.toml for those who look after it."""
    settings = (
        'name = "Hello"\nsubject = "Hello {{ name }}"\nlane = "critical"\nowner = "shop team"\nretention = "short"\n'
    )
    settings += 'tags = ["a", "b"]\nreview_on = 2027-03-31\nlegal_basis = "contract"\n'
    (tmp_path / "hello" / "template.toml").write_text(settings)
    assert run("templates", "push", tmp_path / "hello", "--data", house).code == 0
    shown = run("templates", "show", "hello", "--data", house, "--json").json
    named = ("lane", "owner", "legal_basis", "retention", "review_on", "tags")
    assert [shown[name] for name in named] == ["critical", "shop team", "contract", "short", "2027-03-31", ["a", "b"]]
    assert "shop team" in run("templates", "show", "hello", "--data", house).out


def test_versions_are_listed_and_shown(house: Path, tmp_path: Path, run: Run) -> None:
    """Newest first; one of them with its variants; one that never was ends with 3."""
    (tmp_path / "hello" / "email.en.html").write_text("<p>Good day {{ name }}.</p>")
    assert run("templates", "push", tmp_path / "hello", "--data", house, "--publish").code == 0
    listed = run("templates", "versions", "hello", "--data", house, "--json").json
    assert [(one["version"], one["live"], one["variants"]) for one in listed] == [
        (2, True, ["email.en"]),
        (1, False, ["email.en"]),
    ]
    shown = run("templates", "versions", "hello", "1", "--data", house, "--json").json
    assert (shown["version"], shown["live"], shown["variants"][0]["subject"]) == (1, False, "Hello {{ name }}")
    assert run("templates", "versions", "hello", "3", "--data", house).code == 3
    assert run("templates", "versions", "hallo", "--data", house).code == 3


def test_send_show_and_cancel(house: Path, run: Run) -> None:
    """A message sent from the command line can be found, read again and withdrawn."""
    words = ("send", "hello", "--to", "ann@example.com", "--var", "name=Zoé", "--send-at", "2h", "--data", house)
    sent = run(*words, "--json").json
    assert sent["status"] == "scheduled"
    listed = run("messages", "list", "--to", "ann@example.com", "--data", house, "--json").json
    assert [item["id"] for item in listed["items"]] == [sent["id"]]
    assert run("messages", "show", sent["id"], "--data", house, "--json").json["variables"] == {"name": "Zoé"}
    assert run("messages", "content", sent["id"], "--data", house, "--json").json["subject"] == "Hello Zoé"
    assert run("messages", "cancel", sent["id"], "--data", house, "--json").json["status"] == "cancelled"
    told = run("messages", "timeline", sent["id"], "--data", house, "--json").json
    assert [event["type"] for event in told["events"]] == ["message.accepted", "message.cancelled"]
    for what in (sent["id"], "ann@EXAMPLE.com"):
        story = run("trace", what, "--data", house).out
        assert "cancelled" in story and "Cancelled before it left." in story  # noqa: PT018
    french = run("trace", sent["id"], "--language", "fr", "--data", house, "--json").json
    assert french["events"][1]["sentence"] == "Annulé avant son départ."
    assert run("trace", "A-1001", "--data", house).code == 3
    assert run("trace", sent["id"], "--language", "de", "--data", house).code == 2


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("0482", "0482"),
        ("12.50", "12.50"),
        ("1e5", "1e5"),
        ("true", True),
        ('"12"', "12"),
        ("Zoé", "Zoé"),
    ],
)
def test_a_variable_stays_as_it_was_typed(house: Path, run: Run, word: str, kept: object) -> None:
    """A code keeps its zeros and a price its decimals; other JSON is JSON."""
    sent = run("send", "hello", "--to", "a@b.example", "--var", f"name={word}", "--data", house, "--json").json
    shown = run("messages", "show", sent["id"], "--data", house, "--json").json
    assert shown["variables"] == {"name": kept}


def test_a_variable_is_a_number_where_the_template_wants_one(house: Path, run: Run, tmp_path: Path) -> None:
    """Without anything more to type; what is no number is refused as before."""
    (tmp_path / "hello" / "schema.json").write_text('{"properties": {"name": {"type": "integer"}}}')
    (tmp_path / "hello" / "sample.json").write_text('{"name": 1}')
    assert run("templates", "push", tmp_path / "hello", "--publish", "--data", house).code == 0
    words = ("send", "hello", "--to", "a@b.example", "--data", house, "--json")
    sent = run(*words, "--var", "name=12").json
    assert run("messages", "show", sent["id"], "--data", house, "--json").json["variables"] == {"name": 12}
    assert run(*words, "--var", "name=twelve").code == 2


def test_what_to_type_next_works_as_it_stands(house: Path, run: Run) -> None:
    """Advice repeats the options that say where: it can be copied."""
    told = run("send", "hello", "--to", "a@b.example", "--var", "name=A", "--data", house)
    assert f" --data {house}" in told.err


def test_keys_are_made_listed_and_revoked(house: Path, run: Run) -> None:
    """The secret is shown once; a revoked key is listed as such."""
    made = run("keys", "create", "shop", "--scope", "messages:write", "--data", house, "--json").json
    assert made["secret"].startswith("ph_live_")
    assert run("keys", "revoke", made["id"], "--data", house).code == 0
    listed = run("keys", "list", "--data", house, "--json")
    assert made["secret"] not in listed.out
    assert next(key for key in listed.json if key["id"] == made["id"])["revoked_at"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("messages", "show", "msg_01jdb3z5v8e9tr4w6k2m7n0qxy"), 3),
        (("domains", "remove", "nobody.example"), 3),
        (("domains", "add", "shop.example"), 4),
        (("domains", "add", "not a name"), 2),
        (("messages", "list", "--status", "defered"), 2),
        (("send", "helo", "--to", "a@b.example"), 3),
        (("send", "hello", "--to", "nonsense"), 2),
        (("templates", "push", "/nonexistent"), 2),
        (("keys", "create", "x", "--workspace", "other"), 3),
        (("held", "release"), 2),
    ],
)
def test_errors_are_one_sentence_and_a_code(house: Path, run: Run, words: tuple[str, ...], code: int) -> None:
    """Never a traceback; with --json the error is a document."""
    told = run(*words, "--data", house)
    assert (told.code, told.out) == (code, "")
    assert told.err.startswith("error: ")
    assert "Traceback" not in told.err
    assert {"error", "detail"} <= run(*words, "--data", house, "--json").json.keys()


def test_looking_makes_nothing(tmp_path: Path, run: Run) -> None:
    """A mistyped --data is told, and no store appears there."""
    for words in (("keys", "list"), ("migrate",), ("doctor",), ("serve",)):
        told = run(*words, "--data", tmp_path / "typo")
        assert told.code in {1, 2}
        assert "posthouse init" in told.err + told.out
    assert not (tmp_path / "typo").exists()


def test_config_shows_what_is_in_force_and_hides_secrets(house: Path, run: Run) -> None:
    """Values with their origin, no password among them."""
    told = run("config", "--data", house, "--database", "postgresql://u:hunter2@h/d", "--json")
    assert told.json["database"]["origin"] == "the command line"
    assert "hunter2" not in told.out


def test_wrong_settings_stop_every_command(house: Path, run: Run) -> None:
    """The name, the place and the right name are told; the code is 2."""
    (house / "posthouse.toml").write_text("[http]\nprot = 1\n")
    told = run("keys", "list", "--data", house)
    assert told.code == 2
    assert "did you mean http.port?" in told.err


def test_no_colours_and_no_trailing_blanks_in_a_pipe(house: Path, run: Run) -> None:
    """What scripts read is plain."""
    out = run("providers", "list", "--data", house).out
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_doctor_finds_what_is_wrong(house: Path, run: Run) -> None:
    """A key that others can read, and a provider that does not answer, are errors with advice."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    run(*f"providers add smtp --name gone --host 127.0.0.1 --port {port} --tls none".split(), "--data", house)
    (house / "secret.key").chmod(0o644)
    told = run("doctor", "--data", house, "--json")
    assert told.code == 1
    errors = {finding["about"]: finding for finding in told.json["findings"] if finding["level"] == "error"}
    assert {"files", "provider gone"} <= errors.keys()
    assert all(finding["advice"] for finding in errors.values())


def test_doctor_says_what_does_not_run(house: Path, run: Run) -> None:
    """Nothing at all, or a part without which nothing is sent; and how to start it."""

    def told() -> list[tuple[str, str]]:
        found = run("doctor", "--data", house, "--json").json["findings"]
        return [(one["said"], one["advice"]) for one in found if one["about"] == "processes"]

    assert told() == [
        ("nothing is running: nobody answers and nothing is sent", f"start it: posthouse serve --data {house}")
    ]
    running = [Slots(house / "run" / "metrics", name) for name in ("api-0", "api-1", "scheduler-0")]
    assert told() == [
        ("api 2, scheduler 1", ""),
        ("no dispatcher: nothing is sent", f"posthouse serve --role dispatch --data {house}"),
    ]
    for one in running:
        one.close()


def test_restore_holds_what_was_pending(house: Path, tmp_path: Path, run: Run) -> None:
    """A backup sends nothing old by itself: what was waiting is held until somebody decides."""
    sent = run("send", "hello", "--to", "ann@example.com", "--var", "name=A", "--data", house, "--json").json
    copy = tmp_path / "copy.db"
    assert run("backup", copy, "--data", house).code == 0
    run("messages", "cancel", sent["id"], "--data", house)
    told = run("restore", copy, "--data", house, "--json").json
    assert told["held"] == 1
    assert Path(told["replaced"]).exists()
    (held,) = run("held", "list", "--data", house, "--json").json["items"]
    assert held["id"] == sent["id"]
    assert run("held", "release", "--all", "--data", house, "--json").json == {"released": 1}


def test_restore_refuses_what_is_no_backup(house: Path, tmp_path: Path, run: Run) -> None:
    """The store stays as it is."""
    nonsense = tmp_path / "nonsense.db"
    nonsense.write_bytes(b"nonsense" * 1000)
    before = (house / "posthouse.db").read_bytes()
    assert run("restore", nonsense, "--data", house).code == 2
    assert run("restore", tmp_path / "nothing.db", "--data", house).code == 3
    assert (house / "posthouse.db").read_bytes() == before


def test_version_is_told(run: Run) -> None:
    """For people and for scripts."""
    assert run("version").out.startswith("posthouse ")
    assert json.loads(run("version", "--json").out)["posthouse"]


def test_orders_are_counted_and_shown(house: Path, run: Run) -> None:
    """Reported once, listed, added up by template and by link; a wrong amount says how to write one."""
    words = ("conversions", "report", "A-1", "49.90", "EUR", "--email", "ann@example.com", "--data", house)
    assert run(*words).out == "A-1: 49.90 EUR, credited to no message: nobody clicked before\n"
    assert "counted already" in run(*words).out
    listed = run("conversions", "list", "--data", house, "--json").json
    assert [(one["order"], one["amount"]) for one in listed["items"]] == [("A-1", "49.90")]
    assert "49.90 EUR" in run("conversions", "revenue", "--by", "link", "--since", "30d", "--data", house).out
    assert run("conversions", "list", "--test", "--data", house, "--json").json["items"] == []
    for wrong, said in ((("A-2", "4,5", "EUR"), "decimal number"), (("A-2", "4.50", "euro"), "currency")):
        refused = run("conversions", "report", *wrong, "--data", house)
        assert (refused.code, said in refused.err) == (2, True), refused.err
    assert run("conversions", "report", "A-1", "1.00", "EUR", "--data", house).code == 4


def test_what_happens_is_followed(house: Path, run: Run) -> None:
    """From an event on, filtered, one a line; a wrong type is answered with the right one."""
    for name in ("Ann", "Bob"):
        run("send", "hello", "--to", f"{name}@example.com", "--var", f"name={name}", "--send-at", "2h", "--data", house)
    first, second = run(
        "tail", "--after", "evt_00000000000000", "--count", "2", "--data", house, "--json"
    ).out.splitlines()
    assert json.loads(first)["type"] == json.loads(second)["type"] == "message.accepted"
    rest = run(
        "tail",
        "--after",
        json.loads(first)["id"],
        "--type",
        "accepted",
        "--count",
        "1",
        "--language",
        "fr",
        "--data",
        house,
    ).out
    assert json.loads(second)["data"]["message"] in rest
    assert "Posthouse a accepté" in rest
    assert "example.com" not in rest
    wrong = run("tail", "--type", "acepted", "--data", house)
    assert (wrong.code, "message.accepted" in wrong.err) == (2, True), wrong.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("not json", "there is no file 'not json'; name a file that holds a JSON object such as"),
        ('{"a": 1,\n "b": }', "breaks at line 2, column 7: expecting value; write a JSON object such as"),
        ("[1]", "holds something else than a JSON object such as"),
        ("\udcff", "breaks as JSON: "),
    ],
)
def test_variables_that_are_no_json_are_told_with_their_place(words: str, said: str, tmp_path: Path, run: Run) -> None:
    """The file that is not there, the line where it breaks, or what it holds; before any store is looked for."""
    file = tmp_path / "variables.json"
    file.write_bytes(words.encode("utf-8", "surrogateescape"))
    given = words if words == "not json" else file
    for command in (("send", "hello", "--to", "ann@example.com"), ("templates", "render", "hello")):
        told = run(*command, "--variables", given, "--data", tmp_path / "none")
        assert (told.code, said in told.err) == (2, True), told.err
