"""Templates and releases."""

import enum
import re
from typing import Any, Final, Literal, TypeAlias

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.templates.attachments.model import Declared
from posthouse.core.templates.cases.model import Case
from posthouse.core.templates.library.model import CompiledIn, Use
from posthouse.core.templates.mobile import Content
from posthouse.core.templates.promises import Promise
from posthouse.core.templates.rollout import Rollout

_ENCODER: Final = msgspec.json.Encoder()

Direction: TypeAlias = Literal["", "ltr", "rtl"]
ISOLATES: Final = "{#~#}"
"""Stands before an expression of HTML that prints into text, and prints nothing (rendering/isolation.py)."""

LEGAL_BASES: Final = (
    "contract",
    "legal-obligation",
    "legitimate-interest",
    "consent",
    "vital-interest",
    "public-task",
)
"""Grounds of the GDPR, article 6(1)."""


class Category(enum.StrEnum):
    """What rules a message falls under."""

    TRANSACTIONAL = "transactional"
    COMMERCIAL = "commercial"


class UnknownPolicy(enum.StrEnum):
    """What to do when the bytes left and no answer came: send again (the default), or hold for a decision."""

    RESEND = "resend"
    HOLD = "hold"


class Sender(msgspec.Struct, frozen=True):
    """An address with an optional display name."""

    email: str
    name: str = ""


