"""Answers to ratings: the queries of both stores, each in the caller's transaction."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal, select, tuple_, update
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from posthouse.core.kernel.ids import Id
from posthouse.core.tracking.ratings import QUARTER, Looked, RatingAnswer, RatingCount, RatingQuery
from posthouse.stores.shared.column_types import IdType
from posthouse.stores.shared.documents import upsert_for
from posthouse.stores.shared.rating_schema import rating_answers
from posthouse.stores.shared.schema import messages

Columns = ReadOnlyColumnCollection[str, Any]
_COLUMNS: Final = RatingAnswer.__struct_fields__
_KEY: Final = ("message_id", "rating")


def keep(connection: Connection, answers: Sequence[RatingAnswer]) -> None:
    """Keeps answers in place of earlier ones."""
    if not answers:
        return
    new = upsert_for(connection, rating_answers)
    told = {name: new.excluded[name] for name in _COLUMNS if name not in _KEY}
    later = new.excluded.at >= rating_answers.c.at
    statement = new.on_conflict_do_update(index_elements=_KEY, set_=told, where=later)
    connection.execute(statement, [msgspec.structs.asdict(one) for one in answers])


def forget_words(connection: Connection, message_ids: Sequence[Id]) -> None:
    """Leaves the scores of messages, and nothing that names a person."""
    c = rating_answers.c
    said = c.message_id.in_(message_ids) & c.comment.is_not(None)
    connection.execute(update(rating_answers).where(said).values(comment=None))


def answers(connection: Connection, query: RatingQuery) -> Looked:
    """Answers, the newest first. What an index leads to is walked; what none does is tried on some thousand of them at once."""
    c = rating_answers.c
    order = (c.at.desc(), c.message_id.desc(), c.rating.desc())
    near = select(*(c[name] for name in _COLUMNS)).where(*_near(query)).order_by(*order)
    window = near.limit(query.tried).subquery()
    w = window.c
    far = _far(query, w)
    if not far:
        return Looked([_answer(row) for row in connection.execute(near.limit(query.limit))])
    newest = select(window).where(*far).order_by(w.at.desc(), w.message_id.desc(), w.rating.desc())
    found = [_answer(row) for row in connection.execute(newest.limit(query.limit))]
    if len(found) == query.limit:
        return Looked(found)
    last = select(c.at, c.message_id, c.rating).where(*_near(query)).order_by(*order).offset(query.tried - 1).limit(1)
    row = connection.execute(last).first()
    return Looked(found, None if row is None else (row[0], row[1], row[2]))


def _near(query: RatingQuery) -> list[ColumnElement[bool]]:
    """What the indexes serve."""
    c = rating_answers.c
    wanted = [c.workspace_id == query.workspace_id, c.live == query.live, *_when(query)]
    if query.commented:
        wanted.append(c.comment.is_not(None))
    elif query.template_id is not None:
        wanted.append(c.template_id == query.template_id)
    if query.before is not None:
        at, message, rating = query.before
        wanted.append(
            tuple_(c.at, c.message_id, c.rating) < tuple_(literal(at), literal(message, IdType()), literal(rating))
        )
    return wanted


def _far(query: RatingQuery, c: Columns) -> list[ColumnElement[bool]]:
    """What none serves."""
    wanted = _scored(query, c)
    if query.commented and query.template_id is not None:
        wanted.append(c.template_id == query.template_id)
    if query.locale is not None:
        m = messages.c
        wanted.append(exists().where(m.id == c.message_id, m.locale == query.locale))
    return wanted


def _answer(row: Any) -> RatingAnswer:
    message, rating, workspace, template, live, *rest = row
    return RatingAnswer(message, rating, workspace, template, bool(live), *rest)


def counts(connection: Connection, query: RatingQuery) -> list[RatingCount]:
    """Answers counted."""
    c = rating_answers.c
    quarter = (c.at // QUARTER).label("quarter")
    groups = (c.template_id, c.rating, c.lowest, c.highest, quarter, c.score)
    statement = select(*groups, func.count()).where(_wanted(query)).group_by(*groups)
    return [RatingCount(*row) for row in connection.execute(statement)]


def _wanted(query: RatingQuery) -> ColumnElement[bool]:
    c = rating_answers.c
    wanted = [c.workspace_id == query.workspace_id, c.live == query.live, *_when(query), *_scored(query, c)]
    if query.template_id is not None:
        wanted.append(c.template_id == query.template_id)
    return and_(*wanted)


def _when(query: RatingQuery) -> list[ColumnElement[bool]]:
    at = rating_answers.c.at
    wanted = []
    if query.since is not None:
        wanted.append(at >= query.since)
    if query.until is not None:
        wanted.append(at < query.until)
    return wanted


def _scored(query: RatingQuery, c: Columns) -> list[ColumnElement[bool]]:
    wanted = []
    if query.rating is not None:
        wanted.append(c.rating == query.rating)
    if query.lowest is not None:
        wanted.append(c.score >= query.lowest)
    if query.highest is not None:
        wanted.append(c.score <= query.highest)
    return wanted
