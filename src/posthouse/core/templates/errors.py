"""What can go wrong with templates.

PosthouseError
├── UnknownTemplateError        no such template, version, channel or locale
└── TemplateProblemsError       the template cannot be published as it is
"""

from posthouse.core.kernel.errors import NotFoundError, ValidationError


class UnknownTemplateError(NotFoundError):
    """There is no such template."""

    slug = "unknown-template"
    status = 404


class TemplateProblemsError(ValidationError):
    """The template has problems."""

    slug = "template-problems"
    status = 422
