"""The mailbox as a whole: mail in over SMTP, out over HTTP and on the page in a real browser."""

import asyncio
import email
import shutil
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

import httpx
import pytest
from playwright.async_api import async_playwright
from starlette.applications import Starlette
from starlette.routing import Mount

from posthouse.core.kernel.clock import SystemClock
from posthouse.testing.mailbox import Mailbox, self_made_tls

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EVIL = (
    "<!doctype html><html><head><script>document.title='hacked'</script></head>"
    "<body onload=\"top.document.title='hacked'\"><b>Order 7</b><style>b{color:rgb(1,2,3)}</style>"
    '<a href="https://shop.example/reset?t=1">reset</a><img src=x onerror="top.location=\'/api/messages\'"></body>'
)


def order(number: int, to: str = "ann@x.example") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <shop@shop.example>"
    message["To"] = to
    message["Subject"] = f"Order {number}"
    message.set_content(f"Thank you for order {number}\n")
    message.add_alternative(EVIL, subtype="html")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="reçu.pdf")
    return message


def deliver(mailbox: Mailbox, *messages: EmailMessage, pem: bytes | None = None) -> None:
    with smtplib.SMTP(mailbox.host, mailbox.smtp_port) as client:
        if pem is not None:
            client.starttls(context=ssl.create_default_context(cadata=pem.decode()))
        for message in messages:
            client.send_message(message)


def deliver_raw(mailbox: Mailbox, raw: bytes) -> None:
    with smtplib.SMTP(mailbox.host, mailbox.smtp_port) as client:
        client.sendmail("shop@shop.example", ["ann@x.example"], raw)


@pytest.fixture
async def mailbox():
    async with Mailbox() as running:
        yield running


@pytest.fixture
async def api(mailbox):
    async with httpx.AsyncClient(base_url=mailbox.url, timeout=20) as client:
        yield client


async def test_a_test_of_ones_own_waits_for_its_mail(mailbox, api):
    """GET /api/wait answers the moment the mail is there, with all that a test asks about."""
    waiting = asyncio.create_task(api.get("api/wait", params={"to": "Ann@X.example", "subject": "order 7"}))
    await asyncio.sleep(0.05)
    await asyncio.to_thread(deliver, mailbox, order(6), order(7, "bob@x.example"), order(7))
    found = (await asyncio.wait_for(waiting, 3)).json()
    assert (found["subject"], found["to"]) == ("Order 7", ["ann@x.example"])
    assert found["text"].strip() == "Thank you for order 7"
    assert found["links"] == ["https://shop.example/reset?t=1"]
    assert found["envelope"] == {"from": "shop@shop.example", "to": ["ann@x.example"], "via": "SMTP"}
    assert found["attachments"][0]["name"] == "reçu.pdf"


async def test_waiting_in_vain_says_what_came_instead(mailbox, api):
    """A failing test tells at once whether the mail went elsewhere."""
    await asyncio.to_thread(deliver, mailbox, order(6))
    answer = await api.get("api/wait", params={"to": "nobody@x.example", "timeout": 0.05})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "'Order 6' to ann@x.example" in answer.json()["detail"]


async def test_the_list_is_filtered_and_cheap_to_poll(mailbox, api):
    """Newest first; the same list again is a 304."""
    await asyncio.to_thread(deliver, mailbox, order(1), order(2, "bob@x.example"), order(3))
    everything = await api.get("api/messages")
    assert [row["subject"] for row in everything.json()["messages"]] == ["Order 3", "Order 2", "Order 1"]
    again = await api.get("api/messages", headers={"If-None-Match": everything.headers["etag"]})
    assert again.status_code == 304
    for query, numbers in [({"to": "bob@x.example"}, [2]), ({"subject": "ORDER 1"}, [1]), ({"q": "bob"}, [2])]:
        found = (await api.get("api/messages", params=query)).json()["messages"]
        assert [row["subject"] for row in found] == [f"Order {n}" for n in numbers]
    later = everything.json()["messages"][0]["received_at"]
    assert (await api.get("api/messages", params={"since": later, "limit": 1})).json()["messages"]
    assert (await api.get("api/messages", params={"since": "2999-01-01T00:00:00+01:00"})).json()["total"] == 0


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"limit": "0"}, {"limit": "x"}])
async def test_a_bad_filter_is_named(api, query):
    """422 with the name of the field."""
    answer = await api.get("api/messages", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(query))}"


async def test_every_part_of_a_mail_can_be_fetched(mailbox, api):
    """The source is the mail to the byte; files are only ever downloads; HTML only ever sandboxed."""
    raw = order(7).as_bytes(policy=SMTP)
    await asyncio.to_thread(deliver_raw, mailbox, raw)
    one = "api/messages/" + (await api.get("api/messages")).json()["messages"][0]["id"]
    assert (await api.get(f"{one}/source")).content == raw
    assert (await api.get(f"{one}/text")).text.strip() == "Thank you for order 7"
    html = await api.get(f"{one}/html")
    assert html.text.strip() == EVIL
    assert "sandbox" in html.headers["content-security-policy"]
    file = await api.get(f"{one}/attachments/1")
    assert file.content == b"%PDF-1"
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''re%C3%A7u.pdf"
    assert (await api.get(f"{one}/attachments/2")).status_code == 404
    assert (await api.get("api/messages/mail_nonsense")).status_code == 404


