"""Templates as JSON."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from posthouse.core.analytics.comparing import Compared
from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, PosthouseError
from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages.submission import Receipt
from posthouse.core.templates.mobile import Content
from posthouse.core.templates.model import Release, Template, Version
from posthouse.core.templates.service import Preview, PushResult
from posthouse.http.schemas.library import PushedItemAnswer
from posthouse.http.schemas.messages import Moment


class Base64File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is no text."""

    base64: str


class PushTemplates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Template folders as files: ``{"order-confirmation/template.toml": "…", …}``, or one folder without its name."""

    files: Annotated[dict[str, str | Base64File], Meta(min_length=1, max_length=1000)]
    publish: Annotated[bool, Meta(description="Publish at once what changed.")] = False
    percent: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=100,
                description="With `publish`: of templates that are live, for this share of the messages first.",
            ),
        ]
        | None
    ) = None
    base: Annotated[
        dict[str, str],
        Meta(
            description="By key, the `draft_hash` that a draft was made from ('' for a new one): it is not overwritten when "
            "somebody else changed it since."
        ),
    ] = {}
    dry_run: Annotated[bool, Meta(description="Only find out what would change, and what is wrong.")] = False


class RenderTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to render; without ``variables`` the template's own sample."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | Literal["draft"] | None = None
    channel: str | None = None
    locale: str | None = None
    variables: dict[str, Any] | None = None


class SetRollout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The share, and which version if it is to be another than the one that is being rolled out."""

    percent: Annotated[int, Meta(ge=1, le=100, description="Of the people who are written to.")]
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class RolloutAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The version that serves a share of the messages."""

    version: int
    percent: int
    started_at: Moment


class RolloutState(msgspec.Struct, frozen=True, kw_only=True):
    """Which version is live, and which one comes."""

    version: Annotated[int, Meta(description="The live version.")]
    rollout: RolloutAnswer | None
    comparison: Annotated[
        Compared | None,
        Meta(
            description="Bounces, complaints and clicks of both versions since the roll-out began. "
            "Null when none runs, or the key has no scope `analytics:read`."
        ),
    ] = None


class TemplateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A template and its live version (0: never published)."""

    id: str
    key: str
    name: str
    description: str
    kind: Annotated[
        str,
        Meta(
            description="Of what kind its messages are: one of the list in docs/howto/templates.md, `x-…` for a company's own, or empty.",
            examples=["order-confirmation"],
        ),
    ]
    category: Literal["transactional", "commercial"]
    version: int
    archived: bool
    lane: Literal["critical", "normal", "bulk"]
    owner: str
    tags: list[str]
    legal_basis: str
    retention: str
    review_on: Annotated[str, Meta(description="The day of the next review, or empty.")]
    draft_hash: Annotated[str, Meta(description="SHA-256 of the draft's source.")]
    changed_by: Annotated[str, Meta(description="Who saved the draft: a key's identifier, or the command line.")]
    behind: Annotated[bool, Meta(description="Whether the draft differs from what is live.")]
    rollout: Annotated[RolloutAnswer | None, Meta(description="The version that serves a share of the messages.")]
    created_at: Moment
    updated_at: Moment


class VariantAnswer(msgspec.Struct, frozen=True):
    """What was written for one channel and locale."""

    channel: str
    locale: str
    subject: str
    preheader: str | None
    mjml: str | None
    html: str | None
    text: str | None
    document: Annotated[dict[str, Any] | None, Meta(description="The e-mail document, shared by its locales.")] = None
    theme: dict[str, Any] | None = None
    content: Annotated[dict[str, Any] | None, Meta(description="What an SMS, a push or a WhatsApp message says.")] = (
        None
    )


class TemplateDetail(TemplateAnswer, frozen=True, kw_only=True):
    """A template with its draft."""

    variants: list[VariantAnswer]
    schema: dict[str, Any] | None
    sample: dict[str, Any]


class TemplateList(msgspec.Struct, frozen=True):
    """All templates by key."""

    items: list[TemplateAnswer]


class VersionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A published version."""

    version: int
    live: Annotated[bool, Meta(description="Whether it is what a message gets that names no version.")]
    published_at: Moment


class VariantName(msgspec.Struct, frozen=True):
    """Which variant."""

    channel: str
    locale: str


class VersionItem(VersionAnswer, frozen=True, kw_only=True):
    """A published version and which variants it has."""

    variants: list[VariantName]


class VersionList(msgspec.Struct, frozen=True):
    """Published versions, newest first."""

    items: list[VersionItem]
    next: Annotated[str | None, Meta(description="Cursor of the following page; null on the last.")] = None


class ReleaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One variant as it was compiled."""

    release: str
    channel: str
    locale: str
    subject: str
    html: str | None
    text: str | None
    variables: list[str]
    schema: Annotated[dict[str, Any], Meta(description="JSON Schema that variables are checked against.")]
    compiler: Annotated[str, Meta(description="Name and version of what compiled it.")]


class VersionDetail(VersionAnswer, frozen=True, kw_only=True):
    """A published version: its settings and its variants."""

    category: Literal["transactional", "commercial"]
    lane: str
    default_channel: str
    default_locale: str
    unknown_policy: Literal["resend", "hold"]
    variants: list[ReleaseAnswer]


class TemplateUse(msgspec.Struct, frozen=True):
    """A template that names a block or theme, and in which versions it is pinned."""

    key: str
    name: str
    live: bool
    draft: bool
    pinned: list[int]


class TemplateUses(msgspec.Struct, frozen=True):
    """Templates by key."""

    items: list[TemplateUse]


class PushedTemplate(msgspec.Struct, frozen=True):
    """What became of one template; the same source again changes nothing."""

    template: TemplateAnswer
    changed: bool
    warnings: list[FieldProblem]


class PushAnswer(msgspec.Struct, frozen=True):
    """One result for each template, and for each block and theme."""

    items: list[PushedTemplate]
    library: list[PushedItemAnswer] = []


class RenderedAnswer(msgspec.Struct, frozen=True):
    """What a reader would see. ``size`` is in bytes, as the bodies would travel."""

    subject: str
    html: str | None
    text: str
    size: int
    warnings: list[FieldProblem]
    content: Annotated[
        Content | None, Meta(description="SMS, push, WhatsApp: what would be sent; `text` is the same as plain text.")
    ] = None
    attachments: Annotated[tuple[str, ...], Meta(description="Names of files that would travel with it.")] = ()
    variables: Annotated[list[str], Meta(description="Names of the variables that it reads.")] = []
    locale: Annotated[str, Meta(description="The language that was found for the one that was asked for.")] = ""


class SendTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom, and what: the draft unless a version is named; without ``variables`` the template's own sample."""

    to: Annotated[list[Annotated[str, Meta(max_length=320)]], Meta(min_length=1, max_length=10)]
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | Literal["draft", "live"] = "draft"
    locale: str | None = None
    variables: dict[str, Any] | None = None


class TestSent(msgspec.Struct, frozen=True):
    """One test: the message, or why there is none."""

    to: str
    id: Annotated[str | None, Meta(description="The message, whose timeline tells the rest.")] = None
    problem: Annotated[str, Meta(description="Why it was not accepted; empty: it was.")] = ""


class TestsSent(msgspec.Struct, frozen=True):
    """One result for each address, in order."""

    results: list[TestSent]


class MissingAnswer(msgspec.Struct, frozen=True):
    """A text or a file that a language lacks."""

    locale: str
    key: Annotated[str, Meta(description="Such as `email.json#/blocks/title/text`, or a file.")]
    shown: Annotated[str, Meta(description="The language that stands in; empty: nothing does.")]


class TranslationsAnswer(msgspec.Struct, frozen=True):
    """Everything that is missing, by language."""

    items: list[MissingAnswer]


class TranslatedAnswer(msgspec.Struct, frozen=True):
    """A translation that was put into a draft, or (`dry_run`) would be."""

    template: Annotated[str, Meta(description="Its key.")]
    locale: str
    texts: Annotated[int, Meta(description="Texts with words in the file.")]
    changed: Annotated[list[str], Meta(description="The units whose words are others now.")]
    draft_hash: Annotated[str, Meta(description="Of the draft with it.")]


