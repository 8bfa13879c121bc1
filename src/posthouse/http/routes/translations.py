"""Texts of a template for a translator, and the translation back into its draft."""

from typing import Annotated, Literal

from fastapi import Path as PathParameter
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.translations.carrying import ENDINGS, MEDIA, Form, bring_home, draft_of, written
from posthouse.core.workspaces.scopes import TEMPLATES_READ, TEMPLATES_WRITE
from posthouse.http.context import AccessHere, IfMatch, ServicesHere, answer, bare, context, headers_of
from posthouse.http.operations import Operation
from posthouse.http.schemas import templates as schemas

TAG = "Templates"
Locale = Annotated[
    str,
    PathParameter(
        description="The language of the translation, such as `de` or `fr-CA`.",
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
    ),
]


async def export_translation(
    here: ServicesHere,
    access: AccessHere,
    key: str,
    locale: Locale,
    form: Annotated[
        Literal["xliff", "csv"], Query(alias="format", description="XLIFF 2.0, or a table: key, source, target.")
    ] = "xliff",
) -> Response:
    """The draft's texts, with what is translated already."""
    template = await here.templates.get(access.caller.workspace_id, key)
    text, _ = written(draft_of(template), locale, form)
    name = f'attachment; filename="{key}.{locale}.{ENDINGS[form]}"'
    headers = {"etag": f'"{template.source_hash}"', "content-disposition": name}
    return Response(text.encode("utf-8", "replace"), media_type=MEDIA[form], headers=headers)


async def import_translation(
    here: ServicesHere,
    access: AccessHere,
    request: Request,
    key: str,
    locale: Locale,
    *,
    if_match: IfMatch = None,
    dry_run: Annotated[bool, Query(description="Only look whether it fits; nothing is kept.")] = False,
) -> Response:
    """Puts it into the draft."""
    headers = headers_of(request)
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    data = await context(request).bodies.read(headers, request.receive)
    by = ids.show(ids.KEY, access.caller.key_id) if access.caller.key_id else ""
    done = await bring_home(
        here.templates,
        access.caller.workspace_id,
        key,
        _text(data),
        _form(kind),
        locale=locale,
        base=bare(if_match),
        by=by,
        dry=dry_run,
    )
    template = done.pushed.template
    body = schemas.TranslatedAnswer(key, done.locale, done.texts, list(done.changed), template.source_hash)
    return answer(body, headers={"etag": f'"{template.source_hash}"'})


def _form(kind: str) -> Form:
    if kind in {"text/csv", "application/csv"}:
        return "csv"
    if kind in {"application/xliff+xml", "application/xml", "text/xml"}:
        return "xliff"
    detail = "send XLIFF 2 as application/xliff+xml, or a table as text/csv"
    raise ValidationError(
        f"The translation's Content-Type tells its format: {detail}.", fields=[FieldProblem("", detail, "format")]
    )


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        detail = f"line {line}: is not UTF-8 (octet {error.start}); save it as UTF-8"
        raise ValidationError(
            f"The translation cannot be read: {detail}.", fields=[FieldProblem("", detail, "encoding")]
        ) from None


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/templates/{key}/translations/{locale}",
        id="exportTranslation",
        summary="Export texts for a translator",
        description=(
            "The texts of the draft in its default language, with what is translated already, as XLIFF 2.0 or (`format=csv`) as a table. "
            "`ETag` is the draft's hash: `If-Match` of the import."
        ),
        tag=TAG,
        endpoint=export_translation,
        scope=TEMPLATES_READ,
        gives="application/xliff+xml",
        fails=(404,),
    ),
    Operation(
        method="PUT",
        path="/v1/templates/{key}/translations/{locale}",
        id="importTranslation",
        summary="Put a translation in",
        description=(
            "The body is what the translator gave back; Content-Type tells which: `application/xliff+xml` or `text/csv`. It goes into the draft, "
            "or nothing of it does: words that lost an expression, and texts that the template does not have, are named with unit and line. With "
            "`If-Match` (the `ETag` of the export) only into the draft that was exported. Texts without words are left as they are."
        ),
        tag=TAG,
        endpoint=import_translation,
        scope=TEMPLATES_WRITE,
        takes="application/xliff+xml",
        gives=schemas.TranslatedAnswer,
        fails=(404, 409),
    ),
)
