"""Alerts and service levels: the queries of both stores. Each function runs in the caller's transaction."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, or_, select, update

from posthouse.core.alerts.levels import ServiceLevel
from posthouse.core.alerts.model import Alert, AlertSettings, Notice
from posthouse.core.alerts.ports import AlertQuery, Circuit
from posthouse.core.kernel.clock import DAY
from posthouse.core.kernel.errors import ConflictError, NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared.alert_schema import (
    alert_notices,
    alert_settings,
    alert_watch,
    circuits,
    service_levels,
)
from posthouse.stores.shared.alert_schema import alerts as alert_rows
from posthouse.stores.shared.documents import from_document, insert_unless_there, to_document, upsert_for

_A, _S, _N, _W, _C, _L = (
    table.c for table in (alert_rows, alert_settings, alert_notices, alert_watch, circuits, service_levels)
)
_ONE = 1


def settings_of(connection: Connection, workspace_id: Id) -> AlertSettings:
    """What a workspace says."""
    found = connection.execute(select(_S.document).where(_S.workspace_id == workspace_id)).scalar()
    return AlertSettings() if found is None else from_document(found, AlertSettings)


def all_settings(connection: Connection) -> dict[Id, AlertSettings]:
    """Of those that said something."""
    rows = connection.execute(select(_S.workspace_id, _S.document))
    return {row[0]: from_document(row[1], AlertSettings) for row in rows}


def save_settings(connection: Connection, workspace_id: Id, before: AlertSettings, after: AlertSettings) -> None:
    """Replaces them, if they are still what they were."""
    row = {"workspace_id": workspace_id, "document": to_document(AlertSettings())}
    connection.execute(insert_unless_there(connection, alert_settings).values(**row))  # a row to lock
    locked = select(_S.document).where(_S.workspace_id == workspace_id).with_for_update()
    if from_document(connection.execute(locked).scalar_one(), AlertSettings) != before:
        raise ConflictError("somebody else changed the alerts at the same moment; look at them and try again")
    changed = update(alert_settings).where(_S.workspace_id == workspace_id).values(document=to_document(after))
    connection.execute(changed)


def listed(connection: Connection, query: AlertQuery) -> list[Alert]:
    """Those that match, newest first."""
    statement = select(_A.document).where(_A.workspace_id == query.workspace_id)
    if query.open is not None:
        statement = statement.where(_A.open_cause.is_not(None) if query.open else _A.open_cause.is_(None))
    if query.kind is not None:
        statement = statement.where(_A.kind == query.kind.value)
    if query.before is not None:
        statement = statement.where(_A.id < query.before)
    found = connection.execute(statement.order_by(_A.id.desc()).limit(query.limit)).scalars()
    return [from_document(document, Alert) for document in found]


def one(connection: Connection, workspace_id: Id, alert_id: Id) -> Alert | None:
    """One of them."""
    mine = (_A.id == alert_id) & (_A.workspace_id == workspace_id)
    found = connection.execute(select(_A.document).where(mine)).scalar()
    return None if found is None else from_document(found, Alert)


def open_of(connection: Connection, workspace_id: Id | None) -> list[Alert]:
    """All that are open."""
    statement = select(_A.document).where(_A.open_cause.is_not(None)).order_by(_A.id)
    if workspace_id is not None:
        statement = statement.where(_A.workspace_id == workspace_id)
    return [from_document(document, Alert) for document in connection.execute(statement).scalars()]


def acknowledge(connection: Connection, workspace_id: Id, alert_id: Id, at: int, by: str, note: str) -> Alert:
    """Notes that somebody has seen it."""
    mine = (_A.id == alert_id) & (_A.workspace_id == workspace_id)
    found = connection.execute(select(_A.document).where(mine).with_for_update()).scalar()
    if found is None:
        raise NotFoundError("there is no such alert in this workspace")
    before = from_document(found, Alert)
    alert = msgspec.structs.replace(before, acknowledged_at=at, acknowledged_by=by, note=note)
    connection.execute(update(alert_rows).where(mine).values(document=to_document(alert)))
    return alert


def hold(connection: Connection, token: int, now: int, until: int) -> bool:
    """Takes or keeps the right to judge."""
    row = {"number": _ONE, "token": token, "token_until": until}
    if connection.execute(insert_unless_there(connection, alert_watch).values(**row)).rowcount == 1:
        return True
    free = or_(_W.token == token, _W.token_until < now)
    return connection.execute(update(alert_watch).where(free).values(token=token, token_until=until)).rowcount == 1


def held_until(connection: Connection) -> int | None:
    """Until when somebody judges."""
    return connection.execute(select(_W.token_until)).scalar()


def keep(connection: Connection, token: int, alerts: Sequence[Alert], notices: Sequence[Notice]) -> bool:
    """Keeps what changed, and what is to be told of it."""
    held = connection.execute(select(_W.token).with_for_update()).scalar()
    if held != token:
        return False
    kept = {alert.id for alert in alerts if _keep_one(connection, alert)}
    told = [one_ for one_ in notices if one_.alert.id in kept]
    if told:
        rows = [{"id": each.id, "next_at": each.next_at, "document": to_document(each)} for each in told]
        connection.execute(insert(alert_notices), rows)
    return True


def _keep_one(connection: Connection, alert: Alert) -> bool:
    cause = None if alert.recovered_at is not None else alert.cause
    found = connection.execute(select(_A.document).where(_A.id == alert.id).with_for_update()).scalar()
    if found is not None:
        before = from_document(found, Alert)
        merged = msgspec.structs.replace(
            alert,
            acknowledged_at=before.acknowledged_at,
            acknowledged_by=before.acknowledged_by,
            note=before.note,
        )
        changed = update(alert_rows).where(_A.id == alert.id)
        connection.execute(changed.values(open_cause=cause, document=to_document(merged)))
        return True
    row = {"id": alert.id, "workspace_id": alert.workspace_id, "kind": alert.kind.value, "open_cause": cause}
    new = insert_unless_there(connection, alert_rows).values(**row, document=to_document(alert))
    return connection.execute(new).rowcount == 1


def due_notices(connection: Connection, now: int, limit: int) -> list[Notice]:
    """What is to be told by now."""
    statement = select(_N.document).where(_N.next_at <= now).order_by(_N.next_at, _N.id).limit(limit)
    return [from_document(document, Notice) for document in connection.execute(statement).scalars()]


def delay_notice(connection: Connection, notice: Notice) -> None:
    """When it is tried again."""
    changed = update(alert_notices).where(_N.id == notice.id)
    connection.execute(changed.values(next_at=notice.next_at, document=to_document(notice)))


def drop_notice(connection: Connection, notice_id: Id) -> None:
    """It is told, or given up."""
    connection.execute(delete(alert_notices).where(_N.id == notice_id))


def purge(connection: Connection, before: Id, limit: int) -> int:
    """Forgets old alerts that are over."""
    old = select(_A.id).where(_A.id < before, _A.open_cause.is_(None)).order_by(_A.id).limit(limit)
    return connection.execute(delete(alert_rows).where(_A.id.in_(old.scalar_subquery()))).rowcount


def keep_circuits(connection: Connection, holder: int, open_: Sequence[Circuit], now: int) -> None:
    """What one process leaves alone; what dead processes said is forgotten with it."""
    connection.execute(delete(circuits).where(or_(_C.holder == holder, _C.told_at < now - DAY)))
    if open_:
        rows = [
            {"holder": holder, "provider_id": each.provider_id, "since": each.since, "told_at": now} for each in open_
        ]
        connection.execute(insert(circuits), rows)


def circuits_since(connection: Connection, since: int) -> list[Circuit]:
    """What processes said lately."""
    statement = select(_C.provider_id, func.min(_C.since)).where(_C.told_at >= since).group_by(_C.provider_id)
    return [Circuit(row[0], row[1]) for row in connection.execute(statement)]


def levels(connection: Connection, workspace_id: Id | None) -> list[ServiceLevel]:
    """Service levels."""
    statement = select(_L.document).order_by(_L.workspace_id, _L.template_id)
    if workspace_id is not None:
        statement = statement.where(_L.workspace_id == workspace_id)
    return [from_document(document, ServiceLevel) for document in connection.execute(statement).scalars()]


def save_level(connection: Connection, level: ServiceLevel) -> None:
    """Keeps one."""
    row = {"workspace_id": level.workspace_id, "template_id": level.template_id, "document": to_document(level)}
    statement = upsert_for(connection, service_levels).values(**row)
    replaced = statement.on_conflict_do_update(
        index_elements=["workspace_id", "template_id"], set_={"document": statement.excluded.document}
    )
    connection.execute(replaced)


def remove_level(connection: Connection, workspace_id: Id, template_id: Id) -> None:
    """Forgets one."""
    mine = (_L.workspace_id == workspace_id) & (_L.template_id == template_id)
    if not connection.execute(delete(service_levels).where(mine)).rowcount:
        raise NotFoundError("this template has no service level")
