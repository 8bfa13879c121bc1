"""What the peers in Jinja2 get of ours: the filters that our compiler puts into programs."""

from typing import Final

from posthouse.rendering.addresses import ADDRESS_FILTERS
from posthouse.rendering.text_columns import COLUMN_FILTERS

FILTERS: Final = {**COLUMN_FILTERS, **ADDRESS_FILTERS}
"""Columns of the text part, and what keeps addresses from running anything."""
