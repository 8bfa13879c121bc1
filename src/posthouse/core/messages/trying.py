"""Test sends: a draft or a version, with any sample, to a few people, through the real way out; marked, and counted nowhere."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from posthouse.core.kernel.errors import FieldProblem, PosthouseError, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.ports import AttachmentMaker
from posthouse.core.messages.submission import Caller, File, Party, Receipt, Submission, TrackingWish
from posthouse.core.messages.uploads import upload_id
from posthouse.core.templates.model import Sender
from posthouse.core.templates.service import Preview

TAG: Final = "posthouse:test"
"""Statistics leave out what bears it (core/analytics/folding.py)."""
MARK: Final = "[test]"
MOST: Final = 10
"""Addresses at once: it is for colleagues."""
_OWN: Final = re.compile(r"posthouse:(?:unsubscribe|preferences|view|rating/[\w/-]+)")
"""Addresses that are made for each message: a test has no person who could unsubscribe."""


class Previews(Protocol):
    """Renders to look at (core/templates/service.py)."""

    async def render(
        self,
        workspace_id: Id,
        key: str,
        version: int | str | None = None,
        channel: str | None = None,
        locale: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Preview:
        """A rendering."""
        ...


class Door(Protocol):
    """The one door in."""

    async def accept(self, caller: Caller, items: Sequence[Submission]) -> list[Receipt | PosthouseError]:
        """Keeps messages."""
        ...


class TestSends:
    """Sends tests.

    Args:
        previews: renders.
        door: takes messages in.
        maker: makes attachments.
        now: the instant, microseconds.
    """

    __test__ = False
    """It is no test itself, whatever its name makes pytest think."""

    def __init__(self, previews: Previews, door: Door, maker: AttachmentMaker, now: Callable[[], int]) -> None:
        self._previews = previews
        self._door = door
        self._maker = maker
        self._now = now

    async def send(
        self,
        workspace_id: Id,
        key: str,
        to: Sequence[str],
        *,
        live: bool,
        version: int | str | None = None,
        locale: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> list[Receipt | PosthouseError]:
        """Sends a template to each address; one result for each, in order.

        Args:
            workspace_id: whose template.
            key: which one.
            to: the addresses.
            live: through the real way out; otherwise the sandbox.
            version: a number, ``draft``; None: the live one.
            locale: falls back as everywhere.
            data: the variables; None: the sample.

        Raises:
            UnknownTemplateError: no such template, version or e-mail.
            ValidationError: nobody or too many to send to, a variable is missing, an attachment cannot be made.
        """
        if not 0 < len(to) <= MOST:
            detail = f"1 to {MOST} addresses; {len(to)} were given"
            raise ValidationError(f"A test goes to {detail}.", fields=[FieldProblem("/to", detail, "too-many")])
        preview = await self._previews.render(
            workspace_id, key, version=version, channel="email", locale=locale, data=data
        )
        files = await self._files(preview)
        mails = [_mail(preview, address, files) for address in to]
        return await self._door.accept(Caller(workspace_id, None, live), mails)

    async def _files(self, preview: Preview) -> list[File]:
        if not preview.release.attachments:
            return []
        made, contents = await self._maker.make(preview.release, preview.variables, self._now())
        files = []
        for one in made:
            data = contents.get(one.digest)
            content = None if data is None else base64.b64encode(data).decode()
            upload = upload_id(one.digest, one.size) if data is None else None
            files.append(File(one.name, one.type, content, upload, one.content_id))
        return files


def _mail(preview: Preview, address: str, files: list[File]) -> Submission:
    seen, release = preview.rendered, preview.release
    return Submission(
        to=address,
        subject=f"{MARK} {seen.subject}",
        html=None if seen.html is None else _OWN.sub("#", seen.html),
        text=_OWN.sub("#", seen.text),
        sender=_party(release.sender),
        reply_to=_party(release.reply_to),
        attachments=files,
        tags=[TAG],
        tracking=TrackingWish(opens=False, clicks=False),
    )


def _party(sender: Sender | None) -> Party | None:
    return None if sender is None else Party(sender.email, sender.name)