class Tracking(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is noticed of a message: None leaves it to the level above (message, template, workspace)."""

    opens: bool | None = None
    clicks: bool | None = None


class VariantSource(msgspec.Struct, frozen=True):
    """What a person wrote for one channel and locale. One of ``document``, ``mjml`` and ``html`` for e-mail.

    A document speaks every locale it has words for: its variants share it. Subject and preheader stand in the document.
    """

    channel: str
    locale: str
    subject: str = ""
    mjml: str | None = None
    html: str | None = None
    text: str | None = None
    preheader: str | None = None
    document: dict[str, Any] | None = None
    """The e-mail document as JSON (core/templates/document.py); kept as it was written, read at publish."""
    theme: dict[str, Any] | None = None
    """The tokens that the document names (core/templates/theme.py); None: the built-in theme."""
    content: dict[str, Any] | None = None
    """What an SMS, a push or a WhatsApp message says (core/templates/mobile), as it was written."""


class TemplateSource(msgspec.Struct, frozen=True):
    """A whole template as pushed: the settings, the variants, the schema and the samples."""

    key: str
    name: str
    variants: tuple[VariantSource, ...]
    description: str = ""
    kind: str = ""
    category: Category = Category.TRANSACTIONAL
    lane: str = "normal"
    default_channel: str = "email"
    default_locale: str = "en"
    sender: Sender | None = None
    reply_to: Sender | None = None
    unknown_policy: UnknownPolicy = UnknownPolicy.RESEND
    tags: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None
    """JSON Schema (2020-12) of the variables; what it does not say is found by analysis."""
    sample: dict[str, Any] = {}
    lint_ignore: tuple[str, ...] = ()
    """Rules of the lint (docs/reference/lint.md) that are broken on purpose."""
    attachments: tuple[Declared, ...] = ()
    """What travels with the mail, made when it is sent (core/templates/attachments)."""
    tests: tuple[Case, ...] = ()
    """Message tests (core/templates/cases), run before every publication."""
    owner: str = ""
    """Who answers for it: a team or an address."""
    legal_basis: str = ""
    """On which ground it is sent: one of :data:`LEGAL_BASES`, or empty."""
    retention: str = ""
    """Its class of retention, as the workspace names it."""
    review_on: str = ""
    """The day of its next review, ``2027-03-31``."""
    service_level: Promise | None = None
    tracking: Tracking = Tracking()
    link_parameters: dict[str, str] = {}
    """Added to the addresses of links, such as ``utm_source``; values may hold ``{{ … }}``."""
    link_parameters_exclude: tuple[str, ...] = ()
    """Hosts, or hosts with paths, whose addresses are left as they are: ``*.pay.example``, ``shop.example/cart*``."""


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """One link of a release; its place in the table is its number."""

    url: str
    """The address; of a dynamic link the program that prints it, as markup."""
    dynamic: bool = False
    """Whether the address depends on the variables."""
    fallback: str = ""
    """The address without its variable parameters, for when the variables were erased."""
    stands_in: str = ""
    """The place for a promotion that it is shown in while the message leaves that empty."""

    @property
    def slot(self) -> str | None:
        """The place for a promotion that it belongs to: the one whose filling gives the address (``slots.NAME.url``) or is missing."""
        found = SLOT.search(self.url) if self.dynamic else None
        return found[1] if found else self.stands_in or None


SLOT: Final = re.compile(r"\bslots\.([A-Za-z_][A-Za-z0-9_]*)\b")
"""A place for a promotion, as programs name it."""


class Scale(msgspec.Struct, frozen=True):
    """What a rating of a release goes from and to."""

    name: str
    lowest: int
    highest: int


class Release(msgspec.Struct, frozen=True):
    """The immutable result of publishing one variant. A message names its release, so it can be rendered again.

    ``programs`` are minijinja sources by name: ``subject``, ``html`` and ``text`` as a reader would see them, and
    the same bodies in wire form (``wire.html``, ``wire.text``: quoted-printable pieces around marked
    expressions, see docs/explain/wire-form.md) where the variant allows it.
    """

    id: Id
    workspace_id: Id
    template_id: Id
    template_key: str
    version: int
    channel: str
    locale: str
    category: Category
    lane: str
    default_channel: str
    default_locale: str
    unknown_policy: UnknownPolicy
    programs: dict[str, str]
    variables: tuple[str, ...]
    """Top-level names that the programs read and do not guard."""
    schema: dict[str, Any]
    """What is checked before accepting: the refined JSON Schema, or one derived from the analysis."""
    created_at: int
    sender: Sender | None = None
    reply_to: Sender | None = None
    tags: tuple[str, ...] = ()
    compiler: str = ""
    """Name and version of what compiled it, so that a rendering can be explained years later."""
    content: dict[str, Any] | None = None
    """SMS, push, WhatsApp: what was written; ``programs`` are those of its texts that hold tags, by path."""
    attachments: tuple[Declared, ...] = ()
    """What travels with the mail; its texts that hold tags are programs named ``attachment.N.FIELD``."""
    links: tuple[Link, ...] = ()
    """The links of the HTML; ``links.html`` prints their numbers between marks (docs/explain/tracking.md)."""
    ratings: tuple[Scale, ...] = ()
    tracking: Tracking = Tracking()
    own_links: bool = False
    """Whether it has addresses that we make ourselves: to unsubscribe, to rate…"""
    always: tuple[str, ...] = ()
    """What it reads of the names that are always there (core/templates/always.py)."""
    of_contact: tuple[str, ...] | None = ()
    """What it reads of ``contact``; None: what cannot be told beforehand, so everything is kept."""
    isolates: Direction = ""
    """How its language is written, when values of the other direction are kept apart; empty: by releases of old."""

    def shown_program(self, name: str) -> str | None:
        """A program for people to read, without the marks that only we need."""
        program = self.programs.get(name)
        return None if program is None else program.replace(ISOLATES, "").replace("{#-~#}", "")


class Made(msgspec.Struct, frozen=True):
    """A release as stores keep it: written where it was compiled, and read by nobody on its way."""

    id: Id
    template_id: Id
    version: int
    channel: str
    locale: str
    document: msgspec.Raw
    """JSON of the :class:`Release`."""

    @classmethod
    def of(cls, release: Release) -> "Made":
        """The same release, ready to be kept."""
        document = msgspec.Raw(_ENCODER.encode(release))
        return cls(release.id, release.template_id, release.version, release.channel, release.locale, document)


class Template(msgspec.Struct, frozen=True):
    """The settings of a template and its latest published version (0: never published)."""

    id: Id
    workspace_id: Id
    key: str
    name: str
    description: str
    kind: str
    category: Category
    version: int
    created_at: int
    updated_at: int
    draft: TemplateSource | None = None
    source_hash: str = ""
    published_hash: str = ""
    """``source_hash`` of what the live version was made from: a push of the same source publishes nothing."""
    latest: int = 0
    """The highest version that was made; more than ``version`` after a rollback."""
    compiled: tuple[CompiledIn, ...] = ()
    """What of the library is in the live version."""
    archived: int = 0
    """The version that was live when it was archived; 0: it is not. Nothing is accepted for it until it comes back."""
    changed_by: str = ""
    """Who saved the draft: the identifier of a key, or ``command line``."""
    rollout: Rollout | None = None
    """The version that serves a share of the messages beside the live one."""

    @property
    def next_version(self) -> int:
        """The number that the next publication gets."""
        return max(self.latest, self.version) + 1

    @property
    def uses(self) -> tuple[Use, ...]:
        """What the live version names of the library."""
        return tuple([one.use for one in self.compiled])


class Edition(msgspec.Struct, frozen=True):
    """What a version was made from, and why."""

    template_id: Id
    version: int
    published_at: int
    source_hash: str
    cause: str = ""
    """Empty: somebody published it. Otherwise the item of the library that was published, such as ``block footer 4``."""
    compiled: tuple[CompiledIn, ...] = ()


class Version(msgspec.Struct, frozen=True):
    """A version that was published, and the variants that it has; its releases never change."""

    number: int
    published_at: int
    variants: tuple[tuple[str, str], ...]
    """(channel, locale), in order."""


class Rendered(msgspec.Struct, frozen=True):
    """What a reader sees. ``content`` for SMS, push and WhatsApp; ``text`` is then the same as one plain text."""

    subject: str
    html: str | None
    text: str
    content: Content | None = None


class WireBody(msgspec.Struct, frozen=True):
    """The bodies ready for the wire.

    Each is quoted-printable, CRLF line ends, lines of at most 76 characters, 7-bit, no line starting with a
    dot, no blank at a line's end, no two blanks in a row, ending with exactly one CRLF: so relaxed and simple body
    canonicalisation (RFC 6376 §3.4) are the same bytes and dot-stuffing (RFC 5321 §4.5.2) changes nothing.
    """

    subject: str
    html: bytes | None
    text: bytes
