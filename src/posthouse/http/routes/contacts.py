"""Contacts: the people of a workspace."""

from functools import partial
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from posthouse.core.contacts.model import ContactQuery
from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import ForbiddenError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.workspaces.scopes import CONTACTS_READ, CONTACTS_WRITE
from posthouse.http.auth import Access
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body, page_after
from posthouse.http.operations import Operation
from posthouse.http.schemas import contacts as schemas

TAG = "Contacts"


async def list_contacts(
    here: ServicesHere,
    access: AccessHere,
    email: Annotated[str | None, Query(description="With this e-mail address.", max_length=320)] = None,
    cursor: Annotated[str | None, Query(description="`next` of the previous page.")] = None,
    limit: Annotated[int, Query(description="Items a page.", ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """The newest first."""
    before = page_after(cursor, partial(ids.read, ids.CONTACT))
    page = await here.contacts.search(ContactQuery(_workspace(access), email, before, limit))
    return answer(schemas.ContactPage([schemas.contact(one) for one in page.items], page.next))


async def add_contact(
    here: ServicesHere,
    access: AccessHere,
    said: Annotated[schemas.NewContact, Depends(json_body(schemas.NewContact))],
) -> Response:
    """Adds one."""
    return answer(schemas.contact(await here.contacts.add(_workspace(access), schemas.given(said))), 201)


async def get_contact(here: ServicesHere, access: AccessHere, contact: str) -> Response:
    """One of them."""
    return answer(schemas.contact(await here.contacts.get(_workspace(access), contact)))


async def change_contact(
    here: ServicesHere,
    access: AccessHere,
    contact: str,
    said: Annotated[schemas.ContactChange, Depends(json_body(schemas.ContactChange))],
) -> Response:
    """Changes what is given."""
    return answer(schemas.contact(await here.contacts.change(_workspace(access), contact, schemas.given(said))))


async def remove_contact(here: ServicesHere, access: AccessHere, contact: str) -> Response:
    """Forgets one."""
    await here.contacts.remove(_workspace(access), contact)
    return Response(status_code=204)


def _workspace(access: Access) -> Id:
    """Whose contacts. They are real people: a test key may write to its sandbox as if to them, and neither lists nor changes them."""
    if not access.caller.live:
        raise ForbiddenError("Contacts are real people: a test key neither sees nor changes them. Use a live key.")
    return access.caller.workspace_id


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/contacts",
        id="listContacts",
        summary="List contacts",
        description="Newest first.",
        tag=TAG,
        endpoint=list_contacts,
        scope=CONTACTS_READ,
        gives=schemas.ContactPage,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/contacts",
        id="addContact",
        summary="Add a contact",
        description=(
            "A message names it by `contact`: its id, or the key that your application gave it. The language of the message is then "
            "the contact's unless the request says one, and templates read what is kept as `contact.NAME`."
        ),
        tag=TAG,
        endpoint=add_contact,
        scope=CONTACTS_WRITE,
        takes=schemas.NewContact,
        gives=schemas.ContactAnswer,
        status=201,
        fails=(409,),
        example={
            "key": "customer-4711",
            "name": "Ann Lee",
            "email": "ann@customer.example",
            "locale": "fr-CA",
            "attributes": {"first_name": "Ann", "points": 120},
        },
    ),
    Operation(
        method="GET",
        path="/v1/contacts/{contact}",
        id="getContact",
        summary="See a contact",
        description="By its id or its key.",
        tag=TAG,
        endpoint=get_contact,
        scope=CONTACTS_READ,
        gives=schemas.ContactAnswer,
        fails=(404,),
    ),
    Operation(
        method="PATCH",
        path="/v1/contacts/{contact}",
        id="changeContact",
        summary="Change a contact",
        description="Sets what is given and leaves the rest; null takes away. Messages that were accepted before do not change.",
        tag=TAG,
        endpoint=change_contact,
        scope=CONTACTS_WRITE,
        takes=schemas.ContactChange,
        gives=schemas.ContactAnswer,
        fails=(404, 409),
        example={"locale": "es", "attributes": {"points": 150}},
    ),
    Operation(
        method="DELETE",
        path="/v1/contacts/{contact}",
        id="removeContact",
        summary="Remove a contact",
        description="What was sent to this person stays.",
        tag=TAG,
        endpoint=remove_contact,
        scope=CONTACTS_WRITE,
        status=204,
        fails=(404,),
    ),
)
