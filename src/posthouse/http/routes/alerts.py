"""Alerts."""

from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from msgspec import UNSET
from starlette.responses import Response

from posthouse.core.alerts.ports import AlertQuery
from posthouse.core.alerts.service import read_kind
from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, NotFoundError, ValidationError
from posthouse.core.kernel.moments import read_moment
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.workspaces.scopes import ALERTS_READ, ALERTS_WRITE
from posthouse.http import languages
from posthouse.http import tracking_pages as pages
from posthouse.http.context import AccessHere, ServicesHere, answer, json_body, page_after
from posthouse.http.operations import Operation
from posthouse.http.schemas import alerts as schemas

TAG = "Alerts"
Spoken = Annotated[
    str | None,
    Query(description="Of titles and texts: en, fr, es, ru; default: the first of `Accept-Language`.", max_length=16),
]


async def list_alerts(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    state: Annotated[Literal["open", "recovered"] | None, Query(description="Only these.")] = None,
    kind: Annotated[str | None, Query(description="Only of this kind.", max_length=64)] = None,
    language: Spoken = None,
    cursor: Annotated[str | None, Query(description="`next` of the previous page.", max_length=64)] = None,
    limit: Annotated[int, Query(description="Alerts a page.", ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """Newest first."""
    spoken = _spoken(language, request)
    query = AlertQuery(
        access.caller.workspace_id,
        open=None if state is None else state == "open",
        kind=None if kind is None else read_kind(kind),
        before=page_after(cursor, partial(ids.read, ids.ALERT)),
        limit=limit,
    )
    found, following = await here.alerts.list(query)
    items = [schemas.alert(one, here.speaker, spoken) for one in found]
    return answer(schemas.AlertPage(items, None if following is None else ids.show(ids.ALERT, following)))


async def get_alert(
    here: ServicesHere, access: AccessHere, request: Request, alert_id: str, language: Spoken = None
) -> Response:
    """One of them."""
    found = await here.alerts.get(access.caller.workspace_id, ids.read(ids.ALERT, alert_id))
    return answer(schemas.alert(found, here.speaker, _spoken(language, request)))


async def show_alert_page(here: ServicesHere, request: Request, word: str) -> Response:
    """How an alert is going, for whoever was told of it."""
    browser = languages.accepted(request.headers.get("accept-language", ""))
    spoken = languages.language(request.query_params.get("lang", "")[:16], *browser)
    named = here.speaker.read_page(word)
    try:
        found = None if named is None else await here.alerts.get(*named)
    except NotFoundError:
        found = None
    reply = pages.said(spoken, "gone", 404) if found is None else pages.alert(spoken, found, here.speaker)
    headers = {name.decode(): value.decode() for name, value in [*reply.headers, *reply.security]}
    return Response(reply.body, reply.status, headers=headers)


async def acknowledge_alert(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    alert_id: str,
    wanted: Annotated[schemas.Acknowledgement, Depends(json_body(schemas.Acknowledgement))],
) -> Response:
    """Notes that somebody looks after it."""
    found = await here.alerts.acknowledge(
        access.caller.workspace_id, ids.read(ids.ALERT, alert_id), access.key.name, wanted.note
    )
    return answer(schemas.alert(found, here.speaker, _spoken(None, request)))


async def get_rules(here: ServicesHere, access: AccessHere) -> Response:
    """What is watched, what is muted, who is told."""
    return answer(schemas.rules(await here.alerts.settings(access.caller.workspace_id)))


async def change_rule(
    here: ServicesHere,
    access: AccessHere,
    kind: str,
    wanted: Annotated[schemas.RuleChange, Depends(json_body(schemas.RuleChange))],
) -> Response:
    """Changes one."""
    found = await here.alerts.set_rule(
        access.caller.workspace_id,
        kind,
        threshold=None if wanted.threshold is UNSET else wanted.threshold,
        enabled=None if wanted.enabled is UNSET else wanted.enabled,
    )
    return answer(schemas.rules(found))


async def mute(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.MuteWish, Depends(json_body(schemas.MuteWish))],
) -> Response:
    """Tells nothing about some for a while."""
    until = None
    if wanted.until is not None:
        try:
            until = read_moment(wanted.until)
        except (ValueError, OverflowError) as error:
            problem = FieldProblem(
                "/until", f"write a date and time such as 2027-01-31T09:00:00Z ({error})", "bad-time"
            )
            raise ValidationError("This mutes nothing.", fields=[problem]) from None
    found = await here.alerts.mute(access.caller.workspace_id, kind=wanted.kind, subject=wanted.subject, until=until)
    return answer(schemas.rules(found))


async def unmute(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.UnmuteWish, Depends(json_body(schemas.UnmuteWish))],
) -> Response:
    """Takes a mute back."""
    found = await here.alerts.unmute(access.caller.workspace_id, kind=wanted.kind, subject=wanted.subject)
    return answer(schemas.rules(found))


async def add_target(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.NewTarget, Depends(json_body(schemas.NewTarget))],
) -> Response:
    """Adds somebody to tell."""
    made = await here.alerts.add_target(
        access.caller.workspace_id,
        name=wanted.name,
        kind=wanted.kind,
        address=wanted.address,
        language=wanted.language,
        kinds=wanted.kinds,
    )
    return answer(schemas.MadeTarget(schemas.target(made.target), made.secret or None), 201)


