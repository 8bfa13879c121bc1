"""Answers to ratings as JSON."""

from typing import Annotated

import msgspec
from msgspec import Meta

from posthouse.core.analytics.rating_pages import DEFAULT_DAYS, MOST_DAYS
from posthouse.core.analytics.ratings import Said, Summary
from posthouse.core.kernel import ids
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.paging import Page
from posthouse.http.csv import written
from posthouse.http.schemas.messages import Moment

__all__ = ["AnswerPage", "PageMade", "PageWish", "RatingAnswer", "Summary", "csv_of", "page"]


class RatingAnswer(msgspec.Struct, frozen=True):
    """The last answer of one message to one rating."""

    message: Annotated[str, Meta(pattern="^msg_[0-9a-z]{26}$")]
    template: Annotated[str | None, Meta(description="Its key.")]
    rating: Annotated[str, Meta(description="The rating's name in the template.")]
    score: int
    lowest: int
    highest: int
    comment: str | None
    at: Moment
    locale: Annotated[
        str | None, Meta(description="The language of the message; null: the message is not there any more.")
    ]


class AnswerPage(msgspec.Struct, frozen=True):
    """The newest first."""

    items: list[RatingAnswer]
    next: str | None


class PageWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how long."""

    days: Annotated[int, Meta(ge=1, le=MOST_DAYS, description="Days that the page can be read.")] = DEFAULT_DAYS


class PageMade(msgspec.Struct, frozen=True):
    """Whoever has the address may read the page."""

    url: str
    expires_at: Moment


def page(found: Page[Said]) -> AnswerPage:
    """One page."""
    return AnswerPage([_answer(one) for one in found.items], found.next)


def _answer(said: Said) -> RatingAnswer:
    one = said.answer
    return RatingAnswer(
        ids.show(ids.MESSAGE, one.message_id),
        said.template,
        one.rating,
        one.score,
        one.lowest,
        one.highest,
        one.comment,
        show_moment(one.at),
        said.locale,
    )


def csv_of(found: AnswerPage) -> bytes:
    """A page for spreadsheets."""
    names = ("at", "template", "rating", "score", "highest", "locale", "comment", "message")
    return written([names, *([getattr(one, name) for name in names] for one in found.items)])
