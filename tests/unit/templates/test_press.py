"""Publishing and previews tell what the lint finds."""

from collections.abc import Mapping, Sequence

from tests.unit.templates.fakes import MemoryStore

from posthouse.core.templates.attachments.model import Reference
from posthouse.core.templates.folder import read_folder
from posthouse.core.templates.lint.pictures import Asked
from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.core.templates.service import TemplateService

WORKSPACE = b"w" * 16


def dead(locale: str = "en", word: str = "Order") -> VariantSource:
    body = f'<div style="display:none">About it</div>\n<a href="#">{word}</a>'
    return VariantSource("email", locale, word, html=body, text="x")


async def test_publishing_tells_warnings_and_goes_on(service: TemplateService) -> None:
    """With file and line; what is only worth knowing is left to the lint."""
    source = TemplateSource("order", "Order", (dead(), dead("fr", "Commande")))
    pushed = await service.push(WORKSPACE, source, publish=True)
    assert pushed.version == 1
    assert [(one.code, one.detail.partition(" ")[0]) for one in pushed.warnings] == [
        ("link-dead", "email.en.html:2:"),
        ("link-dead", "email.fr.html:2:"),
    ]
    assert [one.rule for one in (await service.lint(WORKSPACE, "order")).findings] == ["link-dead", "link-dead"]


async def test_a_preview_tells_about_its_own_variant(service: TemplateService) -> None:
    """Live or draft: with the source while that is what was published, from the rendering alone afterwards."""
    await service.push(WORKSPACE, TemplateSource("order", "Order", (dead(), dead("fr", "Commande"))), publish=True)
    live = await service.render(WORKSPACE, "order", locale="fr")
    assert [one.detail.partition(" ")[0] for one in live.warnings] == ["email.fr.html:2:"]
    await service.push(WORKSPACE, TemplateSource("order", "Order", (VariantSource("email", "en", "A" * 70, text="x"),)))
    draft = await service.render(WORKSPACE, "order", version="draft")
    assert {one.code for one in draft.warnings} == {"subject-long", "subject-shouting"}
    assert (await service.render(WORKSPACE, "order", version=1)).warnings == ()


class OneHost:
    """Has a picture that is too large, another one, and says nothing of the rest."""

    async def ask(self, addresses: Sequence[str]) -> Mapping[str, Asked]:
        known = {
            "https://shop.org/large.png": Asked("found", "", 2_000_000),
            "https://shop.org/cup.png": Asked("found", "", 9),
        }
        return {one: known.get(one, Asked("unjudged", "no answer within 5 seconds")) for one in addresses}


async def test_the_lint_looks_for_pictures(service: TemplateService, store: MemoryStore) -> None:
    """Those of the workspace always, those of other hosts when it is asked to; in every variant, each once."""
    shown = ["cid:cup", "https://shop.org/large.png", "https://shop.org/cup.png", "{{ item.image }}"]
    body = "".join([f'<p>x</p>\n<img src="{one}" alt="A">' for one in shown])
    variants = [
        VariantSource("email", one, f"Order {one}", html=f'<div style="display:none">{one}</div>{body}', text="x")
        for one in ("en", "fr")
    ]
    cup = Reference(name="cup.png", upload=f"upl_{'a' * 64}-300", type="image/png", inline="cup")
    sample = {"item": {"image": "https://cdn.org/7.png"}}
    await service.push(WORKSPACE, TemplateSource("order", "Order", tuple(variants), attachments=(cup,), sample=sample))
    alone = await service.lint(WORKSPACE, "order")
    assert ([(one.rule, one.severity) for one in alone.findings], alone.unasked) == ([("image-missing", "error")], 3)
    store.files[bytes.fromhex("a" * 64)] = 300
    seen = await service.lint(WORKSPACE, "order", OneHost())
    assert [(one.rule, one.file, one.line) for one in seen.findings] == [
        ("image-large", "email.en.html", 3),
        ("image-unjudged", "email.en.html", 0),
    ]
    assert "(from the sample)" in seen.findings[1].detail


def test_the_settings_file_names_rules() -> None:
    """``lint_ignore`` with a typing error is told, not passed over."""
    files = {"email.en.html": b"<p>x</p>", "template.toml": b'subject = "A"\nlint_ignore = ["link-dead"]'}
    assert read_folder(files, "order").lint_ignore == ("link-dead",)
