"""A template's draft looked over, and its message tests run, without publishing it."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from posthouse.core.workspaces.scopes import TEMPLATES_READ
from posthouse.http.context import AccessHere, ServicesHere, answer
from posthouse.http.operations import Operation
from posthouse.http.schemas import proofs as schemas

TAG = "Templates"


async def lint_template(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    online: Annotated[
        bool, Query(description="Ask other hosts whether their images are there, and how large. Takes seconds.")
    ] = False,
) -> Response:
    """What the lint says of the draft."""
    asker = here.pictures if online else None
    return answer(schemas.linted(await here.templates.lint(access.caller.workspace_id, key, asker)))


async def test_template(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """The outcome of the draft's message tests."""
    return answer(schemas.tested(await here.templates.test(access.caller.workspace_id, key)))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/templates/{key}/lint",
        id="lintTemplate",
        summary="Look a draft over",
        description="Every finding of the lint, in all channels and languages, with explanation, fix and place, and what stops its publication. "
        "Images on other hosts are looked at with `online=true` only: each is asked for once, at public addresses, within five seconds.",
        tag=TAG,
        endpoint=lint_template,
        scope=TEMPLATES_READ,
        gives=schemas.LintAnswer,
        fails=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/templates/{key}/tests",
        id="testTemplate",
        summary="Run the message tests of a draft",
        description="Each case with what does not hold. Publishing runs the same.",
        tag=TAG,
        endpoint=test_template,
        scope=TEMPLATES_READ,
        gives=schemas.CasesAnswer,
        fails=(404,),
    ),
)