async def remove_target(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """Tells somebody nothing any more."""
    await here.alerts.remove_target(access.caller.workspace_id, name)
    return Response(status_code=204)


async def test_target(here: ServicesHere, access: AccessHere, name: str) -> Response:
    """Tells a made-up alert."""
    error = await here.alerts.test_target(access.caller.workspace_id, name)
    return answer(schemas.Tested(not error, error or None))


async def dry_run(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    wanted: Annotated[schemas.DryRunOf, Depends(json_body(schemas.DryRunOf))],
) -> Response:
    """What would have been said."""
    found = await here.alerts.dry_run(access.caller.workspace_id, wanted.days, wanted.rules)
    return answer(schemas.dry_run(found, here.speaker, _spoken(None, request)))


def _spoken(language: str | None, request: Request) -> str:
    wished = request.headers.get("accept-language", "")
    return languages.chosen(language) if language is not None else languages.language(*languages.accepted(wished))


OPERATIONS = (
    Operation(
        method="GET",
        path="/alerts/{word}",
        id="showAlertPage",
        summary="Read an alert as a page",
        description="Where mails and chats about an alert lead (`page`). The address is signed and needs no key: who was told may read on.",
        tag=TAG,
        endpoint=show_alert_page,
        public=True,
        gives="text/html",
        pages=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/alerts",
        id="listAlerts",
        summary="List alerts",
        description="Open ones and those that are over, newest first. One cause is open once.",
        tag=TAG,
        endpoint=list_alerts,
        scope=ALERTS_READ,
        gives=schemas.AlertPage,
    ),
    Operation(
        method="GET",
        path="/v1/alerts/rules",
        id="getAlertRules",
        summary="See what is watched and who is told",
        tag=TAG,
        endpoint=get_rules,
        scope=ALERTS_READ,
        gives=schemas.RulesAnswer,
    ),
    Operation(
        method="PATCH",
        path="/v1/alerts/rules/{kind}",
        id="changeAlertRule",
        summary="Change a rule",
        description="Its threshold, or whether it is watched at all. What is left out stays.",
        tag=TAG,
        endpoint=change_rule,
        scope=ALERTS_WRITE,
        takes=schemas.RuleChange,
        gives=schemas.RulesAnswer,
        example={"threshold": 0.02},
    ),
    Operation(
        method="POST",
        path="/v1/alerts/mute",
        id="muteAlerts",
        summary="Mute alerts",
        description="Nothing is told about them until then. What goes wrong meanwhile is listed, and told afterwards if it still is.",
        tag=TAG,
        endpoint=mute,
        scope=ALERTS_WRITE,
        takes=schemas.MuteWish,
        gives=schemas.RulesAnswer,
        fails=(409,),
        example={"kind": "silence", "subject": "order-confirmation", "until": "2027-01-02T00:00:00Z"},
    ),
    Operation(
        method="POST",
        path="/v1/alerts/unmute",
        id="unmuteAlerts",
        summary="Take a mute back",
        tag=TAG,
        endpoint=unmute,
        scope=ALERTS_WRITE,
        takes=schemas.UnmuteWish,
        gives=schemas.RulesAnswer,
        fails=(409,),
        example={"kind": "silence", "subject": "order-confirmation"},
    ),
    Operation(
        method="POST",
        path="/v1/alerts/targets",
        id="addAlertTarget",
        summary="Tell somebody about alerts",
        description=(
            "By e-mail, by a signed request (Standard Webhooks; the secret is shown only here), or into a chat that takes "
            '`{"text": …}` (Slack, Mattermost, Teams and others).'
        ),
        tag=TAG,
        endpoint=add_target,
        scope=ALERTS_WRITE,
        takes=schemas.NewTarget,
        gives=schemas.MadeTarget,
        status=201,
        fails=(409,),
        example={"name": "ops", "kind": "email", "address": "ops@shop.example"},
    ),
    Operation(
        method="DELETE",
        path="/v1/alerts/targets/{name}",
        id="removeAlertTarget",
        summary="Stop telling somebody",
        tag=TAG,
        endpoint=remove_target,
        scope=ALERTS_WRITE,
        status=204,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/alerts/targets/{name}/test",
        id="testAlertTarget",
        summary="Tell a made-up alert",
        tag=TAG,
        endpoint=test_target,
        scope=ALERTS_WRITE,
        gives=schemas.Tested,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/alerts/dry-run",
        id="tryAlertRules",
        summary="Try rules on what was",
        description=(
            "What alerts would have said in the last days, by the same code, at the end of each hour. Of silence, surge, bounces, complaints, "
            "latency and service levels (as they are promised now); of other kinds there is no history."
        ),
        tag=TAG,
        endpoint=dry_run,
        scope=ALERTS_READ,
        takes=schemas.DryRunOf,
        gives=schemas.DryRunAnswer,
        example={"days": 7, "rules": {"surge": 5, "latency": None}},
    ),
    Operation(
        method="GET",
        path="/v1/alerts/{alert_id}",
        id="getAlert",
        summary="See an alert",
        tag=TAG,
        endpoint=get_alert,
        scope=ALERTS_READ,
        gives=schemas.AlertAnswer,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/alerts/{alert_id}/acknowledge",
        id="acknowledgeAlert",
        summary="Acknowledge an alert",
        description="Notes who looks after it; it stays open until all is well.",
        tag=TAG,
        endpoint=acknowledge_alert,
        scope=ALERTS_WRITE,
        takes=schemas.Acknowledgement,
        gives=schemas.AlertAnswer,
        fails=(404,),
        example={"note": "the shop is being deployed"},
    ),
)
