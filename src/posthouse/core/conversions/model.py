"""Conversions, and what is said of them."""

import enum
from typing import Final

import msgspec

from posthouse.core.kernel.ids import Id

MOST_BY_BROWSERS: Final = 20
"""Conversions of one message after which browsers are not believed any more."""


class Basis(enum.StrEnum):
    """Why a conversion is credited to a message, or that it is not."""

    CLICK = "click"
    """The click that brought the person there is named, and was recorded."""
    TOKEN = "token"  # noqa: S105 - a word
    """The click is named; it was not recorded (the store was away just then), but nobody else can name it."""
    ADDRESS = "address"
    """The last click, not by a machine, in a message to the buyer's address."""
    NONE = "none"
    """No click within the window: counted, credited to nothing."""


class Source(enum.StrEnum):
    """Who reported it."""

    API = "api"
    """The business application, with a key."""
    BROWSER = "browser"
    """The script in the buyer's browser: nobody vouches for the amount."""


class Wanted(msgspec.Struct, frozen=True):
    """What is reported."""

    order: str
    amount: int
    """Millionths of the currency's unit."""
    currency: str
    click: str | None = None
    """What ``ph_cid`` said."""
    address: str | None = None
    """The buyer's address."""
    at: int | None = None
    """When it was ordered; None: now."""
    corrects: bool = False
    """The order was counted already: this is what is left of it, 0 when it was cancelled."""


class Conversion(msgspec.Struct, frozen=True):
    """One order, counted once in its workspace and mode."""

    id: Id
    workspace_id: Id
    live: bool
    order: str
    at: int
    amount: int
    currency: str
    source: Source
    basis: Basis
    message_id: Id | None = None
    template_id: Id | None = None
    release_id: Id | None = None
    link: int | None = None
    clicked_at: int | None = None
    ordered: int | None = None
    """The amount that was counted at first; None: it was never corrected."""
    corrected_at: int | None = None

    @property
    def cancelled(self) -> bool:
        """Whether nothing is left of it. An order that was worth nothing from the start is one all the same."""
        return self.ordered is not None and self.ordered > 0 and self.amount == 0


class Sum(msgspec.Struct, frozen=True):
    """What some conversions come to."""

    template_id: Id | None
    release_id: Id | None
    link: int | None
    currency: str
    source: Source
    orders: int
    """Without the cancelled ones."""
    amount: int
    """What is left of them."""
    cancelled: int = 0
    taken_back: int = 0
    """By how much corrections lowered orders, cancelled ones too."""
