"""``posthouse returned``."""

from pathlib import Path

from tests.unit.cli.conftest import Run

from posthouse.channels.email.verp import ReturnPaths
from posthouse.config import load, read_master_key
from posthouse.core.kernel import ids
from posthouse.stores.sealed import MasterKeyBox

BOUNCE = """From: MAILER-DAEMON@mx.example
To: {to}
Subject: failure notice

<ann@example.net>:
Remote host said: 550 5.1.1 no such user \x1b[31mhere
"""


def test_explains_a_bounce(run: Run, tmp_path: Path) -> None:
    """Who, which class, which codes, whose words; nothing in a mail can steer the terminal."""
    mail = tmp_path / "bounce.eml"
    mail.write_text(BOUNCE.format(to="a@shop.example"))
    told = run("returned", mail, "--data", tmp_path)
    assert told.code == 0
    assert "a bounce" in told.out
    assert "ann@example.net: hard (550 5.1.1)" in told.out
    assert "no such user [31mhere" in told.out
    assert "\x1b" not in told.out


def test_reads_standard_input(run: Run, tmp_path: Path) -> None:
    """With - the mail comes from a pipe; --json gives a document."""
    told = run("returned", "-", "--json", "--data", tmp_path, stdin=BOUNCE.format(to="a@shop.example")).json
    assert told["data"][0]["kind"] == "bounce"
    assert told["data"][0]["message_id"] is None
    assert told["data"][0]["recipients"][0]["class"] == "hard"


def test_names_our_message(run: Run, house: Path) -> None:
    """Beside the data folder it knows the message that a return path proves."""
    key = read_master_key(load(data=house, config=None, environ={}, overrides={}).settings)
    message_id = bytes(range(16))
    address = ReturnPaths(MasterKeyBox(key).derive("return-paths")).make(message_id, "bounces.shop.example")
    told = run("returned", "-", "--json", "--data", house, stdin=BOUNCE.format(to=address)).json
    assert told["data"][0]["message_id"] == ids.show("msg", message_id)


def test_missing_file(run: Run, tmp_path: Path) -> None:
    """A file that is not there is one sentence, not a traceback."""
    told = run("returned", tmp_path / "nothing.eml", "--data", tmp_path)
    assert told.code == 1
    assert "nothing.eml" in told.err
