"""The JSON Schemas of library files, as they are written into docs/reference."""

from typing import Any

import msgspec

from posthouse.core.templates.document_schema import DIALECT
from posthouse.core.templates.library.content import BlockFile, ThemeFile
from posthouse.core.templates.library.model import ItemKind


def item_schema(kind: ItemKind) -> dict[str, Any]:
    """What ``blocks/KEY.json`` or ``themes/KEY.json`` must look like."""
    file = BlockFile if kind is ItemKind.BLOCK else ThemeFile
    return {"$schema": DIALECT, "title": f"Posthouse library {kind.value}", **msgspec.json.schema(file)}
