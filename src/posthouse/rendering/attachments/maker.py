"""Makes the attachments of one message."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Attachment
from posthouse.core.messages.uploads import read_upload_id
from posthouse.core.templates.attachments.model import Barcode, Calendar, Declared, Pdf, Qr, Reference
from posthouse.core.templates.model import Release
from posthouse.core.templates.ports import Renderer
from posthouse.rendering.attachments.calendar import calendar_file
from posthouse.rendering.attachments.codes import bar_image, qr_image
from posthouse.rendering.attachments.pdfs import PdfProcesses


class AttachmentMaker:
    """Runs the programs of a release's attachments and makes what they ask for.

    Args:
        renderer: runs programs.
        pdf: makes PDFs.
    """

    def __init__(self, renderer: Renderer, pdf: PdfProcesses) -> None:
        self._renderer = renderer
        self._pdf = pdf

    async def make(
        self, release: Release, variables: Mapping[str, Any], at: int
    ) -> tuple[tuple[Attachment, ...], dict[bytes, bytes]]:
        """The attachments in order, and the bytes of those made, by digest; files by reference are in the store.

        Raises:
            ValidationError: one cannot be made.
        """
        wanted = self._renderer.attachments(release, variables, at=at)
        images = {one.id: _image(one) for one in wanted if isinstance(one, Qr | Barcode)}
        made: list[Attachment] = []
        contents: dict[bytes, bytes] = {}
        for one in wanted:
            attachment, data = await self._made(one, images, at, release.workspace_id)
            made.append(attachment)
            if data is not None:
                contents[attachment.digest] = data
        return tuple(made), contents

    async def _made(
        self, one: Declared, images: Mapping[str, bytes], at: int, workspace_id: Id
    ) -> tuple[Attachment, bytes | None]:
        match one:
            case Pdf():
                pdf = await self._pdf.make(_with_images(one.html[""], images), workspace_id)
                return _file(one.name, "application/pdf", pdf)
            case Calendar():
                media = f"text/calendar; charset=utf-8; method={one.method.upper()}"
                return _file(one.name, media, calendar_file(one, at))
            case Qr() | Barcode():
                return _file(f"{one.id}.png", "image/png", images[one.id], one.id)
            case Reference():
                digest, size = read_upload_id(one.upload)
                return Attachment(one.name, one.type, digest, size, one.inline), None


def _file(name: str, media: str, data: bytes, inline: str = "") -> tuple[Attachment, bytes]:
    return Attachment(name, media, hashlib.sha256(data).digest(), len(data), inline), data


def _image(one: Qr | Barcode) -> bytes:
    return qr_image(one) if isinstance(one, Qr) else bar_image(one)


def _with_images(page: str, images: Mapping[str, bytes]) -> str:
    """A page with its codes inside: ``cid:ticket`` works in a PDF as it does in the mail."""
    for name, data in images.items():
        page = page.replace(f'"cid:{name}"', f'"data:image/png;base64,{base64.b64encode(data).decode()}"')
    return page
