"""``posthouse templates translations``: a folder goes out to a translator and comes back."""

import json
import shutil
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

EXAMPLE = Path(__file__).parents[3] / "examples" / "templates-as-documents" / "one-time-code"


@pytest.mark.parametrize("kind", ["xlf", "csv"])
def test_a_folder_goes_out_and_comes_back(tmp_path: Path, run: Run, kind: str) -> None:
    """Nothing is missing afterwards, and nothing else changed."""
    folder, file = tmp_path / "one-time-code", tmp_path / f"code.{kind}"
    shutil.copytree(EXAMPLE, folder)
    assert json.loads(run("templates", "translations", folder, "--json").out) == []
    assert json.loads(run("templates", "translations", folder, "--to", "it", "--json").out) != []
    assert run("templates", "translations", folder, "--to", "fr", "--export", file).code == 0
    translated = file.read_bytes().replace(b'trgLang="fr"', b'trgLang="it"').replace(b"key,en,fr", b"key,en,it")
    file.write_bytes(translated)
    before = json.loads((folder / "email.json").read_text())
    assert run("templates", "translations", folder, "--import", file).code == 0
    after = json.loads((folder / "email.json").read_text())
    assert after["subject"]["it"] == before["subject"]["fr"]
    assert json.loads(run("templates", "translations", folder, "--to", "it", "--json").out) == []
    assert _without(after, "it") == before


def _without(part: object, locale: str) -> object:
    if isinstance(part, dict):
        return {name: _without(inner, locale) for name, inner in part.items() if name != locale}
    return [_without(inner, locale) for inner in part] if isinstance(part, list) else part


def test_a_key_goes_out_and_comes_back(run: Run, house: Path, tmp_path: Path) -> None:
    """Into the draft that it was made from; tried without keeping anything."""
    file, data = tmp_path / "code.csv", ("--data", house)
    assert run("templates", "push", EXAMPLE, *data).code == 0
    assert run("templates", "translations", "one-time-code", "--to", "fr", "--export", file, *data).code == 0
    file.write_bytes(file.read_bytes().replace(b"key,en,fr", b"key,en,it"))
    back = ("templates", "translations", "one-time-code", "--import", file, *data)
    tried = json.loads(run(*back, "--dry-run", "--json").out)
    assert json.loads(run("templates", "translations", "one-time-code", "--to", "it", *data, "--json").out) != []
    assert run(*back, "--base", "0" * 64).code == 4
    done = json.loads(run(*back, "--json").out)
    assert done == tried
    assert len(done["changed"]) == done["texts"]
    assert json.loads(run("templates", "translations", "one-time-code", "--to", "it", *data, "--json").out) == []
