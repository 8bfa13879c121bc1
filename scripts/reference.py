"""Makes docs/reference from the code (settings, commands, events, metrics, lint) and the index of the docs.

``python scripts/reference.py`` writes the pages; with ``--check`` it writes nothing and fails when one is not fresh.
"""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer

from posthouse.cli.app import build
from posthouse.cli.frame.exits import Exit
from posthouse.config.advice import kind_of
from posthouse.config.fields import Setting, all_settings, sections
from posthouse.core.messages import model, stream
from posthouse.core.messages.model import Channel, Event, EventType
from posthouse.core.messages.samples import SAMPLES
from posthouse.core.messages.stream import Told
from posthouse.core.templates.document_schema import document_schema, theme_schema
from posthouse.core.templates.library.model import ItemKind
from posthouse.core.templates.library.schema import item_schema
from posthouse.core.templates.lint.rules import RULES
from posthouse.rendering.lint.clients import support
from posthouse.runtime.metrics import DEFINITIONS

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
SAMPLE = Told(
    Event(
        bytes.fromhex("0193562f97e871c9a2e1b3c4d5e6f708"),
        b"",
        EventType.DELIVERED,
        1_732_267_800_000_000,
        seq=528,
        data=SAMPLES[EventType.DELIVERED],
    ),
    live=True,
    channel=Channel.EMAIL,
    template_key="order-confirmation",
    correlation="A-1001",
    tags=("vip",),
)
NOTE = "<!-- Made by scripts/reference.py from the code: run `make docs` instead of editing. -->\n"


def settings_page() -> Iterator[str]:
    """``settings.md``: every setting with its variable, its kind, its default and its meaning."""
    yield "# Settings\n"
    yield NOTE
    yield (
        "Settings come from, each overruling the one before: the defaults below, `posthouse.toml` in the data folder "
        "(or the file named by `--config` or `POSTHOUSE_CONFIG`), `POSTHOUSE_*` variables, the command line. They are "
        "read once, at the start. An unknown or ill-typed one stops the start and says what to write instead. "
        "`posthouse config` shows what is in force and where it came from, secrets hidden.\n"
    )
    yield 'In a variable a list is written with commas: `POSTHOUSE_HTTP_TRUSTED_PROXIES="10.0.0.0/8,127.0.0.1/32"`.\n'
    yield from _settings_of("", "Top of the file")
    for name, kind in sections().items():
        yield from _settings_of(name, f"`[{name}]`", inspect.getdoc(kind) or "")


def _settings_of(section: str, title: str, said: str = "") -> Iterator[str]:
    yield f"## {title}\n"
    if said:
        yield f"{said}\n"
    for setting in all_settings():
        if setting.section == section:
            yield f"### `{setting.path}`\n"
            yield f"{setting.description}\n"
            secret = " It is a secret: never shown." if setting.secret else ""
            yield (
                f"{kind_of(setting)[0].upper()}{kind_of(setting)[1:]}; default {_default(setting)}; "
                f"variable `{setting.variable}`.{secret}\n"
            )


def _default(setting: Setting) -> str:
    if setting.default in ("", ()):
        return "empty"
    return f"`{json.dumps(setting.default)}`"


def commands_page() -> Iterator[str]:
    """``commands.md``: every command with its options and examples."""
    yield "# Commands\n"
    yield NOTE
    yield "`posthouse COMMAND --help` says the same. A mistyped command or option is answered with the nearest one.\n"
    yield "## Exit codes\n"
    said = _member_docs(inspect.getsource(Exit))
    yield "| code | name | meaning |\n| --- | --- | --- |"
    for code in Exit:
        yield f"| {code.value} | {code.name.lower()} | {said[code.name]} |"
    yield "\n## Common options\n"
    yield (
        "`--data DIR`, `--database URL`, `--config FILE` say which installation; `--workspace NAME` which workspace, "
        "when there are several; `--json` prints one JSON document on standard output (errors too); `--debug` shows "
        "where an error came from. Results go to standard output, everything else to standard error.\n"
    )
    yield from _command(typer.main.get_command(build()), "posthouse")


