"""Uploaded files as the API shows them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages.files import StoredFile

_ID = "upl_3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7-1024"


class UploadUse(msgspec.Struct, frozen=True):
    """A template that attaches the file."""

    template: str
    name: Annotated[str, Meta(description="What the file is called there.")]
    draft: Annotated[bool, Meta(description="Whether the draft attaches it.")]
    live: Annotated[bool, Meta(description="Whether the live version does.")]
    versions: Annotated[list[int], Meta(description="Every version that does; the live one first, then the newest.")]
    inline: Annotated[bool, Meta(description="Whether it is a picture that the mail shows.")]


class UploadedFile(msgspec.Struct, frozen=True):
    """An uploaded file, and where it is used."""

    id: Annotated[str, Meta(examples=[_ID])]
    size: int
    used_at: Annotated[str, Meta(description="When it came, or was last given to a message by its id.")]
    uses: list[UploadUse]


class UploadedFileDetail(UploadedFile, frozen=True):
    """The same, with the messages that wait."""

    waiting: Annotated[int, Meta(description="Messages that name it themselves and are not sent yet.")]


class UploadList(msgspec.Struct, frozen=True):
    """Uploaded files."""

    items: list[UploadedFile]
    next: Annotated[str | None, Meta(description="`cursor` of the next page.")] = None


def file(found: StoredFile) -> UploadedFile:
    """For a list."""
    return UploadedFile(found.id, found.size, show_moment(found.used_at), _uses(found))


def detail(found: StoredFile) -> UploadedFileDetail:
    """One of them."""
    return UploadedFileDetail(found.id, found.size, show_moment(found.used_at), _uses(found), found.waiting)


def _uses(found: StoredFile) -> list[UploadUse]:
    return [
        UploadUse(one.template, one.name, one.draft, one.live, list(one.versions), one.inline) for one in found.uses
    ]
