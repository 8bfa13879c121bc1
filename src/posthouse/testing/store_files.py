"""The contract of uploaded files: who uses them."""

import hashlib

import msgspec

from posthouse.core.messages.files import FileUse, Kept
from posthouse.core.messages.model import Attachment, Extras
from posthouse.core.messages.uploads import upload_id
from posthouse.core.templates.attachments.model import Reference
from posthouse.core.templates.model import TemplateSource
from posthouse.testing.store_kit import Kit, Store


async def _template(store: Store, kit: Kit, key: str, version: int, *attached: bytes, draft: bool) -> None:
    """A template one version of which attaches files; its draft too, or not."""
    files = tuple([Reference(name=f"{one.decode()}.pdf", upload=_word(one)) for one in attached])
    source = TemplateSource(key, key, (), attachments=files)
    made = kit.template(
        key=key,
        id=hashlib.sha256(key.encode()).digest()[:16],
        version=version,
        latest=version,
        draft=source if draft else TemplateSource(key, key, ()),
        source_hash=f"{key}-{version}",
        published_hash=f"{key}-{version}",
    )
    current = await store.template(kit.workspace, key)
    before = msgspec.structs.replace(made, version=version - 1, latest=version - 1)
    await store.save_draft(before, current.source_hash if current else None)
    await store.publish(made, [kit.release(made)], source)


def _word(data: bytes) -> str:
    return upload_id(hashlib.sha256(data).digest(), len(data))


class StoreContractFiles:
    """Which templates and messages use an uploaded file."""

    async def test_where_a_file_is_used(self, store: Store, kit: Kit) -> None:
        """By drafts, live versions and older ones, in this workspace only; a file that is used is not removed."""
        terms, other = (hashlib.sha256(one).digest() for one in (b"terms", b"other"))
        for digest, data in ((terms, b"terms"), (other, b"other")):
            await store.add_blob(kit.workspace, digest, data, kit.clock.now())
        await _template(store, kit, "order", 1, b"terms", draft=True)
        await _template(store, kit, "order", 2, b"terms", draft=True)
        await _template(store, kit, "invoice", 1, b"terms", draft=True)
        await _template(store, kit, "invoice", 2, draft=False)
        uses = await store.file_uses(kit.workspace, [terms, other])
        assert uses == {
            terms: [
                FileUse("invoice", "terms.pdf", draft=False, live=False, versions=(1,)),
                FileUse("order", "terms.pdf", draft=True, live=True, versions=(2, 1)),
            ]
        }
        assert await store.file_uses(kit.ids(), [terms]) == {}
        assert not await store.remove_file(kit.workspace, terms)
        assert await store.remove_file(kit.workspace, other)
        assert await store.file(kit.workspace, other) is None
        assert await store.file(kit.workspace, terms) == Kept(terms, 5, kit.clock.now())

    async def test_messages_that_wait_with_a_file(self, store: Store, kit: Kit) -> None:
        """Named by themselves, whether or not they have other unusual things."""
        terms = hashlib.sha256(b"terms").digest()
        named = Extras(attachments=(Attachment("a.pdf", "application/pdf", terms, 5),))
        for extras in (named, Extras(metadata={"a": 1}), named):
            await store.accept([kit.new(extras=msgspec.json.encode(extras))])
        assert await store.file_waiting(kit.workspace, terms) == 2
        assert await store.file_waiting(kit.ids(), terms) == 0

    async def test_pages_of_files(self, store: Store, kit: Kit) -> None:
        """By digest, with the size of each."""
        for number in range(3):
            await store.add_blob(kit.workspace, bytes([number]) * 32, b"x" * number, number)
        page = await store.files(kit.workspace, None, 2)
        assert [(one.digest[0], one.size, one.used_at) for one in page] == [(0, 0, 0), (1, 1, 1)]
        assert [one.digest[0] for one in await store.files(kit.workspace, page[-1].digest, 2)] == [2]
        assert await store.files(kit.ids(), None, 2) == []
