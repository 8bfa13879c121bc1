"""The pages for readers in a real browser: a mail with scripts is shown in a box, and people can leave and rate without scripts."""

import asyncio
import contextlib
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


async def test_a_shop_reports_an_order(house: tuple[Stage, str], page: Page) -> None:
    """The click is remembered over pages of another site, its parameter disappears from the address, and the order is counted."""
    stage, url = house
    body = f'<title>shop</title><script src="{url}/k/posthouse.js"></script>'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):  # browsers open connections that they do not use
            await reader.readuntil(b"\r\n\r\n")
            writer.write((head + body).encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    shop = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    word = stage.tokens.make(stage.message, Kind.CONVERSION, 0)
    await page.goto(f"{shop}?a=1&ph_cid={word}&b=2#top")
    assert page.url == f"{shop}?a=1&b=2#top"
    await page.goto(f"{shop}thanks")
    assert await page.evaluate("posthouse.click()") == word
    async with page.expect_request(f"{url}/k/{word}"):
        assert await page.evaluate('posthouse.convert({order: "A-1", amount: "49.90", currency: "EUR"})') is True
    async with asyncio.timeout(10):
        while not (found := (await stage.conversions.page(stage.kit.workspace, live=True)).items):
            await asyncio.sleep(0.05)
    assert [(one.order, one.amount, one.message_id) for one in found] == [("A-1", 49_900_000, stage.message)]
    server.close()
