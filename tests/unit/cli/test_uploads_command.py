"""Uploaded files on the command line, with templates that attach them."""

import json
from pathlib import Path
from typing import Any

from tests.unit.cli.conftest import Run


def test_a_file_from_its_coming_to_its_going(run: Run, house: Path, tmp_path: Path) -> None:
    """A template that attaches what was never uploaded is not published; what a template attaches is not removed."""

    def posthouse(*words: object, code: int = 0) -> Any:
        ran = run(*words, "--data", house, "--json")
        assert ran.code == code, ran.err
        return json.loads(ran.out)

    terms, other, folder = tmp_path / "terms.pdf", tmp_path / "other.pdf", tmp_path / "order"
    terms.write_bytes(b"%PDF-1.7 terms")
    other.write_bytes(b"%PDF-1.7 other")
    word = posthouse("uploads", "add", str(terms))["id"]
    assert run("uploads", "add", terms, "--data", house).out == f"{word}\n"
    folder.mkdir()
    (folder / "email.en.html").write_text("<p>Order</p>")
    attached = f'[[attachments]]\nkind = "file"\nname = "Terms.pdf"\nupload = "{word[:-3]}-99"\n'
    (folder / "template.toml").write_text(f'subject = "Order"\n{attached}')
    refused = posthouse("templates", "push", folder, "--publish", code=2)
    assert refused["fields"][0]["pointer"] == "/attachments/0/upload"
    (folder / "template.toml").write_text(f'subject = "Order"\n{attached}'.replace(f"{word[:-3]}-99", word))
    posthouse("templates", "push", folder, "--publish")
    spare = posthouse("uploads", "add", str(other))["id"]
    listed = {one["id"]: [use["template"] for use in one["uses"]] for one in posthouse("uploads", "list")}
    assert listed == {word: ["order"], spare: []}
    (use,) = posthouse("uploads", "show", word)["uses"]
    assert (use["draft"], use["live"], use["versions"]) == (True, True, [1])
    refused = posthouse("uploads", "remove", word, code=4)
    assert (refused["error"], refused["fields"][0]["pointer"]) == ("file-in-use", "/templates/order")
    posthouse("uploads", "remove", spare)
    posthouse("uploads", "show", spare, code=3)
    assert "1 (live)" in run("uploads", "show", word, "--data", house).out
