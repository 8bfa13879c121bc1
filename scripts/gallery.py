"""Makes docs/gallery: every template of the starter library at 600 and 360 px, light and dark, in one picture.

``python scripts/gallery.py`` needs Chromium (``apt install chromium``); ``--only KEY`` makes one again, ``--locale fr``
shows another language, ``--full DIR`` keeps the screenshots in full size too.
"""

import argparse
import base64
import io
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from posthouse.core.templates.attachments.model import Barcode, Qr
from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.library.folder import library_of, read_library
from posthouse.core.templates.library.model import Library
from posthouse.core.templates.library.uses import uses_of
from posthouse.core.templates.model import Release, TemplateSource
from posthouse.core.templates.press import Press
from posthouse.rendering.attachments.codes import bar_image, qr_image
from posthouse.rendering.press import make_press
from posthouse.rendering.renderer import MinijinjaRenderer

ROOT = Path(__file__).parent.parent
STARTER = ROOT / "examples" / "starter"
GALLERY = ROOT / "docs" / "gallery"
VIEWS = ((600, "light"), (600, "dark"), (360, "light"), (360, "dark"))
SCALE = 0.5
"""Of the pictures that are kept."""
GAP = 12
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--force-color-profile=srgb",
]
HEAD = """# Gallery of the starter library

<!-- Made by scripts/gallery.py: run it again after changing a template. -->

Every template of `examples/starter` with its sample, in English, at 600 and 360 pixels, light and dark
([how to get them](../howto/starter.md)). French, Spanish and Russian are there too: `python scripts/gallery.py --locale fr --out /tmp/fr`.
"""


class Shown(NamedTuple):
    """A template, its subject, and its mail as a browser can show it."""

    source: TemplateSource
    subject: str
    html: str


def main() -> int:
    """Makes pictures and, when all were made in English, the page that shows them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--locale", default="en")
    asked.add_argument("--only", action="append", metavar="KEY", help="may be repeated")
    asked.add_argument("--out", type=Path, default=GALLERY)
    asked.add_argument("--full", type=Path, help="keep every screenshot in full size in this folder")
    given = asked.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is missing: apt install chromium")
    for folder in filter(None, (given.out, given.full)):
        folder.mkdir(parents=True, exist_ok=True)
    everything = list(rendered(given.locale))
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser:
        for shown in everything:
            if not given.only or shown.source.key in given.only:
                views = [screenshot(browser, shown.html, width, scheme) for width, scheme in VIEWS]
                keep(shown.source.key, views, given.out, given.full)
    if given.out == GALLERY:
        (GALLERY / "README.md").write_text("".join(page(everything)), encoding="utf-8")
    return 0


def rendered(locale: str) -> Iterator[Shown]:
    """Every template as its sample shows it, compiled as publishing does."""
    files = {path.relative_to(STARTER).as_posix(): path.read_bytes() for path in STARTER.rglob("*") if path.is_file()}
    items, press = read_library(files), make_press()
    for source in read_tree(files):
        yield show(press, source, library_of(items, uses_of(source)), locale)


def show(press: Press, source: TemplateSource, library: Library, locale: str) -> Shown:
    """One mail, with its pictures in place of the parts they are."""
    printed = press.releases(source, bytes(16), bytes(16), 1, library)
    at = next(i for i, one in enumerate(printed.releases) if (one.channel, one.locale) == ("email", locale))
    seen = printed.rendered[at]
    html = seen.html or ""
    for name, image in codes(printed.releases[at], source):
        html = html.replace(f"cid:{name}", f"data:image/png;base64,{base64.b64encode(image).decode()}")
    return Shown(source, seen.subject, html)


def codes(release: Release, source: TemplateSource) -> Iterator[tuple[str, bytes]]:
    """Bar codes and QR codes that travel with the mail."""
    for one in MinijinjaRenderer().attachments(release, source.sample, at=0):
        if isinstance(one, Qr | Barcode):
            yield one.id, qr_image(one) if isinstance(one, Qr) else bar_image(one)


def screenshot(browser: Browser, html: str, width: int, scheme: str) -> Image.Image:
    """The whole mail as a picture."""
    context = browser.new_context(viewport={"width": width, "height": 400}, color_scheme=scheme)
    view = context.new_page()
    view.set_content(html)
    wide = view.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        sys.exit(f"the mail is {wide} px wide on a screen of {width}")
    taken = Image.open(io.BytesIO(view.screenshot(full_page=True))).convert("RGB")
    context.close()
    return taken


def keep(key: str, views: list[Image.Image], out: Path, full: Path | None) -> None:
    """The four of them side by side."""
    width = sum(view.width for view in views) + GAP * (len(views) - 1)
    sheet = Image.new("RGB", (width, max(view.height for view in views)), "#9aa39e")
    left = 0
    for (size, scheme), view in zip(VIEWS, views, strict=True):
        if full is not None:
            view.save(full / f"{key}.{size}.{scheme}.png")
        sheet.paste(view, (left, 0))
        left += view.width + GAP
    small = sheet.resize((int(sheet.width * SCALE), int(sheet.height * SCALE)), Image.Resampling.LANCZOS)
    small.save(out / f"{key}.webp", quality=72, method=6)


def page(everything: list[Shown]) -> Iterator[str]:
    """The page that shows them all."""
    yield HEAD
    for source, subject, _ in everything:
        channels = ", ".join(sorted({variant.channel for variant in source.variants}))
        yield f"\n## {source.name}\n\n`{source.key}` ({source.category.value}; {channels}). {source.description} "
        yield f"Subject: {subject}\n\n![{source.name} in four views]({source.key}.webp)\n"


if __name__ == "__main__":
    sys.exit(main())
