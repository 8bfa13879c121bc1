"""Providers and routes: the queries of both stores. Each function runs in the caller's transaction."""

import msgspec
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from posthouse.core.delivery.model import ProviderRow, Route
from posthouse.core.kernel.errors import ConflictError, NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared.documents import from_document, settings_changed, to_document, upsert_for
from posthouse.stores.shared.schema import providers, routes


def add_provider(connection: Connection, provider: ProviderRow) -> None:
    """Keeps a provider."""
    settings_changed(connection)
    row = {"id": provider.id, "workspace_id": provider.workspace_id, "name": provider.name}
    try:
        connection.execute(insert(providers).values(**row, document=to_document(provider)))
    except IntegrityError as error:
        raise ConflictError(f"this workspace has a provider named {provider.name!r} already") from error


def providers_of(connection: Connection, workspace_id: Id) -> list[ProviderRow]:
    """All providers of a workspace, oldest first."""
    found = connection.execute(select(providers.c.document).where(providers.c.workspace_id == workspace_id))
    return sorted(
        (from_document(document, ProviderRow) for document in found.scalars()), key=lambda one: (one.created_at, one.id)
    )


def update_provider(connection: Connection, provider: ProviderRow) -> None:
    """Replaces a provider."""
    settings_changed(connection)
    mine = (providers.c.id == provider.id) & (providers.c.workspace_id == provider.workspace_id)
    changes = {"name": provider.name, "document": to_document(provider)}
    if not connection.execute(update(providers).where(mine).values(**changes)).rowcount:
        raise NotFoundError(f"there is no provider {provider.name!r} in this workspace; add it first")


def remove_provider(connection: Connection, workspace_id: Id, name: str) -> None:
    """Forgets a provider and takes it out of the routes."""
    settings_changed(connection)
    mine = (providers.c.workspace_id == workspace_id) & (providers.c.name == name)
    gone = connection.execute(delete(providers).where(mine).returning(providers.c.id)).scalar()
    if gone is None:
        raise NotFoundError(f"there is no provider {name!r} in this workspace")
    for route in routes_of(connection, workspace_id):
        steps = tuple(step for step in route.steps if step.provider_id != gone)
        if steps != route.steps:
            _write_route(connection, msgspec.structs.replace(route, steps=steps))


def routes_of(connection: Connection, workspace_id: Id) -> list[Route]:
    """The routes that a workspace has set."""
    mine = select(routes.c.document).where(routes.c.workspace_id == workspace_id).order_by(routes.c.channel)
    return [from_document(document, Route) for document in connection.execute(mine).scalars()]


def save_route(connection: Connection, route: Route) -> None:
    """Replaces the route of a channel; no steps: back to the default."""
    settings_changed(connection)
    _write_route(connection, route)


def _write_route(connection: Connection, route: Route) -> None:
    if not route.steps:
        mine = (routes.c.workspace_id == route.workspace_id) & (routes.c.channel == int(route.channel))
        connection.execute(delete(routes).where(mine))
        return
    document = to_document(route)
    row = {"workspace_id": route.workspace_id, "channel": int(route.channel), "document": document}
    statement = upsert_for(connection, routes).values(**row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["workspace_id", "channel"], set_={"document": document})
    )
