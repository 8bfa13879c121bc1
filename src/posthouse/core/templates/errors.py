"""What can go wrong with templates.

PosthouseError
├── UnknownTemplateError        no such template, version, channel or locale
├── NoRolloutError              no version is being rolled out
├── StaleDraftError             the draft is not the one that a change was made from
└── TemplateProblemsError       the template cannot be published as it is
    └── TreeProblemsError       nor can others that were pushed with it
"""

from posthouse.core.kernel.errors import ConflictError, NotFoundError, ValidationError


class UnknownTemplateError(NotFoundError):
    """There is no such template."""

    slug = "unknown-template"
    status = 404


class NoRolloutError(NotFoundError):
    """No version is being rolled out."""

    slug = "no-rollout"
    status = 404


class StaleDraftError(ConflictError):
    """Somebody else changed the draft meanwhile."""

    slug = "stale-draft"


class TemplateProblemsError(ValidationError):
    """The template has problems."""

    slug = "template-problems"
    status = 422


class TreeProblemsError(TemplateProblemsError):
    """Several templates have problems."""
