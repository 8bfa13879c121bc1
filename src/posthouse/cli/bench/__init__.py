"""``posthouse bench``: what this machine can do with this store, in half a minute."""

from typing import Annotated

import typer

from posthouse.cli.frame import Desk, command


def register(app: typer.Typer) -> None:
    """Adds the command."""
    example = """
    posthouse bench
    posthouse bench --data ./data --messages 20000
    posthouse bench --database postgresql://posthouse@db/postgres --json
    """
    command(app, "bench", example=example, workspace=False)(bench)


async def bench(
    desk: Desk,
    messages: Annotated[int, typer.Option("--messages", min=100, max=1_000_000, help="How many to send.")] = 5000,
    clients: Annotated[int, typer.Option("--clients", min=1, max=500, help="Connections that send them.")] = 64,
    dispatchers: Annotated[
        int | None, typer.Option("--dispatchers", metavar="N", min=1, help="Dispatch processes; as many as cores.")
    ] = None,
) -> None:
    """Measure what this machine can do with this store: the real processes, a mail server on loopback, an order confirmation.

    Never touches the data: on SQLite it works in a folder of its own beside it (so on the same disk), on PostgreSQL in a database
    of its own on the same server, which the role must be allowed to create. Both are removed afterwards. Load, mail server
    and Posthouse share the machine's cores.
    """
    from posthouse.cli.bench.measure import measure  # here: it takes a while to import
    from posthouse.cli.bench.told import tell

    found = await measure(desk, messages, clients, dispatchers)
    desk.out.result(found, lambda: tell(desk.out, found))
