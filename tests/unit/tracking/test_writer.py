"""What a message's links become, and who decides it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.tracking.stage import Stage, staged

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.model import Category, Link, Tracking
from posthouse.core.tracking.preferences import NOT_SENT, unsubscribe_fields
from posthouse.core.tracking.settings import TrackingSettings, settings_of, with_settings
from posthouse.core.tracking.tokens import Kind, Token, Tokens
from posthouse.core.tracking.writer import MessageLinks
from posthouse.core.workspaces.model import Domain, Verification, Workspace

TOKENS = Tokens(lambda purpose: purpose.encode().ljust(32, b"k"))
MESSAGE = bytes(range(16))
BASE = "https://links.shop.example"
LINKS = (Link("https://shop.example/?a=1&b=2"), Link("{{ x }}", dynamic=True), Link("https://shop.example/2"))


def writer(base: str | None = BASE, **wanted: bool) -> MessageLinks:
    return MessageLinks(TOKENS, MESSAGE, base, LINKS, **wanted)


def read(address: str) -> Token | None:
    return TOKENS.read(address.removesuffix(".gif").rpartition("/")[2])


MARKS = st.lists(
    st.sampled_from(
        ["0", "2", "1\x04https://a.example/", "1\x04mailto:a@b.example", "1\x04", "u", "p", "v", "r0.3", "o", "h"]
    ),
    max_size=12,
)


@given(MARKS, st.booleans(), st.booleans(), st.booleans())
def test_every_mark_becomes_what_it_should(marks: list[str], opens: bool, clicks: bool, honeypot: bool) -> None:
    """Tokens name their link and occurrence; what is not wanted, or leads not to the web, is as it was."""
    written = writer(opens=opens, clicks=clicks, honeypot=honeypot).write(marks)
    assert len(written) == len(marks)
    occurrence = 0
    for mark, text in zip(marks, written, strict=True):
        if mark[0] == "1":
            web = mark.endswith("https://a.example/")
            if clicks and web:
                assert read(text) == Token(MESSAGE, Kind.CLICK, 1, occurrence)
            else:
                assert text == mark[2:]
            occurrence += 1
        elif mark.isdigit():
            plain = {"0": "https://shop.example/?a=1&amp;b=2", "2": "https://shop.example/2"}[mark]
            assert read(text) == Token(MESSAGE, Kind.CLICK, int(mark)) if clicks else text == plain
        elif mark == "o":
            assert text.startswith(f'<img src="{BASE}/o/') if opens else text == ""
        elif mark == "h":
            assert ("display:none" in text) is (honeypot and clicks)
        else:
            found = read(text)
            assert text.startswith(BASE)
            assert found is not None
            assert (
                found.kind is {"u": Kind.UNSUBSCRIBE, "p": Kind.PREFERENCES, "v": Kind.VIEW, "r": Kind.RATING}[mark[0]]
            )


def test_without_a_host() -> None:
    """Links stay as they are, addresses of ours cannot be made; on the host itself they need none."""
    assert writer(None, opens=True, clicks=True).write(["0", "o", "h"]) == ["https://shop.example/?a=1&amp;b=2", "", ""]
    with pytest.raises(ValidationError, match="tracking host"):
        writer(None).write(["u"])
    assert writer("").write(["u"])[0].startswith("/u/")


WANTS = [
    (Tracking(), Tracking(), TrackingSettings(), (False, False)),
    (Tracking(), Tracking(), TrackingSettings(opens=True, clicks=True), (True, True)),
    (Tracking(), Tracking(opens=False), TrackingSettings(opens=True, clicks=True), (False, True)),
    (Tracking(opens=True), Tracking(opens=False, clicks=True), TrackingSettings(), (True, True)),
    (Tracking(clicks=False), Tracking(clicks=True), TrackingSettings(clicks=True), (False, False)),
]


@pytest.mark.parametrize(("message", "template", "workspace", "expected"), WANTS)
async def test_who_decides(
    tmp_path: Path, message: Tracking, template: Tracking, workspace: TrackingSettings, expected: tuple[bool, bool]
) -> None:
    """The message's word counts most, then the template's, then the workspace's; opens and clicks apart."""
    async with staged(tmp_path) as stage:
        await furnish(stage, workspace)
        release = stage.release(category=Category.TRANSACTIONAL, tracking=template)
        links = await stage.preferences.links(
            stage.kit.workspace, MESSAGE, release, "shop.example", live=True, said=message
        )
        assert links is not None  # the template has addresses of ours
        clicked, opened = links.write(["0", "o"])
        assert (bool(opened), "/c/" in clicked) == expected


async def furnish(stage: Stage, settings: TrackingSettings, url: str = BASE) -> None:
    """Settings and a tracking host."""
    kit = stage.kit
    (workspace,) = await stage.store.workspaces()
    await stage.store.update_workspace(workspace, with_settings(workspace, settings))
    await stage.store.add_domain(
        Domain(
            kit.ids(),
            kit.workspace,
            "shop.example",
            Verification.DNS,
            1,
            "b.shop.example",
            "links.shop.example",
            tracking_url=url,
        )
    )


async def test_nothing_to_write(tmp_path: Path) -> None:
    """No table, no host, nothing wanted: no writer, so that such mail costs nothing."""
    async with staged(tmp_path) as stage:
        await furnish(stage, TrackingSettings(opens=True, clicks=True), "")
        release = stage.release("<p>x</p>", Category.TRANSACTIONAL)

        async def links(domain: str = "shop.example", release: Any = release, live: bool = True) -> MessageLinks | None:
            return await stage.preferences.links(stage.kit.workspace, MESSAGE, release, domain, live=live)

        stage.shelf.kept.clear()
        import msgspec

        bare = msgspec.structs.replace(release, own_links=False)
        assert await links(release=None) is None
        assert await links(release=bare) is None
        assert await links("other.example", bare) is None
        test = await links(live=False)
        assert test is not None
        assert test.address(Kind.VIEW).startswith(NOT_SENT)


async def test_fields_for_commercial_mail_only(tmp_path: Path) -> None:
    """RFC 2369 and 8058, both or none."""
    async with staged(tmp_path) as stage:
        commercial, transactional = stage.release(), stage.release(category=Category.TRANSACTIONAL)
        (name, address), one_click = unsubscribe_fields(commercial, writer())
        assert (name, one_click) == ("List-Unsubscribe", ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        assert read(address.strip("<>")) == Token(MESSAGE, Kind.UNSUBSCRIBE)
        assert unsubscribe_fields(transactional, writer()) == []
        with pytest.raises(ValidationError):
            unsubscribe_fields(commercial, writer(None))


def test_settings() -> None:
    """Kept beside what else a workspace has; bounds are said."""
    workspace = Workspace(b"w" * 16, "shop", 1, settings={"other": 1})
    kept = with_settings(workspace, TrackingSettings(opens=True, view_days=5))
    assert settings_of(kept) == TrackingSettings(opens=True, view_days=5)
    assert kept.settings["other"] == 1
    assert settings_of(workspace) == settings_of(None) == TrackingSettings()
    for days in (0, 3_651):
        with pytest.raises(ValidationError) as refused:
            with_settings(workspace, TrackingSettings(view_days=days))
        assert refused.value.fields[0].pointer == "/view_days"
