"""Publishing and previews tell what the lint finds."""

from posthouse.core.templates.folder import read_folder
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
    assert [one.rule for one in await service.lint(WORKSPACE, "order")] == ["link-dead", "link-dead"]


async def test_a_preview_tells_about_its_own_variant(service: TemplateService) -> None:
    """Live or draft: with the source while that is what was published, from the rendering alone afterwards."""
    await service.push(WORKSPACE, TemplateSource("order", "Order", (dead(), dead("fr", "Commande"))), publish=True)
    live = await service.render(WORKSPACE, "order", locale="fr")
    assert [one.detail.partition(" ")[0] for one in live.warnings] == ["email.fr.html:2:"]
    await service.push(WORKSPACE, TemplateSource("order", "Order", (VariantSource("email", "en", "A" * 70, text="x"),)))
    draft = await service.render(WORKSPACE, "order", version="draft")
    assert {one.code for one in draft.warnings} == {"subject-long", "subject-shouting"}
    assert (await service.render(WORKSPACE, "order", version=1)).warnings == ()


def test_the_settings_file_names_rules() -> None:
    """``lint_ignore`` with a typing error is told, not passed over."""
    files = {"email.en.html": b"<p>x</p>", "template.toml": b'subject = "A"\nlint_ignore = ["link-dead"]'}
    assert read_folder(files, "order").lint_ignore == ("link-dead",)
