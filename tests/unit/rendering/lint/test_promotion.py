"""How much of a transactional message is promotion."""

import re

import pytest
from tests.unit.rendering.lint.kit import HIDDEN, html, press, rules, template

from posthouse.core.templates.model import Category, VariantSource

SHIPPED = {
    "en": (
        "Your order is on its way and will be with you on Monday.",
        "Buy now: 15% off the new collection until Sunday.",
    ),
    "fr": (
        "Votre commande est en route et vous parviendra lundi.",
        "Profitez-en : 15 % de remise sur la nouvelle collection.",
    ),
    "es": ("Su pedido está en camino y le llegará el lunes.", "Aproveche: 15 % de descuento en la nueva colección."),
    "ru": (
        "Ваш заказ в пути и прибудет к вам в понедельник.",
        "Успейте: скидка 15 % на новую коллекцию до конца недели.",
    ),
}


@pytest.mark.parametrize("locale", SHIPPED)
def test_promotion_is_measured_in_each_language(locale: str) -> None:
    """A sentence of it beside four about the order is fine, beside one it is not; links count by themselves. The numbers are told."""
    useful, offer = SHIPPED[locale]
    link = f'<a href="https://shop.org/">{offer}</a>'

    def found(body: str, category: Category = Category.TRANSACTIONAL) -> list[str]:
        variant = VariantSource("email", locale, "A", html=f"{HIDDEN}{body}", text="x")
        source = template(variant, default_locale=locale, category=category, lint_ignore=("unsubscribe-missing",))
        return [one.detail for one in press().lint(source) if one.rule == "promotion-share"]

    assert found(f"<p>{useful * 5}</p><p>{offer}</p>") == []
    assert found(f"<p>{useful} {offer}</p>", Category.COMMERCIAL) == []
    (told,) = found(f"<p>{useful}</p><p>{link}</p>")
    assert re.match(
        rf"[45]\d% of the words in '{locale}' \(\d+ of \d+ letters\) and 1 of 1 links are promotion; at most 20%", told
    )
    assert offer[:30] in told
    assert "1 of 1 links" in found(f"<p>{useful * 6}</p><p>{link}</p>")[0]


def test_a_slot_is_promotion_in_every_language() -> None:
    """As the sample fills it; what is not filled is not there. A developer's own bears the class."""
    document = {
        "version": 1,
        "subject": {"de": "Bestellung"},
        "preheader": {"de": "Unterwegs"},
        "blocks": [
            {"type": "text", "id": "a", "text": {"de": "Ihre Bestellung ist unterwegs."}},
            {"type": "slot", "id": "b", "name": "below"},
        ],
    }
    variant = VariantSource("email", "de", document=document)
    slot = {
        "heading": "Neu im Laden",
        "text": "Viele bunte Tassen für Sie.",
        "url": "https://shop.org/",
        "label": "Ansehen",
    }
    filled = template(variant, default_locale="de", sample={"slots": {"below": slot}})
    (told,) = [one.detail for one in press().lint(filled) if one.rule == "promotion-share"]
    assert "1 of 1 links" in told
    assert "slots: 39 letters" in told
    assert "promotion-share" not in rules(template(variant, default_locale="de", sample={"slots": {}}))
    own = '<p>Your order is on its way.</p><div class="ph-slot"><p>Have you seen our many coloured cups?</p></div>'
    assert "promotion-share" in rules(html(own))


@pytest.mark.parametrize(
    "body",
    [
        "<p>Your order is on its way and will be with you on Monday.</p><table><tr><td>Discount</td><td>-5 €</td></tr></table>",
        "<p>General terms of sale apply. Sales tax is included. We are off until Monday.</p>",
        '<p>Your order is on its way.</p><p style="display:none">Shop now and save up to 30% today with our code!</p>',
    ],
)
def test_what_is_no_promotion(body: str) -> None:
    """Lines of an order, words of the law, and what nobody sees."""
    assert "promotion-share" not in rules(html(body))
