"""What Prometheus is told. Counting costs a fraction of a microsecond; reading adds up the files of all processes."""

from posthouse.runtime.metrics.counting import Metrics
from posthouse.runtime.metrics.definitions import DEFINITIONS, Definition, Kind
from posthouse.runtime.metrics.exposition import CONTENT_TYPE, render
from posthouse.runtime.metrics.slots import Slots, clean_folder, held_names

__all__ = [
    "CONTENT_TYPE",
    "DEFINITIONS",
    "Definition",
    "Kind",
    "Metrics",
    "Slots",
    "clean_folder",
    "held_names",
    "render",
]
