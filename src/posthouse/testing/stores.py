"""The contract suite of stores: every promise of the ports, for any implementation.

A store's tests derive one class from each ``StoreContract…`` (or one from :class:`StoreContract`, which has them all) and
supply four fixtures:

* ``open_store``: :data:`OpenStore`, opens store objects on the test's own data (as other processes would) and closes them;
* ``store``: the first of these, on a store without data;
* ``fresh_store``: :data:`FreshStore`, for tests that need many empty stores one after the other;
* ``kit``: ``Kit()``.
"""

from posthouse.testing.store_alerts import StoreContractAlerts
from posthouse.testing.store_contacts import StoreContractContacts
from posthouse.testing.store_conversions import StoreContractConversions
from posthouse.testing.store_erasing import StoreContractErasure
from posthouse.testing.store_files import StoreContractFiles
from posthouse.testing.store_keeping import StoreContractRetention
from posthouse.testing.store_kit import FreshStore, Kit, OpenStore, Store, check_invariants
from posthouse.testing.store_library import (
    StoreContractItems,
    StoreContractLifecycle,
    StoreContractPublications,
    StoreContractRollouts,
)
from posthouse.testing.store_machine import StoreContractMachine
from posthouse.testing.store_messages import (
    StoreContractAccept,
    StoreContractCancel,
    StoreContractIdempotency,
    StoreContractSearch,
    StoreContractSupersede,
)
from posthouse.testing.store_queue import (
    StoreContractClaim,
    StoreContractHold,
    StoreContractRecord,
    StoreContractWake,
)
from posthouse.testing.store_returned import StoreContractReturned
from posthouse.testing.store_rollups import StoreContractRollups
from posthouse.testing.store_settings import (
    StoreContractMaintenance,
    StoreContractProviders,
    StoreContractSandbox,
    StoreContractTemplates,
    StoreContractWorkspaces,
)
from posthouse.testing.store_stream import StoreContractStream
from posthouse.testing.store_suppressions import StoreContractSuppressions
from posthouse.testing.store_tracking import StoreContractTracking
from posthouse.testing.store_webhooks import StoreContractWebhooks

__all__ = [
    "FreshStore",
    "Kit",
    "OpenStore",
    "Store",
    "StoreContract",
    "StoreContractAccept",
    "StoreContractAlerts",
    "StoreContractCancel",
    "StoreContractClaim",
    "StoreContractContacts",
    "StoreContractConversions",
    "StoreContractErasure",
    "StoreContractFiles",
    "StoreContractHold",
    "StoreContractIdempotency",
    "StoreContractItems",
    "StoreContractLifecycle",
    "StoreContractMachine",
    "StoreContractMaintenance",
    "StoreContractProviders",
    "StoreContractPublications",
    "StoreContractRecord",
    "StoreContractRetention",
    "StoreContractReturned",
    "StoreContractRollouts",
    "StoreContractRollups",
    "StoreContractSandbox",
    "StoreContractSearch",
    "StoreContractStream",
    "StoreContractSupersede",
    "StoreContractSuppressions",
    "StoreContractTemplates",
    "StoreContractTracking",
    "StoreContractWake",
    "StoreContractWebhooks",
    "StoreContractWorkspaces",
    "check_invariants",
]


class StoreContract(
    StoreContractAccept,
    StoreContractIdempotency,
    StoreContractSupersede,
    StoreContractCancel,
    StoreContractSearch,
    StoreContractStream,
    StoreContractClaim,
    StoreContractRecord,
    StoreContractHold,
    StoreContractWake,
    StoreContractWebhooks,
    StoreContractWorkspaces,
    StoreContractTemplates,
    StoreContractItems,
    StoreContractLifecycle,
    StoreContractPublications,
    StoreContractRollouts,
    StoreContractProviders,
    StoreContractSandbox,
    StoreContractSuppressions,
    StoreContractReturned,
    StoreContractMaintenance,
    StoreContractTracking,
    StoreContractRollups,
    StoreContractConversions,
    StoreContractContacts,
    StoreContractAlerts,
    StoreContractFiles,
    StoreContractRetention,
    StoreContractErasure,
    StoreContractMachine,
):
    """All of it."""
