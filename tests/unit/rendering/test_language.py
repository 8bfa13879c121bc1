"""Language and direction of a document."""

import pytest
from tests.unit.rendering.conftest import release_of

from posthouse.core.templates.model import TemplateSource, VariantSource

BODY = "<mj-body><mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section></mj-body></mjml>"


@pytest.mark.parametrize(
    ("locale", "root", "said"),
    [
        ("fr", "<mjml>", 'lang="fr" dir="auto"'),
        ("ar", "<mjml>", 'lang="ar" dir="rtl"'),
        ("he-IL", '<mjml lang="he">', 'lang="he" dir="rtl"'),
        ("ar", '<mjml dir="ltr" lang="ar-EG">', 'lang="ar-EG" dir="ltr"'),
    ],
)
def test_the_document_says_its_language(locale: str, root: str, said: str) -> None:
    """That of the variant, unless the author said another."""
    variant = VariantSource("email", locale, "A", mjml=root + BODY)
    html = release_of(TemplateSource("k", "n", (variant,))).programs["html"]
    assert f"<html {said}" in html
