"""The JSON Schemas of documents and themes, as they are written into docs/reference."""

from typing import Any, Final

import msgspec

from posthouse.core.templates.document import VERSION, EmailDocument
from posthouse.core.templates.theme import Theme

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def document_schema() -> dict[str, Any]:
    """What an e-mail document must look like. Ids that are not unique and bad conditions are found only by reading it."""
    return _schema(EmailDocument, f"Posthouse e-mail document, version {VERSION}")


def theme_schema() -> dict[str, Any]:
    """What a theme must look like."""
    return _schema(Theme, "Posthouse theme")


def _schema(kind: type[msgspec.Struct], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title, **msgspec.json.schema(kind)}
