"""Attachments are declared strictly, filled in for one message, and refused with their place."""

import pytest
from tests.unit.templates.fakes import MemoryStore

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.attachments.model import Pdf, Qr
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder
from posthouse.core.templates.service import TemplateService

W = b"w" * 16
TOML = """
subject = { en = "Ticket", fr = "Billet" }
default_locale = "en"
[[attachments]]
kind = "pdf"
name = "ticket-{{ number }}.pdf"
show_if = "paid"
[[attachments]]
kind = "qr"
id = "ticket"
data = "{{ code }}"
"""


def files(toml: str = TOML, **more: str) -> dict[str, bytes]:
    held = {
        "template.toml": toml,
        "email.en.html": '<p>a</p><img src="cid:ticket" alt="">',
        "email.fr.html": '<p>a</p><img src="cid:ticket" alt="">',
        "pdf.en.html": "<h1>{{ owner }}</h1>",
        "sample.json": '{"number": 7, "paid": true, "code": "A<1", "owner": "Ann & Bob"}',
    }
    return {name: text.encode() for name, text in {**held, **more}.items()}


async def test_what_is_declared_is_filled_in(service: TemplateService, store: MemoryStore) -> None:
    """Pages are escaped as HTML, codes are not; a language without a page of its own takes the default's."""
    await service.push(W, read_folder(files(), "ticket"), publish=True)
    assert [one.locale for one in store.made] == ["en", "fr"]
    pdf, code = service._renderer.attachments(
        store.made[1], {"number": 7, "paid": True, "code": "A<1", "owner": "A & B"}
    )
    assert isinstance(pdf, Pdf)
    assert isinstance(code, Qr)
    assert (pdf.name, pdf.html) == ("ticket-7.pdf", {"": "<h1>A &amp; B</h1>"})
    assert code.data == "A<1"
    assert store.made[0].attachments[0].html == {}


async def test_a_condition_leaves_it_out_and_asks_for_nothing(service: TemplateService, store: MemoryStore) -> None:
    """Who has not paid needs no owner for a PDF that is not made."""
    await service.push(W, read_folder(files(), "ticket"), publish=True)
    unpaid = {"paid": False, "code": "1"}
    assert service._checker.problems(store.made[0], unpaid) == ()
    assert [type(one) for one in service._renderer.attachments(store.made[0], unpaid)] == [Qr]
    problems = service._checker.problems(store.made[0], {"paid": True})
    assert [one.pointer for one in problems] == ["/code"]


@pytest.mark.parametrize(
    ("toml", "more", "pointer"),
    [
        ('[[attachments]]\nkind = "fax"', {}, "/template.toml/attachments/0/kind"),
        ('[[attachments]]\nkind = "qr"\ndata = "x"', {}, "/template.toml/attachments/0/id"),
        ('[[attachments]]\nkind = "qr"\nid = "a b"\ndata = "x"', {}, "/template.toml/attachments/0/id"),
        ('[[attachments]]\nkind = "file"\nname = "a"\nupload = "x"', {}, "/template.toml/attachments/0/upload"),
        ('[[attachments]]\nkind = "pdf"\nname = "a"\n[attachments.html]\nen = "x"', {}, "/template.toml"),
        ('attachments = "x"', {}, "/template.toml"),
        ("", {}, "/pdf.en.html"),
    ],
)
def test_a_declaration_is_read_strictly(toml: str, more: dict[str, str], pointer: str) -> None:
    """What is wrong has its place."""
    page = files(f'subject = "a"\n{toml}', **more)
    if pointer != "/pdf.en.html":
        del page["pdf.en.html"]
    with pytest.raises(TemplateProblemsError) as caught:
        read_folder(page, "ticket")
    assert pointer in [found.pointer for found in caught.value.fields]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (('show_if = "paid"', 'show_if = "paid +"'), "/attachments/0/show_if"),
        (('"{{ code }}"', '"{{ code"'), "/attachments/1/data"),
        (('kind = "pdf"', 'kind = "pdf"\nsource = "other"'), "/attachments/0/source"),
    ],
)
async def test_what_cannot_be_made_is_not_published(
    service: TemplateService, change: tuple[str, str], pointer: str
) -> None:
    """Conditions, programs, pages that are missing."""
    page = files(TOML.replace(*change))
    if "other" in change[1]:
        del page["pdf.en.html"]
    with pytest.raises(ValidationError) as caught:
        await service.push(W, read_folder(page, "ticket"), publish=True)
    assert pointer in [found.pointer for found in caught.value.fields]
