"""Why a store would not open, and how driver errors become ours."""

from posthouse.core.kernel.errors import PosthouseError


class StoreRefusedError(PosthouseError):
    """The store cannot be opened as it is."""

    slug = "store-refused"
    status = 500
