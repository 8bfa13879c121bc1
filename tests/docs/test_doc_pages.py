"""Pages lead somewhere, and the tree keeps its own rules."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LONGEST = 500
UNCOUNTED = re.compile(
    r"LICENSE|requirements/.*\.txt|.*\.(json|html|css|svg|eml|webp)|examples/.*|docs/reference/commands\.md|.*\.lock"
)
REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org")
MACHINE_PATHS = re.compile(r"/wor[k]/(main|shared)|/roo[t]/|/home/\w+/|/opt/(pypi|wheels)")


def tracked() -> list[Path]:
    """Every file that git keeps."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are commonly made."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower()).strip()
        found.add(words.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_internal_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that is there, and an anchor that it has."""
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_no_file_is_too_long() -> None:
    """Nobody reads a file of over 500 lines."""
    counted = [path for path in tracked() if not UNCOUNTED.fullmatch(str(path.relative_to(ROOT)))]
    long = {
        str(path.relative_to(ROOT)): count
        for path in counted
        if (count := len(path.read_bytes().splitlines())) > LONGEST
    }
    assert long == {}


def test_no_registry_host_and_no_machine_path_is_kept() -> None:
    """The project names no package registry and no place on somebody's machine; mails that others wrote may."""
    found = []
    for path in tracked():
        if path.is_relative_to(ROOT / "tests" / "data"):
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        if path != Path(__file__).resolve() and (
            any(host in text for host in REGISTRIES) or MACHINE_PATHS.search(text)
        ):
            found.append(str(path.relative_to(ROOT)))
    assert found == []


def test_requirements_are_pinned_and_hashed() -> None:
    """Every package has one version and its hashes; no index is named."""
    for name in ("base", "dev", "bench"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        packages = re.split(r"\n(?=\S)", text.strip())
        assert len(packages) > 20
        assert all("--hash=sha256:" in package for package in packages if not package.startswith("#"))
        assert "://" not in text
