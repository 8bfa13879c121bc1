"""Logs: everything an operator needs, nothing about a person unless asked for."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from posthouse.config.model import Log
from posthouse.runtime.logs import HIDDEN, Redactor, configure


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Logging is global: put it back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(log: Log, write: Any) -> list[dict[str, Any]]:
    stream = io.StringIO()
    configure(log, stream=stream, role="api")
    write()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_line_of_json_with_time_level_event_and_role() -> None:
    """A machine can read it."""
    (line,) = lines(Log(), lambda: structlog.get_logger("posthouse.x").info("sent", message="msg_01"))
    assert (line["event"], line["level"], line["role"], line["message"]) == ("sent", "info", "api", "msg_01")
    assert line["timestamp"].endswith("Z")


def test_addresses_are_hidden_wherever_they_stand() -> None:
    """In values, in lists, in the words of a remote server, in the event itself, in a library's message."""

    def write() -> None:
        log = structlog.get_logger("posthouse.x")
        log.warning("refused ann@shop.example", text="550 <bob@shop.example> unknown", to=["carl@shop.example"])
        logging.getLogger("library").warning("no such user %s", "dora@shop.example")

    text = json.dumps(lines(Log(), write))
    assert not any(name in text for name in ("ann@", "bob@", "carl@", "dora@"))
    assert text.count(f"{HIDDEN}@shop.example") == 4


def test_addresses_are_shown_when_asked_for() -> None:
    """The setting does what it says."""
    log = Log(show_addresses=True)
    (line,) = lines(log, lambda: structlog.get_logger("posthouse.x").info("sent", to="ann@shop.example"))
    assert line["to"] == "ann@shop.example"


def test_secrets_and_variables_are_never_written() -> None:
    """Not even with addresses shown: by name, by form, inside nested values, in a traceback."""

    def write() -> None:
        log = structlog.get_logger("posthouse.x")
        log.info("a", variables={"order": "hunter2"}, settings={"password": "hunter2", "token": "hunter2"})
        log.info("b", header="Bearer ph_live_hunter2", database="postgresql://u:hunter2@db.example/d")
        try:
            int("ph_test_hunter2")
        except ValueError:
            log.exception("c")

    found = lines(Log(show_addresses=True), write)
    assert "hunter2" not in json.dumps(found)
    assert "ValueError" in found[2]["exception"]


def test_level_is_honoured() -> None:
    """Debug lines are not written unless wanted."""
    assert lines(Log(level="warning"), lambda: structlog.get_logger("x").info("quiet")) == []
    assert len(lines(Log(level="debug"), lambda: structlog.get_logger("x").debug("loud"))) == 1


def test_human_lines_are_no_json() -> None:
    """People read words."""
    stream = io.StringIO()
    configure(Log(format="human"), stream=stream)
    structlog.get_logger("posthouse.x").info("sent", message="msg_01")
    assert "msg_01" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.parametrize("value", [None, True, 3, 2.5, b"bytes", object(), {"a": {1, 2}}, ("x",)])
def test_any_value_can_be_logged(value: Any) -> None:
    """No value makes logging fail."""
    (line,) = lines(Log(), lambda: structlog.get_logger("x").info("any", value=value))
    assert "value" in line


def test_names_that_only_resemble_secrets_stay() -> None:
    """A content type or a lease token's age is no secret."""
    event = Redactor(show_addresses=False)(None, "info", {"content_type": "text/html", "tokens_left": 3})
    assert event == {"content_type": "text/html", "tokens_left": 3}