async def test_reading_and_emptying(mailbox, api):
    """Unread until somebody opened it; empty when told."""
    await asyncio.to_thread(deliver, mailbox, order(1), order(2))
    rows = (await api.get("api/messages")).json()
    assert rows["unread"] == 2
    assert (await api.post(f"api/messages/{rows['messages'][0]['id']}/read")).status_code == 204
    assert (await api.get("api/messages")).json()["unread"] == 1
    assert (await api.delete("api/messages")).json() == {"deleted": 2}
    assert (await api.get("api/messages")).json()["total"] == 0


async def test_no_foreign_page_can_read_the_mailbox(mailbox, api):
    """A host name that is not ours is refused (DNS rebinding); every answer carries its protection."""
    assert (await api.get("api/messages", headers={"Host": "evil.example:80"})).status_code == 421
    for host in ("localhost:1", "127.0.0.1", "[::1]:8026"):
        assert (await api.get("api/messages", headers={"Host": host})).status_code == 200
    page = await api.get("")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "http://" not in page.text
    assert "https://" not in page.text


async def test_starttls_and_international_addresses():
    """The self-made certificate convinces who trusts it; RFC 6531 addresses arrive as they are."""
    context, pem = self_made_tls(SystemClock())
    message = order(1, "jürgen@übung.example")
    async with Mailbox(tls=context, http_port=None) as mailbox:
        await asyncio.to_thread(deliver, mailbox, message, pem=pem)
        (mail,) = await mailbox.mails()
    assert mail.recipients == ("jürgen@übung.example",)
    assert mail.via.startswith("SMTP, TLS")
    assert email.message_from_bytes(mail.content, policy=SMTPUTF8)["To"] == "jürgen@übung.example"


async def test_it_stops_although_somebody_waits():
    """Neither a long poll nor an open SMTP connection holds it up; its port is free again."""
    mailbox = await Mailbox().start()
    async with httpx.AsyncClient(base_url=mailbox.url) as client:
        waiting = asyncio.create_task(client.get("api/wait?timeout=60", timeout=60))
        _, writer = await asyncio.open_connection(mailbox.host, mailbox.smtp_port)
        await asyncio.sleep(0.1)
        await asyncio.wait_for(mailbox.stop(), 5)
        assert (await asyncio.wait_for(waiting, 5)).status_code == 503
        writer.close()
    async with Mailbox(smtp_port=mailbox.smtp_port, http_port=mailbox.http_port):
        pass


async def test_a_taken_port_is_an_error_and_leaves_nothing_open(mailbox):
    """Also when only the second of the two ports is taken."""
    other = Mailbox(http_port=mailbox.http_port)
    with pytest.raises(OSError, match="in use"):
        await other.start()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(other.host, other.smtp_port)


@pytest.fixture
async def browser():
    if CHROMIUM is None:
        pytest.fail("Chromium is missing; install it: apt-get install chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        await running.close()


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_person_reads_mail_by_keyboard(mailbox, browser, width):
    """The list refreshes by itself, j and Enter open, scripts in the mail do nothing, nothing outside is asked for."""
    page = await browser.new_page(viewport={"width": width, "height": 800})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(mailbox.url) else problems.append(request.url))
    await page.goto(mailbox.url)
    await page.wait_for_selector("text=No mail yet")
    await asyncio.to_thread(deliver, mailbox, order(1), order(2))
    await page.wait_for_selector("#list li:nth-child(2)")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    assert await frame.locator("b").inner_text() == "Order 7"
    assert await frame.locator("b").evaluate("node => getComputedStyle(node).color") == "rgb(1, 2, 3)"
    assert await page.title() == "Order 1 · Mailbox"
    await page.click("role=tab[name='Attachments (1)']")
    async with page.expect_download() as download:
        await page.click("text=reçu.pdf")
    assert (await download.value).suggested_filename == "reçu.pdf"
    await page.keyboard.press("Escape")
    await page.wait_for_selector("#list .unread")
    assert await page.locator("#list .unread").count() == 1
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.fill("#search", "nothing like it")
    await page.wait_for_selector("text=Nothing found")
    assert problems == []
    await page.close()


async def test_the_page_works_under_a_path_of_a_bigger_app(mailbox):
    """All its links are relative."""
    from posthouse.testing.mailbox import mailbox_app

    app = Starlette(routes=[Mount("/mailbox", mailbox_app(mailbox.inbox, SystemClock()))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/mailbox/") as client:
        page = await client.get("")
        for path in ("static/mailbox.js", "static/mailbox.css", "static/icon.svg"):
            assert f'"{path}"' in page.text
            assert (await client.get(path)).status_code == 200
        assert (await client.get("api/messages")).json()["total"] == 0
