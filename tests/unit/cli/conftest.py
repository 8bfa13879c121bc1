"""Running commands as people do, in this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

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
    app = build()

    def call(*words: object, stdin: str | None = None) -> Ran:
        result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in words], input=stdin)
        return Ran(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def house(tmp_path: Path, run: Run) -> Path:
    """The data folder of a fresh installation with a domain, a sandbox provider and a template."""
    data = tmp_path / "data"
    assert run("init", "--data", data, "--json").code == 0
    assert run("domains", "add", "shop.example", "--verified", "--data", data).code == 0
    assert run("providers", "add", "sandbox", "--name", "box", "--data", data).code == 0
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "template.toml").write_text('name = "Hello"\nsubject = "Hello {{ name }}"\nfrom = "a@shop.example"\n')
    (folder / "email.en.html").write_text("<p>Hello {{ name }}, welcome.</p>")
    (folder / "sample.json").write_text('{"name": "Ann"}')
    assert run("templates", "push", folder, "--publish", "--data", data).code == 0
    return data
