"""Releases made from plain programs, without a store."""

import itertools
from collections.abc import Callable

import pytest

from posthouse.core.templates.model import Category, Release, TemplateSource, UnknownPolicy, VariantSource
from posthouse.rendering.compiler import MinijinjaCompiler

_NUMBERS = itertools.count(1)


def release_of(source: TemplateSource, variant: VariantSource | None = None) -> Release:
    """Compiles one variant of a source (the first) into a release."""
    variant = variant or source.variants[0]
    compiled = MinijinjaCompiler(social_icons="https://icons.example/").compile(source, variant)
    return Release(
        id=next(_NUMBERS).to_bytes(16, "big"),
        workspace_id=b"w" * 16,
        template_id=b"t" * 16,
        template_key=source.key,
        version=1,
        channel=variant.channel,
        locale=variant.locale,
        category=Category.TRANSACTIONAL,
        lane="normal",
        default_channel="email",
        default_locale="en",
        unknown_policy=UnknownPolicy.RESEND,
        programs=compiled.programs,
        variables=compiled.variables,
        schema=compiled.schema,
        created_at=0,
        links=compiled.links,
        ratings=compiled.ratings,
        isolates=compiled.isolates,
        content=compiled.content,
        attachments=compiled.attachments,
    )


@pytest.fixture
def make() -> Callable[..., Release]:
    """A release from contents: ``make(html=…, text=…, subject=…, schema=…)``."""

    def made(*, subject: str = "Hello", schema: dict | None = None, **contents: str) -> Release:
        variant = VariantSource("email", "en", subject, **contents)
        return release_of(TemplateSource("order", "Order", (variant,), schema=schema))

    return made
