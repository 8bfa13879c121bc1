"""Templates: pushed as files, published, looked at."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import Depends, Query
from fastapi import Path as PathParameter
from starlette.responses import Response

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.templates.library.pushing import push_library, try_library
from posthouse.core.templates.proofs import Proofs
from posthouse.core.templates.pushing import proved, read_all
from posthouse.core.workspaces.scopes import MESSAGES_WRITE, TEMPLATES_READ, TEMPLATES_WRITE
from posthouse.http.context import AccessHere, IfMatch, ServicesHere, answer, bare, json_body
from posthouse.http.explaining import pointer
from posthouse.http.operations import Operation
from posthouse.http.schemas import templates as schemas
from posthouse.http.schemas.library import pushed as pushed_item

TAG = "Templates"
MAX_VERSION: Final = 2**31 - 1
"""What a column of both stores holds."""


async def list_templates(here: ServicesHere, access: AccessHere) -> Response:
    """All templates."""
    found = await here.templates.list(access.caller.workspace_id)
    return answer(schemas.TemplateList([schemas.template(one) for one in found]))


async def push_templates(
    here: ServicesHere,
    access: AccessHere,
    wanted: Annotated[schemas.PushTemplates, Depends(json_body(schemas.PushTemplates))],
) -> Response:
    """Keeps sources, and publishes them when asked to. All are proved before the first is kept."""
    if wanted.percent is not None and not wanted.publish:
        problem = FieldProblem("/percent", "a share of the messages needs `publish: true`", "missing")
        raise ValidationError("A draft has no share of the messages.", fields=[problem])
    files = {name: _bytes(name, value) for name, value in wanted.files.items()}
    tree, proofs, workspace_id = read_all(files), Proofs(), access.caller.workspace_id
    _check_base(wanted.base, tree.keys)
    tree = await proved(
        here.templates,
        here.library,
        workspace_id,
        tree,
        publish=wanted.publish,
        percent=wanted.percent,
        base=wanted.base,
        proofs=proofs,
    )
    tree.refuse()
    if wanted.dry_run:
        library = await try_library(here.library, workspace_id, tree.items)
    else:
        library = await push_library(here.library, here.publisher, workspace_id, tree.items, publish=wanted.publish)
    by = ids.show(ids.KEY, access.caller.key_id) if access.caller.key_id else ""
    results = [
        await here.templates.push(
            workspace_id,
            source,
            publish=wanted.publish,
            base=wanted.base.get(source.key),
            by=by,
            dry=wanted.dry_run,
            percent=wanted.percent,
            over=tree.items if wanted.dry_run else (),
            proofs=None if wanted.dry_run else proofs,
        )
        for source in tree.sources
    ]
    return answer(
        schemas.PushAnswer([schemas.pushed(result) for result in results], [pushed_item(one) for one in library])
    )


async def get_template(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """One template with its draft."""
    found = await here.templates.get(access.caller.workspace_id, key)
    return answer(schemas.template_detail(found), headers={"etag": f'"{found.source_hash}"'})


async def publish_template(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    if_match: IfMatch = None,
    percent: Annotated[
        int | None, Query(description="Begin a roll-out to this share of the people instead.", ge=1, le=100)
    ] = None,
) -> Response:
    """Makes the draft live."""
    base = bare(if_match)
    return answer(schemas.pushed(await here.templates.publish(access.caller.workspace_id, key, base, percent)))


async def render_template(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    wanted: Annotated[schemas.RenderTemplate, Depends(json_body(schemas.RenderTemplate))],
) -> Response:
    """Renders it to be looked at; nothing is sent."""
    preview = await here.templates.render(
        access.caller.workspace_id,
        key,
        version=wanted.version,
        channel=wanted.channel,
        locale=wanted.locale,
        data=wanted.variables,
    )
    return answer(schemas.rendered(preview))


async def send_test(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    wanted: Annotated[schemas.SendTest, Depends(json_body(schemas.SendTest))],
) -> Response:
    """Sends it to a few people, marked."""
    results = await here.test_sends.send(
        access.caller.workspace_id,
        key,
        wanted.to,
        live=access.caller.live,
        version=None if wanted.version == "live" else wanted.version,
        locale=wanted.locale,
        data=wanted.variables,
    )
    return answer(schemas.tests_sent(wanted.to, results), status=202)


class Versions:
    """Which page of versions."""

    def __init__(
        self,
        *,
        cursor: Annotated[int | None, Query(description="`next` of the previous page.", ge=1, le=MAX_VERSION)] = None,
        limit: Annotated[int, Query(description="Items a page.", ge=1, le=MAX_PAGE)] = 50,
    ) -> None:
        self.before = cursor
        self.limit = limit


async def list_versions(
    here: ServicesHere, access: AccessHere, key: str, paging: Annotated[Versions, Depends()]
) -> Response:
    """What was published, newest first."""
    workspace_id = access.caller.workspace_id
    page = await here.templates.versions(workspace_id, key, paging.before, paging.limit)
    live = (await here.templates.get(workspace_id, key)).version
    return answer(schemas.VersionList([schemas.version(one, live) for one in page.items], page.next))


async def get_version(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    version: Annotated[int, PathParameter(description="Its number.", ge=1, le=MAX_VERSION)],
) -> Response:
    """One of them, with its releases."""
    workspace_id = access.caller.workspace_id
    releases = await here.templates.version(workspace_id, key, version)
    return answer(schemas.version_detail(releases, (await here.templates.get(workspace_id, key)).version))


def _check_base(base: Mapping[str, str], keys: Sequence[str]) -> None:
    """A misspelt key would protect nothing."""
    problems = [
        FieldProblem(pointer("base", key), f"no template of this key is pushed{did_you_mean(key, keys)}", "unknown")
        for key in base
        if key not in keys
    ]
    if problems:
        raise ValidationError("base names templates that are not pushed.", fields=problems)


async def get_translations(here: ServicesHere, access: AccessHere, key: str) -> Response:
    """What each language of the draft lacks."""
    missing = await here.templates.translations(access.caller.workspace_id, key)
    return answer(
        schemas.TranslationsAnswer([schemas.MissingAnswer(one.locale, one.key, one.shown) for one in missing])
    )


def _bytes(name: str, value: str | schemas.Base64File) -> bytes:
    if isinstance(value, str):
        return value.encode()
    try:
        return base64.b64decode(value.base64, validate=True)
    except (binascii.Error, ValueError):
        problem = FieldProblem(pointer("files", name, "base64"), "is not base64 (RFC 4648 §4)", "base64")
        raise ValidationError("A file cannot be read.", fields=[problem]) from None


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/templates",
        id="listTemplates",
        summary="List templates",
        tag=TAG,
        endpoint=list_templates,
        scope=TEMPLATES_READ,
        gives=schemas.TemplateList,
    ),
    Operation(
        method="POST",
        path="/v1/templates",
        id="pushTemplates",
        summary="Push templates",
        description=(
            'The files of one or more template folders, by name: text, or `{"base64": …}` for what is no text. Nothing is kept '
            "when a folder cannot be read; the same source again changes nothing, so a push can be repeated. `blocks/KEY.json` and "
            "`themes/KEY.json` beside the folders are the library: they come first."
        ),
        tag=TAG,
        endpoint=push_templates,
        scope=TEMPLATES_WRITE,
        takes=schemas.PushTemplates,
        gives=schemas.PushAnswer,
        fails=(409,),
        example={
            "files": {
                "welcome/template.toml": 'name = "Welcome"\nsubject = "Welcome, {{ name }}"\n',
                "welcome/email.en.html": "<p>Good to have you, {{ name }}.</p>",
                "welcome/sample.json": '{"name": "Ann"}',
            },
            "publish": True,
        },
    ),
    Operation(
        method="GET",
        path="/v1/templates/{key}",
        id="getTemplate",
        summary="See a template",
        tag=TAG,
        endpoint=get_template,
        scope=TEMPLATES_READ,
        gives=schemas.TemplateDetail,
        fails=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/templates/{key}/versions",
        id="listTemplateVersions",
        summary="List a template's versions",
        description="What was published, newest first. Any of them can be rendered, and named by a message.",
        tag=TAG,
        endpoint=list_versions,
        scope=TEMPLATES_READ,
        gives=schemas.VersionList,
        fails=(404,),
    ),
    Operation(
        method="GET",
        path="/v1/templates/{key}/versions/{version}",
        id="getTemplateVersion",
        summary="See a version of a template",
        description="Its variants as they were compiled; they never change.",
        tag=TAG,
        endpoint=get_version,
        scope=TEMPLATES_READ,
        gives=schemas.VersionDetail,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/templates/{key}/publish",
        id="publishTemplate",
        summary="Publish a template",
        description="Makes the draft live, all variants at once or none. With `If-Match` only the draft of that `draft_hash`.",
        tag=TAG,
        endpoint=publish_template,
        scope=TEMPLATES_WRITE,
        gives=schemas.PushedTemplate,
        fails=(404, 409),
    ),
    Operation(
        method="GET",
        path="/v1/templates/{key}/translations",
        id="getTranslations",
        summary="See what is not translated",
        description="Texts and files of the draft that a language lacks, and the language that stands in.",
        tag=TAG,
        endpoint=get_translations,
        scope=TEMPLATES_READ,
        gives=schemas.TranslationsAnswer,
        fails=(404,),
    ),
    Operation(
        method="POST",
        path="/v1/templates/{key}/render",
        id="renderTemplate",
        summary="Render a template",
        description="To look at; nothing is sent.",
        tag=TAG,
        endpoint=render_template,
        scope=TEMPLATES_READ,
        takes=schemas.RenderTemplate,
        gives=schemas.RenderedAnswer,
        fails=(404,),
        example={"version": "draft", "locale": "en", "variables": {"name": "Ann"}},
    ),
    Operation(
        method="POST",
        path="/v1/templates/{key}/test-send",
        id="sendTest",
        summary="Send a test",
        description=(
            "The e-mail of the draft (or a version, or the live one) to up to ten addresses, through the real way out; "
            "with a test key to the sandbox. Its subject begins with `[test]`, its links are not tracked, those to "
            "unsubscribe lead nowhere, and no statistics count it."
        ),
        tag=TAG,
        endpoint=send_test,
        scope=MESSAGES_WRITE,
        takes=schemas.SendTest,
        gives=schemas.TestsSent,
        status=202,
        fails=(404,),
        example={"to": ["ann@shop.example"], "version": "draft", "locale": "en"},
    ),
)
