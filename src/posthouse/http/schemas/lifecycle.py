"""Rolling back, copying, putting away and comparing templates, as JSON."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from posthouse.core.templates.lifecycle import RolledBack, VersionDiff
from posthouse.http.schemas.library import Kind, VersionNumber
from posthouse.http.schemas.templates import TemplateAnswer, template


class RollBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To which version."""

    version: VersionNumber


class Duplicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The copy's key, and its name if it is to be another than ``… (copy)``."""

    key: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
    name: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class Outdated(msgspec.Struct, frozen=True):
    """A block or theme that the live version holds in a former version."""

    kind: Kind
    key: str
    version: int


class RolledBackAnswer(msgspec.Struct, frozen=True):
    """The template, and what it holds that is not up to date."""

    template: TemplateAnswer
    outdated: list[Outdated]


class FileDiffAnswer(msgspec.Struct, frozen=True):
    """How one file differs: a unified diff."""

    file: str
    diff: str


class DiffAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How two versions differ; files that are the same are left out."""

    before: str
    after: str
    source: Annotated[list[FileDiffAnswer], Meta(description="As files (docs/howto/templates.md).")]
    rendered: Annotated[list[FileDiffAnswer], Meta(description="As a reader sees them, each with its own sample.")]


class FilesAnswer(msgspec.Struct, frozen=True):
    """A template as files, ready to be pushed again."""

    key: str
    draft_hash: Annotated[str, Meta(description="What `base` of the next push wants, when these are of the draft.")]
    files: dict[str, str]


def rolled_back(found: RolledBack) -> RolledBackAnswer:
    """A template on an older version."""
    outdated = [Outdated(one.use.kind.value, one.key, one.version) for one in found.outdated]
    return RolledBackAnswer(template(found.template), outdated)


def diff(found: VersionDiff) -> DiffAnswer:
    """Two versions side by side."""
    return DiffAnswer(
        before=found.before, after=found.after, source=_files(found.source), rendered=_files(found.rendered)
    )


def _files(found: Any) -> list[FileDiffAnswer]:
    return [FileDiffAnswer(one.file, one.diff) for one in found]
