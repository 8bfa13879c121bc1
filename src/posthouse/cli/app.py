"""The tree of commands."""

import typer

from posthouse.cli import (
    alerts,
    bench,
    contacts,
    conversions,
    demo,
    domains,
    held,
    keys,
    library,
    mailbox,
    messages,
    providers,
    retention,
    returned,
    safety,
    send,
    serve,
    settings,
    setup,
    starter,
    stats,
    suppressions,
    tail,
    templates,
    trace,
    tracking,
    uploads,
    webhooks,
    workspaces,
)
from posthouse.cli.frame.exits import Exit

_EXITS = "; ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Exit)

_ROOMS = (
    setup,
    serve,
    send,
    messages,
    trace,
    tail,
    held,
    contacts,
    suppressions,
    retention,
    templates,
    starter,
    library,
    uploads,
    domains,
    providers,
    webhooks,
    keys,
    tracking,
    stats,
    alerts,
    conversions,
    workspaces,
    settings,
    safety,
    mailbox,
    returned,
    bench,
    demo,
)


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="posthouse",
        help="Posthouse: the one place through which every transactional message of a company passes.",
        epilog=f"Exit codes: {_EXITS}.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for room in _ROOMS:
        room.register(app)
    return app


def main() -> None:
    """Entry point of the ``posthouse`` script."""
    build()()
