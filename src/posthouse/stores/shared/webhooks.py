"""Webhooks: the queries of both stores. Each function runs in the caller's transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from posthouse.core.kernel.errors import ConflictError, NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.core.webhooks.model import Attempt, Endpoint, Filter, Line, Pause, Step, Waiting
from posthouse.stores.shared.documents import from_document, settings_changed, to_document, upsert_for
from posthouse.stores.shared.schema import webhook_attempts, webhook_endpoints, webhook_lines, webhook_waiting

_E, _L, _W, _A = webhook_endpoints.c, webhook_lines.c, webhook_waiting.c, webhook_attempts.c


def add_endpoint(connection: Connection, endpoint: Endpoint, cursor: int) -> None:
    """Keeps a new endpoint."""
    settings_changed(connection)
    row = {"id": endpoint.id, "workspace_id": endpoint.workspace_id, "name": endpoint.name}
    try:
        connection.execute(insert(webhook_endpoints).values(**row, document=to_document(endpoint)))
    except IntegrityError as error:
        raise ConflictError(f"this workspace has a webhook endpoint named {endpoint.name!r} already") from error
    connection.execute(insert(webhook_lines).values(endpoint_id=endpoint.id, cursor=cursor))


def endpoints_of(connection: Connection, workspace_id: Id | None) -> list[tuple[Endpoint, Line]]:
    """Those of a workspace, or of all; oldest first."""
    counted = (
        select(_W.endpoint_id, func.count().label("waiting"), func.min(_W.next_at).label("next_at"))
        .group_by(_W.endpoint_id)
        .subquery()
    )
    statement = (
        select(_E.document, webhook_lines, counted.c.waiting, counted.c.next_at)
        .join(webhook_lines, _L.endpoint_id == _E.id)
        .outerjoin(counted, counted.c.endpoint_id == _E.id)
        .order_by(_E.id)
    )
    if workspace_id is not None:
        statement = statement.where(_E.workspace_id == workspace_id)
    return [
        (
            from_document(row.document, Endpoint),
            Line(
                endpoint_id=row.endpoint_id,
                cursor=row.cursor,
                waiting=row.waiting or 0,
                next_at=row.next_at,
                paused=Pause(row.paused) if row.paused else None,
                paused_at=row.paused_at,
                failing_since=row.failing_since,
                succeeded_at=row.succeeded_at,
            ),
        )
        for row in connection.execute(statement)
    ]


def update_endpoint(connection: Connection, before: Endpoint, after: Endpoint) -> None:
    """Replaces its settings, if they are still what they were."""
    settings_changed(connection)
    mine = (_E.id == before.id) & (_E.workspace_id == before.workspace_id)
    present = connection.execute(select(_E.document).where(mine).with_for_update()).scalar_one_or_none()
    if present is None:
        raise NotFoundError(f"there is no webhook endpoint {before.name!r} in this workspace")
    if from_document(present, Endpoint) != before:
        raise ConflictError("the endpoint was changed by somebody else at the same moment; look at it and try again")
    connection.execute(update(webhook_endpoints).where(mine).values(document=to_document(after)))


def remove_endpoint(connection: Connection, workspace_id: Id, endpoint_id: Id) -> None:
    """Forgets it, its line and its log."""
    settings_changed(connection)
    mine = (_E.id == endpoint_id) & (_E.workspace_id == workspace_id)
    if not connection.execute(delete(webhook_endpoints).where(mine)).rowcount:
        raise NotFoundError("there is no such webhook endpoint in this workspace")
    for table in (webhook_lines, webhook_waiting, webhook_attempts):
        connection.execute(delete(table).where(table.c.endpoint_id == endpoint_id))


def pause_endpoint(connection: Connection, endpoint_id: Id, why: Pause | None, now: int) -> None:
    """Pauses, or lets it go on: whatever waits is due now, and its three days begin anew."""
    settings_changed(connection)
    changes = {"paused": why.value if why else None, "paused_at": now if why else None, "failing_since": None}
    connection.execute(update(webhook_lines).where(_L.endpoint_id == endpoint_id).values(**changes))
    if why is None:
        again = {"first_at": now, "attempts": 0, "next_at": now}
        connection.execute(update(webhook_waiting).where(_W.endpoint_id == endpoint_id).values(**again))


def hold_line(connection: Connection, endpoint_id: Id, token: int, now: int, until: int) -> bool:
    """Takes or keeps the right to deliver, unless another has it or the endpoint is paused."""
    free = or_(_L.token == token, _L.token.is_(None), _L.token_until < now)
    mine = (_L.endpoint_id == endpoint_id) & _L.paused.is_(None) & free
    taken = connection.execute(update(webhook_lines).where(mine).values(token=token, token_until=until))
    return taken.rowcount == 1


def let_line_go(connection: Connection, token: int) -> None:
    """Gives back all lines of a holder."""
    connection.execute(update(webhook_lines).where(_L.token == token).values(token=None, token_until=None))


def due(connection: Connection, endpoint_id: Id, now: int, limit: int) -> list[Waiting]:
    """Events whose time has come, by ``seq``."""
    mine = (_W.endpoint_id == endpoint_id) & (_W.next_at <= now)
    statement = select(_W.seq, _W.first_at, _W.attempts, _W.next_at).where(mine).order_by(_W.seq).limit(limit)
    return [Waiting(*row) for row in connection.execute(statement)]


def keep_step(connection: Connection, endpoint_id: Id, token: int, step: Step, now: int) -> int | None:
    """Keeps what a turn changed; how many events wait now, None when the line is not the holder's any more."""
    mine = (_L.endpoint_id == endpoint_id) & (_L.token == token)
    changes = {"cursor": step.cursor, "failing_since": step.failing_since, "succeeded_at": step.succeeded_at}
    pause = {"paused": step.paused.value, "paused_at": now} if step.paused else {}
    if not connection.execute(update(webhook_lines).where(mine).values(**changes, **pause)).rowcount:
        return None
    if step.attempts:
        connection.execute(insert(webhook_attempts), [_attempt_row(one) for one in step.attempts])
    if step.done:
        connection.execute(
            delete(webhook_waiting).where((_W.endpoint_id == endpoint_id) & _W.seq.in_(sorted(step.done)))
        )
    if step.hurry_since is not None:
        lately = (_W.endpoint_id == endpoint_id) & (_W.first_at >= step.hurry_since)
        connection.execute(update(webhook_waiting).where(lately).values(next_at=now))
    _wait(connection, endpoint_id, step.again)  # after it: what failed just now keeps its wait
    if step.paused:
        settings_changed(connection)
    waiting = select(func.count()).select_from(webhook_waiting).where(_W.endpoint_id == endpoint_id)
    return int(connection.execute(waiting).scalar_one())


