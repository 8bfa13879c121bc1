"""The pages for readers in a real browser: a mail with scripts is shown in a box, and people can leave and rate without scripts."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright
from tests.unit.tracking.stage import Stage, staged

from posthouse.core.messages.model import EventType
from posthouse.core.tracking.tokens import Kind

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EVIL = """<html><body onload="document.title='hacked'"><h1>Hello</h1><script>document.title='hacked';fetch('/u/x')</script>
<img src=x onerror="document.title='hacked'"><form action="/u/x" method="post"><button>b</button></form>
<a href="posthouse:unsubscribe">leave</a></body></html>"""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[Stage, str]]:
    async with staged(tmp_path) as stage:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            config = uvicorn.Config(stage.app, log_level="error", lifespan="off")
            server = uvicorn.Server(config)
            running = asyncio.create_task(server.serve([listener]))
            try:
                yield stage, f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True
                await running


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    assert CHROMIUM, "install Chromium: this test drives a real browser"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield await browser.new_page()
        finally:
            await browser.close()


async def test_a_mail_is_shown_in_a_box(house: tuple[Stage, str], page: Page) -> None:
    """No script of it runs, no form of it can be sent; its own links lead on."""
    stage, url = house
    message = await stage.send(stage.release(EVIL))
    await page.goto(url + stage.path(Kind.VIEW, message=message))
    assert await page.inner_text("h1") == "Hello"
    assert await page.title() != "hacked"
    await page.click("text=leave")
    await page.wait_for_selector("button[value=unsubscribe]")
    assert stage.opt_outs.calls == []


async def test_leaving_and_coming_back(house: tuple[Stage, str], page: Page) -> None:
    """With the buttons of the page, in the language of the message or another."""
    stage, url = house
    await page.goto(url + stage.path(Kind.UNSUBSCRIBE))
    assert await page.get_attribute("html", "lang") == "fr"
    await page.click("text=Español")
    await page.click("text=Darme de baja")
    await page.wait_for_selector("text=Se ha dado de baja")
    assert len(stage.opt_outs.out) == 1
    await page.click("button[value=subscribe]")
    await page.wait_for_selector("text=Se ha suscrito de nuevo")
    assert stage.opt_outs.out == set()


async def test_rating(house: tuple[Stage, str], page: Page) -> None:
    """The score that was followed is chosen; another one can be sent, with words."""
    stage, url = house
    await page.goto(url + stage.path(Kind.RATING, 0, 4))
    assert await page.is_checked("input[value='4']")
    await page.check("input[value='5']")
    await page.fill("textarea", "Très bien")
    await page.click("button")
    await page.wait_for_selector("text=Merci")
    (event,) = await stage.events(EventType.RATED)
    assert (event.data["score"], event.data["comment"]) == (5, "Très bien")
