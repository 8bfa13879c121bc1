"""Contacts as JSON."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from posthouse.core.contacts.model import Contact
from posthouse.core.kernel import ids
from posthouse.core.kernel.moments import show_moment
from posthouse.http.schemas.messages import Moment

ContactId = Annotated[str, Meta(pattern="^con_[0-9a-z]{26}$", examples=["con_01jdb3z5v8e9tr4w6k2m7n0qxy"])]
Key = Annotated[str, Meta(max_length=255, description="What your application calls this person; once in a workspace.")]
Attributes = Annotated[
    dict[str, Any], Meta(description="What else is known; templates read it as `contact.NAME`. At most 32 KB.")
]


class ContactChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays."""

    key: Key | UnsetType | None = UNSET
    name: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=320)] | UnsetType | None = UNSET
    phone: Annotated[str, Meta(max_length=16, examples=["+33612345678"])] | UnsetType | None = UNSET
    locale: Annotated[str, Meta(max_length=35, examples=["fr-CA"])] | UnsetType | None = UNSET
    time_zone: Annotated[str, Meta(max_length=64, examples=["Europe/Paris"])] | UnsetType | None = UNSET
    attributes: (
        Annotated[
            dict[str, Any],
            Meta(description="Those that are named are set, or with null taken away; the others stay."),
        ]
        | UnsetType
    ) = UNSET


class NewContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person; at least an address or a key."""

    key: Key | None = None
    name: Annotated[str, Meta(max_length=200)] = ""
    email: Annotated[str, Meta(max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=16, description="E.164.", examples=["+33612345678"])] | None = None
    locale: Annotated[str, Meta(max_length=35, examples=["fr-CA"])] | None = None
    time_zone: Annotated[str, Meta(max_length=64, examples=["Europe/Paris"])] | None = None
    attributes: Attributes = {}


class ContactAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One person."""

    id: ContactId
    key: str | None
    name: str
    email: str | None
    phone: str | None
    locale: str | None
    time_zone: str | None
    attributes: Attributes
    created_at: Moment
    updated_at: Moment


class ContactPage(msgspec.Struct, frozen=True):
    """A page of contacts, newest first. ``next`` is the ``cursor`` of the following page, null on the last."""

    items: list[ContactAnswer]
    next: str | None


def contact(found: Contact) -> ContactAnswer:
    """A contact."""
    return ContactAnswer(
        id=ids.show(ids.CONTACT, found.id),
        key=found.key,
        name=found.name,
        email=found.email,
        phone=found.phone,
        locale=found.locale,
        time_zone=found.time_zone,
        attributes=found.attributes,
        created_at=show_moment(found.created_at),
        updated_at=show_moment(found.updated_at),
    )


def given(said: NewContact | ContactChange) -> dict[str, Any]:
    """The fields that were given."""
    return {name: value for name, value in msgspec.structs.asdict(said).items() if value is not UNSET}
