"""Statistics: numbers over time, by dimension, side by side, and the funnel."""

from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request
from starlette.responses import Response

from posthouse.core.analytics.asking import GRANULARITIES, MAX_BY, Asked
from posthouse.core.analytics.dimensions import DIMENSIONS
from posthouse.core.analytics.measures import DEFAULT, METRICS
from posthouse.core.workspaces.scopes import ANALYTICS_READ
from posthouse.http.context import AccessHere, ServicesHere, answer, wants_csv
from posthouse.http.csv import CSV, csv_of
from posthouse.http.operations import Operation
from posthouse.http.routes.messages import live_of
from posthouse.http.schemas import analytics as schemas

TAG = "Analytics"
_MOST: Final = 500


def _filter(name: str) -> Any:
    return Query(description=f"Only {DIMENSIONS[name].says}; several are alternatives.", max_length=50)


class Filters:
    """The period and the filters, which every question has."""

    def __init__(
        self,
        *,
        since: Annotated[
            str,
            Query(
                description="From when on (RFC 3339, or a date in the time zone); default: 30 days with today.",
                max_length=64,
            ),
        ] = "",
        until: Annotated[str, Query(description="Until when; default: now. Rounded to the hour.", max_length=64)] = "",
        timezone: Annotated[
            str, Query(description="What days are: an IANA name; default: the workspace's.", max_length=100)
        ] = "",
        mode: Annotated[
            Literal["live", "test", "all"] | None,
            Query(description="Of which messages; default: the key's own. A test key only ever sees test messages."),
        ] = None,
        template: Annotated[list[str] | None, _filter("template")] = None,
        version: Annotated[list[str] | None, _filter("version")] = None,
        channel: Annotated[list[str] | None, _filter("channel")] = None,
        lane: Annotated[list[str] | None, _filter("lane")] = None,
        source: Annotated[list[str] | None, _filter("source")] = None,
        locale: Annotated[list[str] | None, _filter("locale")] = None,
        provider: Annotated[list[str] | None, _filter("provider")] = None,
        domain: Annotated[list[str] | None, _filter("domain")] = None,
        tag: Annotated[list[str] | None, _filter("tag")] = None,
        step: Annotated[list[str] | None, _filter("step")] = None,
        format: Annotated[  # noqa: A002 - the word of the query
            Literal["json", "csv"] | None, Query(description="`csv` instead of `Accept: text/csv`.")
        ] = None,
    ) -> None:
        given = {
            "template": template, "version": version, "channel": channel, "lane": lane, "source": source,
            "locale": locale, "provider": provider, "domain": domain, "tag": tag, "step": step,
        }  # fmt: skip
        self.words = {name: tuple(words) for name, words in given.items() if words}
        self.since, self.until, self.timezone, self.mode, self.format = since, until, timezone, mode, format

    def asked(self, access: AccessHere, **more: Any) -> Asked:
        """The question."""
        return Asked(
            since=self.since,
            until=self.until,
            timezone=self.timezone,
            filters=self.words,
            live=live_of(self.mode, access),
            **more,
        )

    def shown(self, request: Request, found: Any) -> Response:
        """The answer as JSON, or as CSV where that was asked for."""
        if wants_csv(request, self.format):
            return Response(
                csv_of(found), media_type=CSV, headers={"content-disposition": 'attachment; filename="statistics.csv"'}
            )
        return answer(found)


FiltersHere = Annotated[Filters, Depends()]
_METRICS_SAYS: Final = (
    "What to count; repeatable, or with commas between. Default: " + ", ".join(DEFAULT) + ". See the description."
)
Metrics = Annotated[list[str] | None, Query(description=_METRICS_SAYS, max_length=100)]
By = Annotated[
    list[str] | None,
    Query(
        description=f"Dimensions, at most {MAX_BY}: {', '.join(DIMENSIONS)}; repeatable, or with commas between.",
        max_length=20,
    ),
]
Sort = Annotated[str, Query(description="The metric whose greatest come first; default: the first.", max_length=64)]
Most = Annotated[int, Query(ge=1, le=_MOST, description="How many rows at most.")]


