"""Empty PostgreSQL databases with the schema in place."""

import asyncio
from collections.abc import Iterable
from contextlib import ExitStack


def migrated(stack: ExitStack, names: Iterable[str], now: int) -> dict[str, str]:
    """The URL of each database, on a server of our own that ends with ``stack``."""
    from posthouse.stores.postgres.migrate import migrate
    from posthouse.testing.postgres import create_database, own_server

    server = stack.enter_context(own_server())
    urls = {name: asyncio.run(create_database(server, name)) for name in names}
    for url in urls.values():
        asyncio.run(migrate(url, now=now))
    return urls
