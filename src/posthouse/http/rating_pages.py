"""The page of answers to ratings: numbers over time, then what people wrote. Plain, without scripts, in four languages."""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple
from urllib.parse import urlencode

from posthouse.core.analytics.ratings import Figures, Rated, Said, Summary
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.paging import Page
from posthouse.http.replies import Reply
from posthouse.http.tracking_pages import page
from posthouse.http.tracking_words import WORDS

_BAR: Final = 120
"""Width of the longest bar, pixels."""


class Wish(NamedTuple):
    """What the reader wants to see."""

    template: str | None
    most: int | None
    """Scores up to this one."""


def ratings(
    language: str, summary: Summary, found: Page[Said], templates: Sequence[str], wish: Wish, until: int
) -> Reply:
    """The whole page; every word that somebody else wrote is escaped.

    Args:
        language: the reader's.
        summary: the numbers.
        found: a page of what people wrote.
        templates: keys that may be chosen.
        wish: what was chosen.
        until: how long the page can be read.
    """
    words = WORDS[language]
    numbers = "".join(_numbers(one, language) for one in summary.items) or f"<p>{escape(words['ratings_none'])}</p>"
    written = "".join(_written(one, words) for one in found.items) or f"<p>{escape(words['ratings_no_words'])}</p>"
    wished = {"template": wish.template, "max": wish.most}
    chosen = {name: value for name, value in wished.items() if value is not None}
    older = ""
    if found.next:
        query = urlencode({**chosen, "cursor": found.next, "lang": language})
        older = f'<p><a href="?{escape(query, quote=True)}">{escape(words["ratings_older"])}</a></p>'
    ends = escape(words["ratings_until"]).format(day=_day(show_moment(until)[:10]))
    body = (
        f"{_form(language, templates, wish)}{numbers}<h2>{escape(words['ratings_words'])}</h2>{written}{older}"
        f"<p><small>{ends}</small></p>"
    )
    return page(language, words["ratings"], body, asked=chosen)


def _form(language: str, templates: Sequence[str], wish: Wish) -> str:
    words = WORDS[language]
    options = "".join(
        f'<option value="{escape(key, quote=True)}"{" selected" if key == wish.template else ""}>{escape(key)}</option>'
        for key in templates
    )
    most = "" if wish.most is None else str(wish.most)
    return (
        f'<form method="get"><input type="hidden" name="lang" value="{language}"><p class="choose"><label>{escape(words["ratings_template"])} '
        f'<select name="template"><option value="">{escape(words["ratings_all"])}</option>{options}</select></label> '
        f'<label>{escape(words["ratings_most"])} <input type="number" name="max" min="0" max="10" size="3" value="{most}"></label> '
        f"<button>{escape(words['ratings_show'])}</button></p></form>"
    )


def _numbers(one: Rated, language: str) -> str:
    words = WORDS[language]
    measure = one.measure.upper()
    caption = f"{one.template or '–'} · {one.rating}: {measure} {_value(one.total, language)}"  # noqa: RUF001  a dash for none
    heads = "".join(
        f'<th scope="col">{escape(word)}</th>' for word in (words["ratings_month"], words["ratings_answers"], measure)
    )
    rows = "".join(
        f'<tr><th scope="row">{_day(period.start[:7])}</th><td>{period.figures.answers}</td>'
        f'<td><span class="number">{escape(_value(period.figures, language))}</span> {_bar(period.figures, one.measure)}</td></tr>'
        for period in one.series
    )
    return f'<table><caption dir="auto">{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _value(figures: Figures, language: str) -> str:
    if figures.value is None or figures.margin is None:
        return "–"  # noqa: RUF001  a dash for none
    told = (
        f"{figures.value:+.1f} ± {figures.margin:.1f}"
        if figures.value < 0
        else f"{figures.value:.1f} ± {figures.margin:.1f}"
    )
    return told if language == "en" else told.replace(".", ",")


def _bar(figures: Figures, measure: str) -> str:
    """A picture of the number, for the eye only: the number stands before it. NPS goes from -100 to 100."""
    share = 0.0 if figures.value is None else (figures.value + 100) / 200 if measure == "nps" else figures.value / 100
    width = max(1, round(_BAR * share))
    bar = f'<rect width="{width}" height="10" rx="3" fill="#1f5fbf"/>'
    return f'<svg aria-hidden="true" width="{_BAR}" height="10" viewBox="0 0 {_BAR} 10">{bar}</svg>'


def _day(day: str) -> str:
    """A day or a month, in one piece: browsers break lines at hyphens."""
    return f'<time datetime="{escape(day, quote=True)}">{escape(day)}</time>'


def _written(said: Said, words: dict[str, str]) -> str:
    one = said.answer
    about = words["ratings_score"].format(score=one.score, highest=one.highest)
    told = " · ".join(escape(part) for part in (about, said.template, one.rating) if part)
    tongue = f' lang="{escape(said.locale, quote=True)}"' if said.locale else ""
    return f'<article><p dir="auto"{tongue}>{escape(one.comment or "")}</p><p><small>{told} · {_day(show_moment(one.at)[:10])}</small></p></article>'
