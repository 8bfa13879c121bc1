"""Turns an e-mail document, a theme and a locale into MJML (docs/explain/email-document.md)."""

from posthouse.rendering.document.build import Built, build
from posthouse.rendering.document.variant import Written, written
from posthouse.rendering.document.writing import speaking

__all__ = ["Built", "Written", "build", "speaking", "written"]
