"""What readers see of our MJML is what they would see of the reference compiler's (npm mjml, tests/node)."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.unit.rendering.conftest import release_of

from posthouse.core.templates.cases.seen import Seen
from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.model import TemplateSource, VariantSource
from posthouse.rendering import engine
from posthouse.rendering.renderer import MinijinjaRenderer

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "templates"
NODE = ROOT / "tests" / "node"
_SRC = re.compile(r"""<img\b[^>]*?\bsrc=["']([^"']+)["']""", re.IGNORECASE)
_HEADINGS = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def sources() -> list[tuple[str, TemplateSource, VariantSource]]:
    files = {path.relative_to(EXAMPLES).as_posix(): path.read_bytes() for path in EXAMPLES.rglob("*") if path.is_file()}
    return [
        (f"{one.key}.{variant.locale}", one, variant)
        for one in read_tree(files)
        for variant in one.variants
        if variant.mjml is not None
    ]


def reference(mjml: str) -> str:
    """The HTML of the reference compiler."""
    node = shutil.which("node")
    assert node, "this test needs Node.js: apt install nodejs npm"
    assert (NODE / "node_modules" / "mjml").is_dir(), "this test needs npm's mjml: npm ci --prefix tests/node"
    asked = json.dumps({"mjml": mjml}) + "\n"
    told = subprocess.run([node, "compile.js"], input=asked, capture_output=True, text=True, cwd=NODE, check=True)
    return json.loads(told.stdout)["html"]


@pytest.mark.parametrize(("source", "variant"), [pytest.param(one, two, id=name) for name, one, two in sources()])
def test_the_same_words_links_and_pictures(source: TemplateSource, variant: VariantSource) -> None:
    """Our compiler sees the tags, the reference one what they printed: loops and conditions end in the same mail."""
    ours = MinijinjaRenderer().plain(release_of(source, variant), source.sample).html or ""
    plain = engine.environment(variant.locale).render_str(variant.mjml, "mail.html", **source.sample)
    theirs = reference(plain.replace("&#x2f;", "/"))
    assert Seen(ours).words == Seen(theirs).words
    assert Seen(ours).links == Seen(theirs).links
    assert _SRC.findall(ours) == _SRC.findall(theirs)
    assert _HEADINGS.findall(ours) == _HEADINGS.findall(theirs)
