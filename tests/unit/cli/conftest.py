"""Running commands as people do, in this process."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from typer.main import get_command

from posthouse.cli.app import build


class Ran(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs `posthouse` with these words."""
    tree = get_command(build())  # typer's own runner would grow it anew for each call

    def call(*words: object, stdin: str | None = None) -> Ran:
        result = CliRunner(env={"COLUMNS": "200"}).invoke(tree, [str(word) for word in words], input=stdin)
        return Ran(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """A fresh installation with a domain, a sandbox provider and a template, to be copied."""
    place = tmp_path_factory.mktemp("furnished")
    data, folder = place / "data", place / "hello"
    assert run("init", "--data", data, "--json").code == 0
    assert run("domains", "add", "shop.example", "--verified", "--data", data).code == 0
    assert run("providers", "add", "sandbox", "--name", "box", "--data", data).code == 0
    folder.mkdir()
    (folder / "template.toml").write_text('name = "Hello"\nsubject = "Hello {{ name }}"\nfrom = "a@shop.example"\n')
    (folder / "email.en.html").write_text("<p>Hello {{ name }}, welcome.</p>")
    (folder / "sample.json").write_text('{"name": "Ann"}')
    assert run("templates", "push", folder, "--publish", "--data", data).code == 0
    return place


@pytest.fixture
def house(tmp_path: Path, furnished: Path) -> Path:
    """The data folder of a furnished installation; the template's files stand in ``hello`` beside it."""
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    return tmp_path / "data"
