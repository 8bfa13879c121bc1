"""Blocks, themes and their publications as JSON."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.moments import show_moment
from posthouse.core.templates.library.content import as_written
from posthouse.core.templates.library.impact import Changed, Impact, TemplateImpact
from posthouse.core.templates.library.model import Item, ItemVersion
from posthouse.core.templates.library.publication import Publication
from posthouse.core.templates.library.pushing import PushedItem
from posthouse.core.templates.library.service import ItemPreview, SavedItem
from posthouse.core.templates.model import Rendered
from posthouse.http.schemas.messages import Moment

VersionNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Kind = Literal["block", "theme"]


class ItemAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A block or theme and its live version (0: never published)."""

    id: str
    kind: Kind
    key: str
    name: str
    description: str
    version: int
    latest: Annotated[int, Meta(description="The highest version there is; more than the live one after an undo.")]
    default: Annotated[bool, Meta(description="Whether documents that name no theme look like this one.")]
    draft_hash: Annotated[str, Meta(description="SHA-256 of the draft: what If-Match wants.")]
    behind: Annotated[bool, Meta(description="Whether the draft differs from what is live.")]
    created_at: Moment
    updated_at: Moment


class ItemDetail(ItemAnswer, frozen=True, kw_only=True):
    """A block or theme with its draft, as it was written."""

    draft: dict[str, Any]


class ItemList(msgspec.Struct, frozen=True):
    """All of a kind by key."""

    items: list[ItemAnswer]


class ItemSaved(msgspec.Struct, frozen=True):
    """The same source again changes nothing."""

    item: ItemAnswer
    changed: bool


class ItemVersionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A published version."""

    version: int
    live: bool
    published_at: Moment


class ItemVersionList(msgspec.Struct, frozen=True):
    """Published versions, newest first."""

    items: list[ItemVersionAnswer]


class ItemVersionDetail(ItemVersionAnswer, frozen=True, kw_only=True):
    """A published version as it was written."""

    source: dict[str, Any]


class RenderItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which version to look at; without one the draft."""

    version: VersionNumber | None = None


class RenderedPart(msgspec.Struct, frozen=True):
    """What a reader would see."""

    subject: str
    html: str | None
    text: str


class RenderedLocale(msgspec.Struct, frozen=True):
    """One language."""

    locale: str
    html: str | None
    text: str


class RenderedItem(msgspec.Struct, frozen=True):
    """A block by itself, or a sheet that shows a theme."""

    items: list[RenderedLocale]
    variables: list[str]
    warnings: list[FieldProblem]


class PublishItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to publish, and how long to wait for the end."""

    version: Annotated[
        VersionNumber | None, Meta(description="An older version to be published again; without it the draft.")
    ] = None
    wait: Annotated[
        float, Meta(ge=0, le=60, description="Seconds to wait for the end before answering how far it is.")
    ] = 10.0


class TroubleAnswer(msgspec.Struct, frozen=True):
    """Why a template cannot be compiled; an empty template means the block or theme itself."""

    template: str
    pointer: str
    detail: str
    code: str


class TurnAnswer(msgspec.Struct, frozen=True):
    """What became of one template."""

    template: str
    before: int
    after: int


class PublicationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One publication: ``running``, then ``done``, or ``refused`` or ``failed`` with nothing changed; perhaps ``undone`` later."""

    id: str
    kind: Kind
    key: str
    version: int
    state: Literal["running", "done", "refused", "failed", "undone"]
    total: Annotated[int, Meta(description="Templates that follow it.")]
    done: Annotated[int, Meta(description="Templates that are compiled so far.")]
    releases: int
    started_at: Moment
    moved_at: Moment


class PublicationDetail(PublicationAnswer, frozen=True, kw_only=True):
    """A publication and what it did."""

    templates: list[TurnAnswer]
    problems: list[TroubleAnswer]


class PublicationList(msgspec.Struct, frozen=True):
    """The newest publications."""

    items: list[PublicationAnswer]


class PublishAnswer(msgspec.Struct, frozen=True):
    """The publication; null when that is live already."""

    publication: PublicationDetail | None


class TouchedVariant(msgspec.Struct, frozen=True):
    """Which variant."""

    channel: str
    locale: str


class TouchedTemplate(msgspec.Struct, frozen=True):
    """A template that would get another release."""

    key: str
    name: str
    version: int
    variants: list[TouchedVariant]


class ChangedVariant(msgspec.Struct, frozen=True, kw_only=True):
    """One variant with the template's sample, before and after; null where it cannot be compiled."""

    channel: str
    locale: str
    changed: bool
    before: RenderedPart | None
    after: RenderedPart | None


class ChangedTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of one template."""

    key: str
    variants: list[ChangedVariant]
    findings: Annotated[list[FieldProblem], Meta(description="Of the lint, that the live version does not have.")]
    problems: Annotated[list[FieldProblem], Meta(description="What would stop the publication.")]


class ImpactAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All templates that publishing would touch, and a page of them in detail."""

    version: Annotated[int, Meta(description="The live version.")]
    behind: bool
    templates: list[TouchedTemplate]
    pinned: Annotated[list[str], Meta(description="Templates that stay with a version.")]
    items: list[ChangedTemplate]
    next: Annotated[str | None, Meta(description="Cursor of the following page; null on the last.")] = None


class PushedItemAnswer(msgspec.Struct, frozen=True):
    """What became of one block or theme."""

    item: ItemAnswer
    changed: bool


def item(found: Item) -> ItemAnswer:
    """An item."""
    return ItemAnswer(**_fields(found))


def item_detail(found: Item) -> ItemDetail:
    """An item with its draft."""
    return ItemDetail(**_fields(found), draft=as_written(found.draft))


def saved(result: SavedItem) -> ItemSaved:
    """What saving did."""
    return ItemSaved(item(result.item), result.changed)


def pushed(result: PushedItem) -> PushedItemAnswer:
    """What pushing did."""
    return PushedItemAnswer(item(result.item), result.changed)


def version(found: ItemVersion, live: int) -> ItemVersionAnswer:
    """A version in a list."""
    return ItemVersionAnswer(
        version=found.number, live=found.number == live, published_at=show_moment(found.published_at)
    )


def version_detail(found: ItemVersion, live: int) -> ItemVersionDetail:
    """A version with its source."""
    return ItemVersionDetail(
        version=found.number,
        live=found.number == live,
        published_at=show_moment(found.published_at),
        source=as_written(found.source),
    )


def preview(found: ItemPreview) -> RenderedItem:
    """A block or theme to look at."""
    pairs = zip(found.locales, found.rendered, strict=True)
    items = [RenderedLocale(locale, one.html, one.text) for locale, one in pairs]
    return RenderedItem(items, list(found.variables), list(found.warnings))


def publication(found: Publication) -> PublicationAnswer:
    """A publication in a list."""
    return PublicationAnswer(**_publication(found))


def publication_detail(found: Publication) -> PublicationDetail:
    """A publication and what it did."""
    troubles = [
        TroubleAnswer(one.template, one.problem.pointer, one.problem.detail, one.problem.code) for one in found.troubles
    ]
    turns = [TurnAnswer(turn.key, turn.before, turn.after) for turn in found.turns]
    return PublicationDetail(**_publication(found), templates=turns, problems=troubles)


def publications(found: Sequence[Publication]) -> PublicationList:
    """Several."""
    return PublicationList([publication(one) for one in found])


def impact(found: Impact) -> ImpactAnswer:
    """What publishing would do."""
    touched = [
        TouchedTemplate(one.key, one.name, one.version, [TouchedVariant(*place) for place in one.variants])
        for one in found.touched
    ]
    return ImpactAnswer(
        version=found.item.version,
        behind=found.item.behind,
        templates=touched,
        pinned=list(found.pinned),
        items=[_changed(one) for one in found.details],
        next=found.next,
    )


def _changed(one: TemplateImpact) -> ChangedTemplate:
    variants = [_variant(variant) for variant in one.variants]
    return ChangedTemplate(key=one.key, variants=variants, findings=list(one.findings), problems=list(one.problems))


def _variant(one: Changed) -> ChangedVariant:
    return ChangedVariant(
        channel=one.channel,
        locale=one.locale,
        changed=one.changed,
        before=_rendered(one.before),
        after=_rendered(one.after),
    )


def _rendered(one: Rendered | None) -> RenderedPart | None:
    return None if one is None else RenderedPart(one.subject, one.html, one.text)


def _fields(found: Item) -> dict[str, Any]:
    return {
        "id": ids.show(ids.ITEM, found.id),
        "kind": found.kind.value,
        "key": found.key,
        "name": found.name,
        "description": found.draft.description,
        "version": found.version,
        "latest": found.latest,
        "default": found.default,
        "draft_hash": found.source_hash,
        "behind": found.behind,
        "created_at": show_moment(found.created_at),
        "updated_at": show_moment(found.updated_at),
    }


def _publication(found: Publication) -> dict[str, Any]:
    return {
        "id": ids.show(ids.PUBLICATION, found.id),
        "kind": found.kind.value,
        "key": found.key,
        "version": found.version,
        "state": found.state.value,
        "total": found.total,
        "done": found.done,
        "releases": found.releases,
        "started_at": show_moment(found.started_at),
        "moved_at": show_moment(found.moved_at),
    }