def _command(command: Any, path: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is not None:
        if path != "posthouse":
            yield f"## {path}\n"
            yield f"{command.help}\n"
        for name, child in sorted(inner.items(), key=lambda item: (hasattr(item[1], "commands"), item[0])):
            yield from _command(child, f"{path} {name}")
        return
    yield f"### {path}\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    rows = [row for parameter in command.params for row in _parameter(parameter)]
    if rows:
        yield "| option | meaning |\n| --- | --- |"
        yield from rows
        yield ""
    examples = [line[2:] for line in (command.epilog or "").replace(r"\[", "[").split("\n\n") if line.startswith("$ ")]
    yield "```sh\n" + "\n".join(examples) + "\n```\n"


def _parameter(parameter: Any) -> Iterator[str]:
    if getattr(parameter, "rich_help_panel", None) == "Common options" or parameter.name == "help":
        return
    words = (
        ", ".join(parameter.opts)
        if parameter.param_type_name == "option"
        else parameter.metavar or parameter.name.upper()
    )
    default = parameter.default
    shown = f" Default: `{default}`." if default and not callable(default) and default is not True else ""
    yield f"| `{words}` | {(parameter.help or '').replace('|', chr(92) + '|')}{shown} |"


def events_page() -> Iterator[str]:
    """``events.md``: every event that a message's timeline can have."""
    yield "# Events\n"
    yield NOTE
    yield (
        "What happens to a message is told by events: append-only, each known by message, type and key, so that the "
        "same fact told twice counts once. `GET /v1/messages/{id}/timeline` and `posthouse messages timeline ID` show "
        "them. [Message states](../explain/message-states.md) says how they move a message on.\n"
    )
    said = _member_docs(inspect.getsource(model.EventType))
    yield "| event | meaning |\n| --- | --- |"
    for event in EventType:
        yield f"| `{event.word}` | {said[event.name].replace('``', '`')} |"
    yield "| `webhook.test` | Not of a message: `posthouse webhooks test` sends it to one endpoint. |\n"
    yield "## What is told\n"
    yield (
        "`GET /v1/events`, the live stream and webhooks tell an event like this; `facts` is what the timeline shows "
        "([the stream of events](../explain/event-stream.md)). Samples of those facts:\n"
    )
    yield f"```json\n{json.dumps(msgspec.to_builtins(stream.document(SAMPLE)), indent=2)}\n```\n"
    yield "| event | facts |\n| --- | --- |"
    for event in EventType:
        yield f"| `{event.word}` | `{json.dumps(stream.facts(Event(b'', b'', event, 0, data=SAMPLES[event])))}` |"


def metrics_page() -> Iterator[str]:
    """``metrics.md``: every metric with its labels."""
    yield "# Metrics\n"
    yield NOTE
    yield (
        "`GET /metrics` answers in the text format of Prometheus, for all processes of the machine together. Counters "
        "go on through the restart of a process and begin at zero with `posthouse serve`.\n"
    )
    yield "| metric | kind | labels | meaning |\n| --- | --- | --- | --- |"
    for item in DEFINITIONS:
        labels = ", ".join(f"`{label}`" for label in item.labels)
        yield f"| `{item.name}` | {item.kind} | {labels} | {item.help} |"


def lint_page() -> Iterator[str]:
    """``lint.md``: every rule of the template lint, and what it knows about mail programs."""
    yield "# Lint of templates\n"
    yield NOTE
    yield (
        "`posthouse templates lint FOLDER|KEY` looks templates over. Errors stop publishing; warnings are told by publishing "
        "and by `POST /v1/templates/{key}/render` too; infos by the lint only. The exit code is 1 with errors, with `--strict` also with "
        'warnings. A rule that is broken on purpose stands in `template.toml`: `lint_ignore = ["link-placeholder"]` (errors cannot be '
        "ignored).\n"
    )
    yield "| rule | severity | what is wrong | what to do |\n| --- | --- | --- | --- |"
    for rule in RULES.values():
        yield f"| `{rule.id}` | {rule.severity.value} | {_cell(rule.explanation)} | {_cell(rule.fix)} |"
    data = support()
    yield "\n## Mail programs\n"
    yield f"As of {data.date}. {data.source}\n"
    yield "| style or element | left out by | rule | instead |\n| --- | --- | --- | --- |"
    for style in data.css:
        shown = f"{style.property}: {', '.join(style.values)}" if style.values else style.property
        rule_id = "css-unsupported" if style.breaks else "css-look"
        yield f"| `{shown}` | {', '.join(style.programs)} | `{rule_id}` | {_cell(style.instead)} |"
    for taken in data.element:
        yield f"| `<{taken.name}>` | {', '.join(taken.programs)} | `element-unsupported` | {_cell(taken.instead)} |"
    yield f"\nThe tests of caniemail.com (as of {data.tested}) know more, which is told as an info (`css-look`, `element-look`):\n"
    further = dict[tuple[str, ...], list[str]]()
    for one, shown in [*((one, one.property) for one in data.more), *((one, f"<{one.name}>") for one in data.unknown)]:
        further.setdefault(one.programs, []).append(f"`{shown}`")
    yield from [f"- {', '.join(programs)}: {', '.join(names)}" for programs, names in sorted(further.items())]


def _cell(text: str) -> str:
    """Words for a table: no bar, and no tag of HTML."""
    return text.replace("|", chr(92) + "|").replace("<", "&lt;")


def document_page() -> Iterator[str]:
    """``email-document.schema.json``: the JSON Schema of the e-mail document."""
    yield json.dumps(document_schema(), indent=2, ensure_ascii=False)


def theme_page() -> Iterator[str]:
    """``theme.schema.json``: the JSON Schema of a theme."""
    yield json.dumps(theme_schema(), indent=2, ensure_ascii=False)


def block_page() -> Iterator[str]:
    """``library-block.schema.json``: the JSON Schema of a block of the library."""
    yield json.dumps(item_schema(ItemKind.BLOCK), indent=2, ensure_ascii=False)


def library_theme_page() -> Iterator[str]:
    """``library-theme.schema.json``: the JSON Schema of a theme of the library."""
    yield json.dumps(item_schema(ItemKind.THEME), indent=2, ensure_ascii=False)


def index_page() -> Iterator[str]:
    """``docs/README.md``: every page by its title."""
    yield "# Documentation\n"
    yield NOTE
    yield "Start with the [quick start](quickstart.md): from an empty folder to a signed mail in five minutes.\n"
    yield "- [The architecture](architecture.md): the way of a message, the folders, the rule between them."
    yield "- [Decisions](decisions.md): what we chose, why, and what was measured."
    titles = (("howto", "How to"), ("explain", "Explained"), ("providers", "Providers"), ("reference", "Reference"))
    for folder, title in titles:
        yield f"\n## {title}\n"
        for path in sorted((FOLDER.parent / folder).glob("*.md")):
            heading = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
            yield f"- [{heading}]({folder}/{path.name})"


def _member_docs(source: str) -> dict[str, str]:
    """The string below each member of an enumeration, its name otherwise."""
    body = ast.parse(source).body[0].body  # type: ignore[attr-defined]  # a class statement
    found: dict[str, str] = {}
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            name = statement.targets[0].id
            found[name] = " ".join(str(following.value.value).split()) if is_text else name.lower()
    return found


PAGES = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "events.md": events_page,
    "metrics.md": metrics_page,
    "lint.md": lint_page,
    "email-document.schema.json": document_page,
    "theme.schema.json": theme_page,
    "library-block.schema.json": block_page,
    "library-theme.schema.json": library_theme_page,
    "../README.md": index_page,
}


def main(check: bool) -> int:
    """Writes or checks the pages; the exit code."""
    stale = []
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        text = "\n".join(make()).rstrip() + "\n"
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"not fresh: {', '.join(stale)}; run `make docs` and commit the result")
        return 1
    print(f"docs/reference: {len(PAGES)} pages, {len(stale)} {'stale' if check else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
