"""The doors, one file a room."""

from posthouse.http.operations import Operation
from posthouse.http.routes import (
    alerts,
    analytics,
    contacts,
    conversions,
    domains,
    events,
    keeping,
    keys,
    levels,
    library,
    lifecycle,
    messages,
    operation,
    providers,
    rollouts,
    suppressions,
    templates,
    tracking,
    tracking_settings,
    webhooks,
)

OPERATIONS: tuple[Operation, ...] = (
    *messages.OPERATIONS,
    *events.OPERATIONS,
    *analytics.OPERATIONS,
    *levels.OPERATIONS,
    *alerts.OPERATIONS,
    *templates.OPERATIONS,
    *lifecycle.OPERATIONS,
    *rollouts.OPERATIONS,
    *library.OPERATIONS,
    *domains.OPERATIONS,
    *providers.OPERATIONS,
    *webhooks.OPERATIONS,
    *contacts.OPERATIONS,
    *suppressions.OPERATIONS,
    *keys.OPERATIONS,
    *keeping.OPERATIONS,
    *tracking.OPERATIONS,
    *tracking_settings.OPERATIONS,
    *conversions.OPERATIONS,
    *operation.OPERATIONS,
)
"""Everything that the API can do."""
