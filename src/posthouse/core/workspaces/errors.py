"""What the room of workspaces refuses.

PosthouseError
├── NotFoundError
│   ├── UnknownWorkspaceError
│   ├── UnknownKeyError
│   └── UnknownDomainError
├── ConflictError
│   ├── WorkspaceExistsError
│   ├── DomainExistsError
│   └── StaleSettingsError      they are not those that a change was made from
└── ForbiddenError
    └── ScopeTooWideError       a key cannot give away or revoke more than it has
"""

from posthouse.core.kernel.errors import ConflictError, ForbiddenError, NotFoundError


class UnknownWorkspaceError(NotFoundError):
    """There is no such workspace."""

    slug = "unknown-workspace"


class UnknownKeyError(NotFoundError):
    """There is no such API key."""

    slug = "unknown-key"


class UnknownDomainError(NotFoundError):
    """There is no such sending domain."""

    slug = "unknown-domain"


class WorkspaceExistsError(ConflictError):
    """A workspace has that name already."""

    slug = "workspace-exists"


class DomainExistsError(ConflictError):
    """The workspace has that domain already."""

    slug = "domain-exists"


class StaleSettingsError(ConflictError):
    """Somebody else changed the settings meanwhile."""

    slug = "stale-settings"


class ScopeTooWideError(ForbiddenError):
    """A key cannot give away or revoke more than it has."""

    slug = "scope-too-wide"
