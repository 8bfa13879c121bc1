"""What questions about statistics are answered with."""

import msgspec

Values = dict[str, float | int | None]
"""By name of the metric; None: there is nothing to divide by, or nothing was measured."""
Dims = dict[str, str | None]
"""By name of the dimension; None: none of these (no template, no provider yet)."""


class Period(msgspec.Struct, frozen=True):
    """What was asked about, and how complete it is."""

    since: str
    until: str
    timezone: str
    complete_until: str
    """Everything that happened until then is counted."""
    lag_seconds: float
    """How far the counting is behind."""


class Point(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bucket of a series."""

    start: str
    values: Values
    previous_start: str | None = None
    previous: Values | None = None


class Series(msgspec.Struct, frozen=True):
    """One line of a chart."""

    dims: Dims
    points: list[Point]


class Timeseries(msgspec.Struct, frozen=True):
    """Numbers over time. ``left_out`` series had less of the first metric."""

    period: Period
    granularity: str
    metrics: list[str]
    by: list[str]
    series: list[Series]
    left_out: int


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row of a table. ``change`` is relative: 0.25 is a quarter more."""

    dims: Dims
    values: Values
    previous: Values | None = None
    change: Values | None = None


class Table(msgspec.Struct, frozen=True, omit_defaults=True):
    """Numbers by dimensions, the most of the sorted metric first; ``total`` is of all, shown or not."""

    period: Period
    metrics: list[str]
    by: list[str]
    items: list[Row]
    left_out: int
    total: Row
    previous_period: tuple[str, str] | None = None


class Stage(msgspec.Struct, frozen=True):
    """One step of a funnel: messages that came so far, and their share of those of another step."""

    name: str
    messages: int
    of: str | None
    share: float | None
    machines_only: int | None = None
    """Messages that nobody but machines (or somebody that nobody can tell) opened or clicked: not among them."""


class Path(msgspec.Struct, frozen=True):
    """The funnel of one value."""

    dims: Dims
    stages: list[Stage]


class Funnel(msgspec.Struct, frozen=True):
    """What became of the messages that were accepted in a period."""

    period: Period
    by: list[str]
    total: Path
    items: list[Path]
    left_out: int
