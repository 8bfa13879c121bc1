"""Sending domains."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from posthouse.core.workspaces.scopes import ADMIN_READ, ADMIN_WRITE
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body
from posthouse.http.operations import Operation
from posthouse.http.schemas import settings as schemas

TAG = "Domains"


async def list_domains(here: ServicesHere, access: AccessHere) -> Response:
    """All domains with their records."""
    found = await here.domains.list(access.caller.workspace_id)
    return answer(schemas.DomainList([schemas.domain(item, list(here.domains.records(item))) for item in found]))


async def add_domain(
    here: ServicesHere, access: AccessHere, wanted: Annotated[schemas.NewDomain, Depends(json_body(schemas.NewDomain))]
) -> Response:
    """Adds a domain with new keys."""
    made = await here.domains.add(access.caller.workspace_id, wanted.name, verified=wanted.verified)
    return answer(schemas.domain(made, list(here.domains.records(made))), 201)


async def get_domain(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """One domain."""
    found = await here.domains.get(access.caller.workspace_id, name)
    return answer(schemas.domain(found, list(here.domains.records(found))))


async def check_domain(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """Looks its records up."""
    found, findings = await here.domains.check(access.caller.workspace_id, name)
    return answer(schemas.checked_domain(found, list(here.domains.records(found)), list(findings)))


async def remove_domain(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """Forgets it."""
    await here.domains.remove(access.caller.workspace_id, name)
    return Response(status_code=204)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/domains",
        id="listDomains",
        summary="List domains",
        tag=TAG,
        endpoint=list_domains,
        scope=ADMIN_READ,
        gives=schemas.DomainList,
    ),
    Operation(
        method="POST",
        path="/v1/domains",
        id="addDomain",
        summary="Add a domain",
        description="Makes its signing keys; the answer lists the DNS records to publish.",
        tag=TAG,
        endpoint=add_domain,
        scope=ADMIN_WRITE,
        takes=schemas.NewDomain,
        gives=schemas.DomainAnswer,
        status=201,
        fails=(409,),
        example={"name": "mail.shop.example"},
    ),
    Operation(
        method="GET",
        path="/v1/domains/{name}",
        id="getDomain",
        summary="See a domain",
        tag=TAG,
        endpoint=get_domain,
        scope=ADMIN_READ,
        gives=schemas.DomainAnswer,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/domains/{name}/check",
        id="checkDomain",
        summary="Check a domain",
        description="Looks its records up and says what is missing. With all required ones in place it is verified.",
        tag=TAG,
        endpoint=check_domain,
        scope=ADMIN_WRITE,
        gives=schemas.CheckedDomainAnswer,
        fails=(404,),
    ),
    Operation(
        method="DELETE",
        path="/v1/domains/{name}",
        id="removeDomain",
        summary="Remove a domain",
        description="Its keys are forgotten.",
        tag=TAG,
        endpoint=remove_domain,
        scope=ADMIN_WRITE,
        status=204,
        fails=(404,),
    ),
)
