"""Answers to ratings: the queries of both stores, each in the caller's transaction."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal, select, tuple_, update

from posthouse.core.kernel.ids import Id
from posthouse.core.tracking.ratings import QUARTER, RatingAnswer, RatingCount, RatingQuery
from posthouse.stores.shared.column_types import IdType
from posthouse.stores.shared.documents import upsert_for
from posthouse.stores.shared.rating_schema import rating_answers
from posthouse.stores.shared.schema import messages

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


def answers(connection: Connection, query: RatingQuery) -> list[RatingAnswer]:
    """Answers, the newest first."""
    c = rating_answers.c
    key = tuple_(c.at, c.message_id, c.rating)
    wanted = _wanted(query)
    if query.before is not None:
        at, message, rating = query.before
        wanted = and_(wanted, key < tuple_(literal(at), literal(message, IdType()), literal(rating)))
    if query.commented:
        wanted = and_(wanted, c.comment.is_not(None))
    if query.locale is not None:
        m = messages.c
        wanted = and_(wanted, exists().where(m.id == c.message_id, m.locale == query.locale))
    statement = select(*(c[name] for name in _COLUMNS)).where(wanted)
    newest = statement.order_by(c.at.desc(), c.message_id.desc(), c.rating.desc()).limit(query.limit)
    return [
        RatingAnswer(message, rating, workspace, template, bool(live), *rest)
        for message, rating, workspace, template, live, *rest in connection.execute(newest)
    ]


def counts(connection: Connection, query: RatingQuery) -> list[RatingCount]:
    """Answers counted."""
    c = rating_answers.c
    quarter = (c.at // QUARTER).label("quarter")
    groups = (c.template_id, c.rating, c.lowest, c.highest, quarter, c.score)
    statement = select(*groups, func.count()).where(_wanted(query)).group_by(*groups)
    return [RatingCount(*row) for row in connection.execute(statement)]


def _wanted(query: RatingQuery) -> ColumnElement[bool]:
    c = rating_answers.c
    wanted = [c.workspace_id == query.workspace_id, c.live == query.live]
    if query.template_id is not None:
        wanted.append(c.template_id == query.template_id)
    if query.rating is not None:
        wanted.append(c.rating == query.rating)
    if query.since is not None:
        wanted.append(c.at >= query.since)
    if query.until is not None:
        wanted.append(c.at < query.until)
    if query.lowest is not None:
        wanted.append(c.score >= query.lowest)
    if query.highest is not None:
        wanted.append(c.score <= query.highest)
    return and_(*wanted)
