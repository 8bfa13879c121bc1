"""The reference is complete and fresh: what is not documented fails the build."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from posthouse.cli.app import build
from posthouse.config.fields import all_settings
from posthouse.core.messages.model import EventType, Status
from posthouse.core.templates.kinds import KINDS
from posthouse.core.templates.lint.rules import RULES
from posthouse.rendering.lint.clients import support
from posthouse.runtime.metrics import DEFINITIONS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "posthouse"


def page(name: str) -> str:
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


def test_generated_pages_are_fresh() -> None:
    """docs/reference says what the code says; `make docs` makes it again."""
    checked = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_setting_is_in_the_reference() -> None:
    """By its name and by its variable."""
    text = page("settings.md")
    assert all(f"`{setting.path}`" in text and f"`{setting.variable}`" in text for setting in all_settings())


@pytest.mark.parametrize("path", [setting.path for setting in all_settings()])
def test_every_setting_is_read_somewhere(path: str) -> None:
    """A setting that nothing reads would be a promise that nobody keeps."""
    section, _, name = path.rpartition(".")
    chain = re.compile(rf"\b{section}\.{name}\b" if section else rf"\bsettings\.{name}\b|\bself\.{name}\b")
    alone = re.compile(rf"\.{name}\b")
    files = [
        file
        for file in SOURCE.rglob("*.py")
        if file.parent.name != "config" or file.name in {"model.py", "masterkey.py"}
    ]
    texts = [file.read_text(encoding="utf-8") for file in files]
    assert any(chain.search(text) for text in texts) or any(
        alone.search(text) for text in texts if re.search(rf"settings\.{section}\b|: {section.capitalize()}\b", text)
    )


def commands(command: object, path: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path
    else:
        for name, child in inner.items():
            yield from commands(child, f"{path} {name}")


def test_every_command_is_in_the_reference() -> None:
    """With a heading of its own."""
    text = page("commands.md")
    missing = [path for path in commands(typer.main.get_command(build()), "posthouse") if f"### {path}\n" not in text]
    assert missing == []


def test_every_event_and_state_is_documented() -> None:
    """Events in the reference, states where the machine is drawn."""
    text = page("events.md")
    assert [event.word for event in EventType if f"`{event.word}`" not in text] == []
    states = (DOCS / "explain" / "message-states.md").read_text(encoding="utf-8")
    assert [status.word for status in Status if status.word not in states] == []


def test_every_metric_is_in_the_reference() -> None:
    """By its name."""
    text = page("metrics.md")
    assert [item.name for item in DEFINITIONS if f"`{item.name}`" not in text] == []


def test_every_kind_of_template_is_in_the_docs() -> None:
    """The list of kinds, with when each is sent."""
    text = (DOCS / "howto" / "templates.md").read_text(encoding="utf-8")
    assert [kind for kind, when in KINDS.items() if f"| `{kind}` | {when} |" not in text] == []


def test_every_rule_of_the_lint_is_in_the_reference() -> None:
    """With what is wrong and what to do; and each rule is told by some check."""
    text = page("lint.md")
    assert [rule for rule in RULES if f"| `{rule}` |" not in text] == []
    files = [
        file
        for folder in ("core/templates", "rendering")
        for file in (SOURCE / folder).rglob("*.py")
        if file.parent.name != "rules"
    ]
    checks = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [rule for rule in RULES if f'"{rule}"' not in checks] == []
    assert all(f"`{style.property}" in text for style in support().css)
    assert all(f"`<{taken.name}>`" in text for taken in support().element)
    assert support().date in text


def slugs() -> Iterator[str]:
    """The slug of every problem that the core or the API can answer with."""
    for folder in ("core", "http"):
        for file in (SOURCE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                    for statement in node.body:
                        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
                        if isinstance(target, ast.Name) and target.id == "slug":
                            assert isinstance(statement, ast.Assign)
                            yield ast.literal_eval(statement.value)


def test_every_problem_is_in_the_reference() -> None:
    """Each `type` that the API can answer with is explained."""
    text = page("problems.md")
    assert sorted({slug for slug in slugs() if slug not in text}) == []