async def get_timeseries(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    filters: FiltersHere,
    metrics: Metrics = None,
    by: By = None,
    granularity: Annotated[str, Query(description=", ".join(GRANULARITIES) + "; default: day.", max_length=32)] = "",
    *,
    previous: Annotated[bool, Query(description="The period before beside it.")] = False,
    sort: Sort = "",
    limit: Annotated[int, Query(ge=1, le=50, description="How many series at most.")] = 10,
) -> Response:
    """Numbers over time."""
    asked = filters.asked(
        access,
        metrics=_words(metrics),
        by=_words(by),
        granularity=granularity,
        previous=previous,
        sort=sort,
        limit=limit,
    )
    return filters.shown(request, await here.analytics.timeseries(access.caller.workspace_id, asked))


async def get_breakdown(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    filters: FiltersHere,
    metrics: Metrics = None,
    by: By = None,
    sort: Sort = "",
    limit: Most = 50,
) -> Response:
    """Numbers by dimension."""
    asked = filters.asked(access, metrics=_words(metrics), by=_words(by) or ("template",), sort=sort, limit=limit)
    return filters.shown(request, await here.analytics.breakdown(access.caller.workspace_id, asked))


async def get_comparison(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    filters: FiltersHere,
    metrics: Metrics = None,
    by: By = None,
    sort: Sort = "",
    limit: Most = 50,
) -> Response:
    """A period and the one before."""
    asked = filters.asked(access, metrics=_words(metrics), by=_words(by), previous=True, sort=sort, limit=limit)
    return filters.shown(request, await here.analytics.breakdown(access.caller.workspace_id, asked))


async def get_funnel(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    filters: FiltersHere,
    by: By = None,
    limit: Most = 50,
) -> Response:
    """What became of messages."""
    asked = filters.asked(access, by=_words(by), limit=limit)
    return filters.shown(request, await here.analytics.funnel(access.caller.workspace_id, asked))


def _words(given: list[str] | None) -> tuple[str, ...]:
    """Repeated or with commas between."""
    return tuple([word.strip() for one in given or () for word in one.split(",") if word.strip()])


_ALL_METRICS: Final = "\n".join(f"- `{metric.name}`: {metric.says}" for metric in METRICS.values())
_BASES: Final = (
    "Counts stand where they happened; rates are of the messages accepted in the bucket, so an open counts for the rate of the day on which its "
    "message was accepted. Machines are counted beside people, never among them. `period.complete_until` says until when all is counted."
)

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/analytics/timeseries",
        id="getTimeseries",
        summary="See numbers over time",
        description=f"{_BASES}\n\nMetrics:\n\n{_ALL_METRICS}",
        tag=TAG,
        endpoint=get_timeseries,
        scope=ANALYTICS_READ,
        gives=schemas.Timeseries,
    ),
    Operation(
        method="GET",
        path="/v1/analytics/breakdown",
        id="getBreakdown",
        summary="See numbers by dimension",
        description=f"By template unless `by` says otherwise. {_BASES} The metrics are those of the time series.",
        tag=TAG,
        endpoint=get_breakdown,
        scope=ANALYTICS_READ,
        gives=schemas.Table,
    ),
    Operation(
        method="GET",
        path="/v1/analytics/funnel",
        id="getFunnel",
        summary="See what became of messages",
        description="Of the messages accepted in the period, how many came how far, whenever that happened.",
        tag=TAG,
        endpoint=get_funnel,
        scope=ANALYTICS_READ,
        gives=schemas.Funnel,
    ),
    Operation(
        method="GET",
        path="/v1/analytics/compare",
        id="getComparison",
        summary="Compare a period with the one before",
        description=(
            "The period before has the same length, as many days where it begins with one. `change` is relative: 0.25 is a quarter more. "
            "The metrics are those of the time series."
        ),
        tag=TAG,
        endpoint=get_comparison,
        scope=ANALYTICS_READ,
        gives=schemas.Table,
    ),
)