def rollout(found: Template, comparison: Compared | None = None) -> RolloutState:
    """What is live of a template, and what comes."""
    running = found.rollout
    if running is None:
        return RolloutState(version=found.version, rollout=None)
    comes = RolloutAnswer(version=running.version, percent=running.percent, started_at=show_moment(running.started_at))
    return RolloutState(version=found.version, rollout=comes, comparison=comparison)


def template(found: Template) -> TemplateAnswer:
    """A template."""
    return TemplateAnswer(**_fields(found))


def template_detail(found: Template) -> TemplateDetail:
    """A template with its draft."""
    draft = found.draft
    variants = [
        VariantAnswer(
            one.channel,
            one.locale,
            one.subject,
            one.preheader,
            one.mjml,
            one.html,
            one.text,
            one.document,
            one.theme,
            one.content,
        )
        for one in (draft.variants if draft else ())
    ]
    return TemplateDetail(
        **_fields(found),
        variants=variants,
        schema=draft.schema if draft else None,
        sample=draft.sample if draft else {},
    )


def pushed(result: PushResult) -> PushedTemplate:
    """The result of a push."""
    return PushedTemplate(template(result.template), result.changed, list(result.warnings))


def version(found: Version, live: int) -> VersionItem:
    """A version in a list; ``live`` is the number of the live one."""
    return VersionItem(
        version=found.number,
        live=found.number == live,
        published_at=show_moment(found.published_at),
        variants=[VariantName(channel, locale) for channel, locale in found.variants],
    )


def version_detail(releases: Sequence[Release], live: int) -> VersionDetail:
    """One version; its releases agree in all settings."""
    first = releases[0]
    return VersionDetail(
        version=first.version,
        live=first.version == live,
        published_at=show_moment(first.created_at),
        category=first.category.value,
        lane=first.lane,
        default_channel=first.default_channel,
        default_locale=first.default_locale,
        unknown_policy=first.unknown_policy.value,
        variants=[_release(one) for one in releases],
    )


def _release(found: Release) -> ReleaseAnswer:
    return ReleaseAnswer(
        release=ids.show(ids.RELEASE, found.id),
        channel=found.channel,
        locale=found.locale,
        subject=found.programs.get("subject", ""),
        html=found.shown_program("html"),
        text=found.programs.get("text"),
        variables=list(found.variables),
        schema=found.schema,
        compiler=found.compiler,
    )


def tests_sent(to: Sequence[str], results: Sequence[Receipt | PosthouseError]) -> TestsSent:
    """What became of each."""
    return TestsSent(
        [
            TestSent(address, ids.show(ids.MESSAGE, one.message_id))
            if isinstance(one, Receipt)
            else TestSent(address, None, "; ".join(dict.fromkeys([field.detail for field in one.fields])) or one.detail)
            for address, one in zip(to, results, strict=True)
        ]
    )


def rendered(preview: Preview) -> RenderedAnswer:
    """A rendering."""
    seen = preview.rendered
    return RenderedAnswer(
        seen.subject,
        seen.html,
        seen.text,
        preview.size,
        list(preview.warnings),
        seen.content,
        preview.attachments,
        preview.reads,
        preview.release.locale,
    )


def _fields(found: Template) -> dict[str, Any]:
    return {
        "id": ids.show(ids.TEMPLATE, found.id),
        "key": found.key,
        "name": found.name,
        "description": found.description,
        "kind": found.kind,
        "category": found.category.value,
        "version": found.version,
        "archived": found.archived > 0,
        "lane": found.draft.lane if found.draft else "normal",
        "owner": found.draft.owner if found.draft else "",
        "tags": list(found.draft.tags) if found.draft else [],
        "legal_basis": found.draft.legal_basis if found.draft else "",
        "retention": found.draft.retention if found.draft else "",
        "review_on": found.draft.review_on if found.draft else "",
        "changed_by": found.changed_by,
        "draft_hash": found.source_hash,
        "behind": found.source_hash != found.published_hash,
        "rollout": rollout(found).rollout,
        "created_at": show_moment(found.created_at),
        "updated_at": show_moment(found.updated_at),
    }
