"""What the room of templates needs from outside."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.attachments.model import Declared
from posthouse.core.templates.library.model import NO_LIBRARY, Library
from posthouse.core.templates.library.shelf import ItemReading
from posthouse.core.templates.lint.model import Looked, Shown
from posthouse.core.templates.model import (
    Direction,
    Edition,
    Link,
    Release,
    Rendered,
    Scale,
    Template,
    TemplateSource,
    VariantSource,
    Version,
    WireBody,
)
from posthouse.core.templates.rollout import Rollout


class TemplateStore(ItemReading, Protocol):
    """Templates and releases. Publishing raises the settings generation in the same transaction."""

    async def template(self, workspace_id: Id, key: str) -> Template | None:
        """One template with its draft."""
        ...

    async def templates(self, workspace_id: Id) -> Sequence[Template]:
        """All templates by key."""
        ...

    async def save_draft(self, template: Template, expected_hash: str | None) -> None:
        """Keeps a draft; ConflictError when somebody saved another one since ``expected_hash``."""
        ...

    async def publish(
        self, template: Template, releases: Sequence[Release], source: TemplateSource | None = None
    ) -> None:
        """Makes a version live, all variants at once or none; a draft saved meanwhile stays.

        Args:
            template: with the new version, and what of the library is in it; or with its roll-out, while another stays live.
            releases: of all variants.
            source: what they were made from, to be kept.

        Raises:
            ConflictError: that version exists already, or a block or theme it follows was published meanwhile.
        """
        ...

    async def blob_sizes(self, workspace_id: Id, digests: Sequence[bytes]) -> dict[bytes, int]:
        """How many bytes each uploaded file has, of those that are there."""
        ...

    async def edition(self, template_id: Id, version: int) -> tuple[Edition, TemplateSource | None] | None:
        """What a version was made from; None for one that was published before that was kept."""
        ...

    async def set_live(self, template: Template, version: int, beside: Rollout | None = None) -> None:
        """Makes another version live, or none; a draft saved meanwhile stays.

        Args:
            template: with its new ``version``, ``published_hash``, ``compiled``, ``archived`` and ``rollout``.
            version: what was live when it was read.
            beside: what was being rolled out then.

        Raises:
            ConflictError: another version went live, or was made, or the roll-out was changed meanwhile.
        """
        ...

    async def rollout(self, workspace_id: Id, key: str) -> Rollout | None:
        """The version of a template that serves a share of the messages."""
        ...

    async def releases(self, workspace_id: Id, key: str, version: int | None) -> Sequence[Release]:
        """The releases of a version (None: the latest), empty when there is none."""
        ...

    async def versions(self, workspace_id: Id, key: str, before: int | None, limit: int) -> Sequence[Version]:
        """The versions below ``before`` (None: all), newest first, at most ``limit``; empty when there is none."""
        ...

    async def release(self, release_id: Id) -> Release | None:
        """One release by its identifier, of whatever workspace."""
        ...


class Compiled(Protocol):
    """What compiling a variant gives."""

    programs: dict[str, str]
    variables: tuple[str, ...]
    schema: dict[str, Any]
    compiler: str
    content: dict[str, Any] | None
    attachments: tuple[Declared, ...]
    warnings: tuple[FieldProblem, ...]
    links: tuple[Link, ...]
    ratings: tuple[Scale, ...]
    own_links: bool
    always: tuple[str, ...]
    of_contact: tuple[str, ...] | None
    isolates: Direction


class Compiler(Protocol):
    """Turns what a person wrote into programs. Runs at publish, never at dispatch."""

    def compile(self, template: TemplateSource, variant: VariantSource, library: Library = NO_LIBRARY) -> Compiled:
        """Compiles one variant; ``library`` holds what its document names.

        Raises:
            ValidationError: with one FieldProblem for each thing wrong, its place in the source first.
        """
        ...


class LinkWriter(Protocol):
    """Says what stands in place of the marks of one message."""

    def write(self, marks: Sequence[str]) -> list[str]:
        """What each mark becomes, as markup.

        A mark is the number of a link, with U+0004 and the address behind it when it depends on the variables; or ``o`` (picture at
        the end), ``h`` (link that nobody sees), ``u``, ``p``, ``v`` (to unsubscribe, to preferences, to the view in the browser),
        ``r`` with the number of a rating, a dot and the score.
        """
        ...


class Renderer(Protocol):
    """Runs programs. Keeps compiled programs by release; never blocks longer than the fuel limit allows.

    ``at`` is the message's instant and ``zone`` its time zone (IANA): dates are shown in it, and "in 3 days" is
    reckoned from it. The wall clock is never asked, so a message renders the same years later.
    """

    def plain(
        self,
        release: Release,
        variables: Mapping[str, Any],
        *,
        at: int | None = None,
        zone: str = "UTC",
        links: LinkWriter | None = None,
    ) -> Rendered:
        """What the reader sees. ValidationError when a variable is missing or the fuel runs out."""
        ...

    def wire(
        self,
        release: Release,
        variables: Mapping[str, Any],
        *,
        at: int | None = None,
        zone: str = "UTC",
        links: LinkWriter | None = None,
    ) -> WireBody:
        """The same, ready for the wire: decoding it gives exactly :meth:`plain`, but for what ``links`` writes."""
        ...

    def printed_links(
        self, release: Release, variables: Mapping[str, Any], *, at: int | None = None, zone: str = "UTC"
    ) -> list[tuple[int, str]]:
        """The links of the HTML in the order they stand in: number, and as markup the address where it depends on the variables."""
        ...

    def attachments(
        self, release: Release, variables: Mapping[str, Any], *, at: int | None = None, zone: str = "UTC"
    ) -> tuple[Declared, ...]:
        """The attachments of one message with their texts filled in, not yet made. Errors as :meth:`plain`."""
        ...

    def encode(self, rendered: Rendered) -> WireBody:
        """Wire form of content that somebody rendered themselves."""
        ...


class Linter(Protocol):
    """Reads the markup of a variant for the lint. Never raises: what it cannot read it says nothing about."""

    def look(self, variant: VariantSource, programs: Mapping[str, str], index: int) -> Looked:
        """What is found in one variant; ``index`` is its place in the template, for pointers."""
        ...

    def shown(
        self, variant: VariantSource, rendered: Rendered, index: int, *, pictures: bool, promotion: bool
    ) -> Shown:
        """What is told by a variant as it was rendered: its ``pictures``, and whether there is too much ``promotion``."""
        ...


class VariablesChecker(Protocol):
    """Checks variables against a release's schema; compiled schemas are kept by release."""

    def problems(self, release: Release, variables: Mapping[str, Any]) -> Sequence[FieldProblem]:
        """One problem for each missing or ill-typed variable, pointers relative to ``/variables``."""
        ...