def ask_again(connection: Connection, endpoint_id: Id, seqs: Sequence[int], now: int) -> None:
    """Makes events due now."""
    _wait(connection, endpoint_id, [Waiting(seq, now, 0, now) for seq in seqs])


def add_attempt(connection: Connection, attempt: Attempt) -> None:
    """Adds to the log alone."""
    connection.execute(insert(webhook_attempts).values(**_attempt_row(attempt)))


def attempts_of(connection: Connection, workspace_id: Id, which: Filter) -> list[Attempt]:
    """The log, newest first."""
    statement = (
        select(_A.document)
        .join(webhook_endpoints, _E.id == _A.endpoint_id)
        .where(_E.workspace_id == workspace_id, _A.endpoint_id == which.endpoint_id)
    )
    if which.before is not None:
        statement = statement.where(_A.id < which.before)
    if which.event is not None:
        statement = statement.where(_A.event == which.event)
    if which.result is not None:
        statement = statement.where(_A.result == which.result.value)
    found = connection.execute(statement.order_by(_A.id.desc()).limit(which.limit)).scalars()
    return [from_document(document, Attempt) for document in found]


def purge_attempts(connection: Connection, before: Id, limit: int) -> int:
    """Forgets up to so many attempts older than an identifier."""
    old = select(_A.id).where(_A.id < before).order_by(_A.id).limit(limit)
    return connection.execute(delete(webhook_attempts).where(_A.id.in_(old.scalar_subquery()))).rowcount


def _wait(connection: Connection, endpoint_id: Id, again: Sequence[Waiting]) -> None:
    if not again:
        return
    statement = upsert_for(connection, webhook_waiting)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["endpoint_id", "seq"],
        set_={"first_at": new.first_at, "attempts": new.attempts, "next_at": new.next_at},
    )
    rows = [
        {
            "endpoint_id": endpoint_id,
            "seq": one.seq,
            "first_at": one.first_at,
            "attempts": one.attempts,
            "next_at": one.next_at,
        }
        for one in again
    ]
    connection.execute(statement, rows)


def _attempt_row(attempt: Attempt) -> dict[str, object]:
    return {
        "id": attempt.id,
        "endpoint_id": attempt.endpoint_id,
        "event": attempt.event,
        "result": attempt.result.value,
        "document": to_document(attempt),
    }
