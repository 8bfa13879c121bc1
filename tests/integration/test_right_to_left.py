"""An Arabic mail in a real browser: what begins stands on the right, columns run to the left, nothing sticks out."""

import shutil
from typing import Any

import pytest
from playwright.async_api import async_playwright

from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.rendering.press import make_press

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
EDGES = """() => {
  const edges = {};
  for (const word of ["شكرًا لطلبك", "عرض الطلب", "الصنف", "المبلغ", "عنوان التسليم", "الرياض"]) {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      if (walk.currentNode.data.trim() === word) {
        const range = document.createRange();
        range.selectNodeContents(walk.currentNode);
        const box = range.getBoundingClientRect();
        edges[word] = [box.left, box.right];
      }
    }
  }
  return {edges, wide: document.documentElement.scrollWidth, dir: document.documentElement.dir};
}"""


def ar(words: str) -> dict[str, str]:
    return {"ar": words}


DOCUMENT: dict[str, Any] = {
    "version": 1,
    "subject": ar("طلبك {{ number }}"),
    "blocks": [
        {"type": "heading", "id": "thanks", "text": ar("شكرًا لطلبك")},
        {"type": "button", "id": "see", "label": ar("عرض الطلب"), "url": "https://shop.example/orders"},
        {
            "type": "lines",
            "id": "lines",
            "each": "lines",
            "columns": [
                {"header": ar("الصنف"), "value": "{{ line.name }}"},
                {"header": ar("المبلغ"), "value": "{{ line.amount|money('SAR') }}", "align": "end"},
            ],
        },
        {"type": "facts", "id": "facts", "items": [{"label": ar("عنوان التسليم"), "value": "{{ city }}"}]},
    ],
}
SAMPLE = {
    "number": "A-1",
    "lines": [{"name": "كوب", "amount": "24.00"}, {"name": "صحن", "amount": "8.50"}],
    "city": "الرياض",
}


@pytest.mark.parametrize("width", [600, 360])
async def test_from_right_to_left(width: int) -> None:
    """On a desk and on a telephone."""
    assert CHROMIUM, "install Chromium: this test drives a real browser"
    variant = VariantSource("email", "ar", "طلبك", document=DOCUMENT)
    source = TemplateSource("order", "Order", (variant,), default_locale="ar", sample=SAMPLE)
    (rendered,) = make_press().releases(source, bytes(16), bytes(16), 1).rendered
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": width, "height": 800})
        await page.set_content(rendered.html or "")
        seen = await page.evaluate(EDGES)
        await browser.close()
    edges = seen["edges"]
    assert (seen["dir"], seen["wide"], len(edges)) == ("rtl", width, 6)
    start = edges["شكرًا لطلبك"][1]
    assert start > width - 60
    assert abs(edges["الصنف"][1] - start) < 12
    assert abs(edges["عنوان التسليم"][1] - start) < 12
    assert edges["عرض الطلب"][1] < start
    assert edges["المبلغ"][1] < edges["الصنف"][0]
    assert edges["المبلغ"][0] < 60
    assert edges["الرياض"][1] < edges["عنوان التسليم"][0]


SENTENCE = """(words) => {
  const spread = {};
  const walk = document.createTreeWalker(document.querySelector("h1"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    for (const word of words) {
      const at = walk.currentNode.data.indexOf(word);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(walk.currentNode, at);
      range.setEnd(walk.currentNode, at + word.length);
      spread[word] = range.getBoundingClientRect().left;
    }
  }
  return words.map((word) => spread[word]);
}"""


@pytest.mark.parametrize(
    ("locale", "words", "value", "order"),
    [
        ("he", "הזמנה {{ x }} (2) נשלחה", "#A-1/B", ["נשלחה", "2", "#", "A-1", "הזמנה"]),
        ("en", "Dear {{ x }}, 3 items", "ישראל", ["Dear", "ישראל", ",", "3", "items"]),
    ],
)
async def test_values_leave_their_surroundings_in_order(locale: str, words: str, value: str, order: list[str]) -> None:
    """From left to right on the screen: the number does not jump over a name, nor its sign to its other end."""
    assert CHROMIUM, "install Chromium: this test drives a real browser"
    blocks = [{"type": "heading", "id": "h", "text": {locale: words}}]
    document = {"version": 1, "subject": {locale: "x"}, "blocks": blocks}
    variant = VariantSource("email", locale, "x", document=document)
    source = TemplateSource("order", "Order", (variant,), default_locale=locale, sample={"x": value})
    (rendered,) = make_press().releases(source, bytes(16), bytes(16), 1).rendered
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 600, "height": 800})
        await page.set_content(rendered.html or "")
        lefts = await page.evaluate(SENTENCE, order)
        await browser.close()
    assert lefts == sorted(lefts)
