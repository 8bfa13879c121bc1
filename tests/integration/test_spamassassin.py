"""SpamAssassin, with its local rules, has nothing against the mails of the starter library as they leave the house.

Every template in one language each, taking turns; in every language in the long form (``make faults``).
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from posthouse.channels.email.compose import EmailComposer
from posthouse.channels.email.verp import ReturnPaths
from posthouse.core.messages.model import Extras
from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.library.folder import library_of, read_library
from posthouse.core.templates.library.uses import uses_of
from posthouse.core.templates.model import Release, TemplateSource
from posthouse.rendering.attachments.maker import AttachmentMaker
from posthouse.rendering.attachments.pdfs import PdfProcesses
from posthouse.rendering.press import make_press
from posthouse.rendering.renderer import MinijinjaRenderer

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "channels" / "email"))

import kit

LONG = os.environ.get("POSTHOUSE_TEST_FAULTS") == "long"
JUDGE = shutil.which("spamassassin")
ROOT = Path(__file__).parents[2] / "examples" / "starter"
FILES = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sorted(ROOT.rglob("*")) if path.is_file()}
SETTINGS = """
use_bayes 0
fold_headers 0
clear_headers
add_header all Scores _TESTSSCORES(,)_
"""
MOST = 0.5
"""Points that one rule may give."""
MOST_OF_ALL = 2
"""Points of a whole mail; five make it spam."""
pytestmark = pytest.mark.timeout(300)  # compiling and judging all takes most of a minute; more when others work
LAWFUL = {
    (
        "ru",
        "MIXED_ES",
    ): "over twenty Latin e (addresses, the sample's English names), it takes each Cyrillic one for a disguise"
}
SPAM = b"""From: a@shop.example\r
To: b@people.example\r
Subject: CLICK HERE FOR FREE VIAGRA\r
Date: Thu, 15 Jan 2026 12:00:00 +0000\r
Message-ID: <a-mail-that-is-spam@shop.example>\r
\r
Dear friend, you have won the lottery, 100% free. Click here. No prescription needed, viagra, cialis. Act now!\r
"""
"""Proof that the judge is awake."""


async def mails() -> dict[str, bytes]:
    """Every mail of the library by key and locale, with what travels with it, rendered with the sample."""
    items, press, renderer, pdf = read_library(FILES), make_press(), MinijinjaRenderer(), PdfProcesses(timeout=60)
    composer, maker = EmailComposer(renderer, ReturnPaths(b"0123456789abcdef")), AttachmentMaker(renderer, pdf)
    made = {}
    try:
        for number, source in enumerate(read_tree(FILES)):
            printed = press.releases(source, bytes(16), bytes(16), 1, library_of(items, uses_of(source)), prove=False)
            assert printed.problems == (), source.key
            letters = sorted((one for one in printed.releases if one.channel == "email"), key=lambda one: one.locale)
            for release in letters if LONG else letters[number % len(letters) :][:1]:
                made[f"{source.key}.{release.locale}"] = await mail(source, release, composer, maker)
    finally:
        await pdf.close()
    return made


async def mail(source: TemplateSource, release: Release, composer: EmailComposer, maker: AttachmentMaker) -> bytes:
    """The source of one mail."""
    letter = kit.Letter(variables=json.dumps(source.sample).encode())
    attachments, contents = await maker.make(release, source.sample, letter.due_at)
    extras = Extras(attachments=attachments)
    return composer.compose(letter, extras, release, kit.unsigned(), contents).content


def scores(letters: dict[str, bytes], folder: Path) -> dict[str, dict[str, float]]:
    """The points that each rule gives to each mail. One process judges all: its rules take seconds to read."""
    assert JUDGE, "SpamAssassin is not installed: apt-get install --no-install-recommends spamassassin"
    for name, content in letters.items():
        (folder / f"{name}.eml").write_bytes(content)
    (folder / "prefs").write_text(SETTINGS)
    names = sorted(letters)
    done = subprocess.run(
        [JUDGE, "--local", f"--prefspath={folder / 'prefs'}", *[str(folder / f"{name}.eml") for name in names]],
        capture_output=True,
        timeout=300,
        check=True,
        env={**os.environ, "HOME": str(folder), "LANG": "C.UTF-8"},
    )
    told = re.findall(rb"^X-Spam-Scores: (.*?)\r?$", done.stdout, re.MULTILINE)
    assert len(told) == len(names), done.stderr.decode()
    return {name: dict(points(line.decode())) for name, line in zip(names, told, strict=True)}


def points(line: str) -> list[tuple[str, float]]:
    """``HTML_MESSAGE=0.001,…``, or ``none``."""
    return [(rule, float(given)) for rule, _, given in (one.partition("=") for one in line.split(",")) if given]


@pytest.fixture(name="judged", scope="module")
def judged_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    return scores({**asyncio.run(mails()), "spam": SPAM}, tmp_path_factory.mktemp("mails"))


def test_no_rule_takes_a_starter_mail_for_spam(judged: dict[str, dict[str, float]]) -> None:
    """Each rule gives half a point at most, each mail less than two; every template."""
    found = {
        (name, rule): given
        for name, rules in judged.items()
        for rule, given in rules.items()
        if name != "spam" and given > MOST and (name.rpartition(".")[2], rule) not in LAWFUL
    }
    assert found == {}
    assert {name for name, rules in judged.items() if name != "spam" and sum(rules.values()) >= MOST_OF_ALL} == set()
    locales = Counter(name.rpartition(".")[2] for name in judged if name != "spam")
    assert locales.keys() == {"en", "es", "fr", "ru"}
    assert locales.total() == len(read_tree(FILES)) * (4 if LONG else 1)


def test_the_judge_is_awake(judged: dict[str, dict[str, float]]) -> None:
    """What is spam gets its points, so the rules are there and read the body."""
    assert sum(judged["spam"].values()) > 3, judged["spam"]
    assert all("HTML_MESSAGE" in rules for name, rules in judged.items() if name != "spam")
