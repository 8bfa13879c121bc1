"""Every command can explain itself, and every typo is answered with the right word."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.cli.conftest import Run

from posthouse.cli.app import build


def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, (*path, name))


TREE = list(walk(typer.main.get_command(build()), ()))
COMMANDS = [(path, command) for path, command in TREE if not hasattr(command, "commands")]
WORDS = [path for path, _ in TREE if path and len(path[-1]) > 3]


@pytest.mark.parametrize("path", [path for path, _ in TREE], ids=" ".join)
def test_help_of_every_command_works(run: Run, path: tuple[str, ...]) -> None:
    """--help and -h end well, and say something."""
    told = run(*path, "--help")
    assert told.code == 0
    assert "Usage" in told.out
    assert run(*path, "-h").code == 0


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_command_has_words_an_example_and_json(path: tuple[str, ...], command: Any) -> None:
    """A description, an example of itself, and --json."""
    assert command.help
    assert f"$ posthouse {' '.join(path)}" in command.epilog or "CI=true posthouse" in command.epilog
    assert any("--json" in parameter.opts for parameter in command.params)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(WORDS), data=st.data())
def test_a_typo_suggests_the_right_command(run: Run, path: tuple[str, ...], data: st.DataObject) -> None:
    """One letter swapped with its neighbour: the command that was meant is named, and the code is 2."""
    word = path[-1]
    at = data.draw(st.integers(0, len(word) - 2))
    typo = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if typo == word:
        typo = word + word[-1]
    told = run(*path[:-1], typo)
    assert told.code == 2
    assert f"'{word}'" in told.err


def test_a_mistyped_option_suggests_the_right_one(run: Run) -> None:
    """`--dtaa` is answered with --data."""
    told = run("config", "--dtaa", "x")
    assert told.code == 2
    assert "--data" in told.err


def test_nothing_typed_shows_help(run: Run) -> None:
    """Plain `posthouse` lists what there is."""
    told = run()
    assert "domains" in told.out + told.err


def test_commands_start_without_what_only_some_of_them_need() -> None:
    """Neither stores nor the web nor the ways out are loaded to say what a command does, and no word of a server is looked for yet."""
    told = (
        "import sys, posthouse.cli.app; print(*sys.modules);"
        "import posthouse.bootstrap; from posthouse.channels.email.returned import phrases; print(phrases._compiled.cache_info().currsize)"
    )
    run = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    loaded, compiled = run.stdout.splitlines()
    assert not {"sqlalchemy", "fastapi", "httpx", "dns", "posthouse.bootstrap"} & set(loaded.split())
    assert compiled == "0"
