"""Statistics as JSON: the answers of the core as they are."""

from posthouse.core.analytics.answers import Funnel, Table, Timeseries

__all__ = ["Funnel", "Table", "Timeseries"]
