"""PDFs are made in a process of their own that can go nowhere."""

import asyncio
import os
import re
import sys
import zlib
from pathlib import Path

import pytest

from posthouse.core.kernel.errors import ValidationError
from posthouse.rendering.attachments.pdf import PdfProcess
from posthouse.rendering.attachments.pdfs import PdfProcesses

PAGE = "<html lang=en><style>p { hyphens: auto; width: 4em }</style><h1>Receipt {{n}}</h1><p>international économie</p></html>"


MADE_OF = "'<div style=columns:3>' + '<table><tr><td>x</td></tr></table>' * 20_000"
SLOW: str = eval(MADE_OF)


@pytest.fixture
async def pdf():
    process = PdfProcess(timeout=60)
    yield process
    await process.close()


async def test_the_same_page_is_the_same_pdf_in_every_process(pdf: PdfProcess) -> None:
    """Retried elsewhere, it is the same mail; asked for again here, it is remembered."""
    other = PdfProcess(timeout=60)
    first, second = await pdf.make(PAGE), await other.make(PAGE)
    await other.close()
    assert first == second
    assert first.startswith(b"%PDF-")
    assert await pdf.make(PAGE) is first
    assert pdf._served == 1


async def test_a_page_reaches_neither_files_nor_the_network(pdf: PdfProcess, tmp_path) -> None:
    """What it names from outside is left out: nothing of a file comes into the PDF, nobody is connected to."""
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><text>hush</text></svg>')
    asked = []
    server = await asyncio.start_server(lambda *_: asked.append(1), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    plain = await pdf.make("<p>a</p>")
    for address in (secret.as_uri(), f"http://127.0.0.1:{port}/a.png", str(secret), "/etc/passwd"):
        page = (
            f'<link rel=stylesheet href="{address}"><link rel=attachment href="{address}"><img src="{address}"><p>a</p>'
        )
        made = await pdf.make(page)
        assert abs(len(made) - len(plain)) < 400
        assert b"EmbeddedFile" not in made
        streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)
        assert not any(b"hush" in stream or b"root:" in _inflated(stream) for stream in streams)
    server.close()
    assert asked == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")
async def test_the_kernel_holds_it_too(pdf: PdfProcess) -> None:
    """No new privileges; no network but an empty one, where this user may have one at all."""
    await pdf.make("<p>a</p>")
    process = pdf._process
    assert process is not None
    status, apart = _held(process.pid)
    assert "NoNewPrivs:\t1" in status
    bounds = _bounds(process.pid)
    assert (bounds["Max file size"], bounds["Max core file size"], bounds["Max open files"]) == ("0", "0", "64")
    assert int(bounds["Max cpu time"]) < 60
    allowed = await asyncio.create_subprocess_exec(
        "unshare", "--user", "--net", "true", stderr=asyncio.subprocess.DEVNULL
    )
    refused = await allowed.wait() != 0
    assert apart or refused


TRYING = """
import ctypes, os, signal, socket, sys
from posthouse.rendering.attachments import pdf_worker

def tried(what):
    try:
        what()
    except OSError as error:
        return error.__class__.__name__
    return "done"

pdf_worker.ask_the_kernel()
version = pdf_worker.landlock(ctypes.CDLL(None, use_errno=True))
print(version)
print(tried(lambda: open(sys.argv[1], "a")))
print(tried(lambda: os.unlink(sys.argv[1])))
print(tried(lambda: os.execv("/bin/true", ["true"])))
print(tried(lambda: open(sys.argv[1]).read()))
print(tried(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])))))
print(tried(lambda: os.kill(os.getppid(), 0)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")
async def test_the_kernel_gives_no_right_to_change_or_start_anything(tmp_path) -> None:
    """Whatever Python allows, and for root too: files are read and nothing else, nobody is connected to, no process is signalled."""
    (tmp_path / "kept").write_text("kept")
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    arguments = (str(tmp_path / "kept"), str(server.sockets[0].getsockname()[1]))
    trying = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TRYING, *arguments, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await trying.communicate()
    server.close()
    version, *outcomes = said.decode().split()
    denied = "PermissionError"
    expected = [
        denied,
        denied,
        denied,
        "done",
        denied if int(version) >= 4 else outcomes[4],
        denied if int(version) >= 6 else "done",
    ]
    assert outcomes == (expected if int(version) > 0 else outcomes), (
        "the kernel knows Landlock and lets through what it must not"
    )


def _bounds(pid: int) -> dict[str, str]:
    """The soft limits of a process."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return {line[:26].strip(): line[26:].split()[0] for line in lines}


def _held(pid: int) -> tuple[str, bool]:
    """The state of a process, and whether its networks are others than ours."""
    it = Path(f"/proc/{pid}")
    return (it / "status").read_text(), (it / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


async def test_what_takes_too_long_is_given_up_and_the_next_is_served(pdf: PdfProcess) -> None:
    """The process is killed, a new one makes the next."""
    await pdf.make("<p>a</p>")
    pdf._timeout = 0.2
    with pytest.raises(ValidationError, match="seconds"):
        await pdf.make("<div style='columns: 3'>" + "<table><tr><td>x</td></tr></table>" * 20_000)
    pdf._timeout = 60
    assert (await pdf.make("<p>b</p>")).startswith(b"%PDF-")


async def test_a_process_that_dies_is_told_and_replaced(pdf: PdfProcess) -> None:
    """Out of memory, or shot."""
    await pdf.make("<p>a</p>")
    os.kill(pdf._process.pid, 9)
    with pytest.raises(ValidationError, match="died"):
        await pdf.make("<p>b</p>")
    assert (await pdf.make("<p>b</p>")).startswith(b"%PDF-")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")
async def test_a_process_that_is_busy_ends_with_whoever_asked() -> None:
    """Killed in the middle of a page, the asker can give nothing up any more: the kernel does."""
    program = (
        "import asyncio, sys\nfrom posthouse.rendering.attachments.pdf import PdfProcess\n"
        "async def main():\n    pdf = PdfProcess(600)\n    await pdf.make('<p>a</p>')\n    print(pdf._process.pid, flush=True)\n"
        f"    await pdf.make({MADE_OF})\nasyncio.run(main())"
    )
    asker = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert asker.stdout is not None
    async with asyncio.timeout(120):
        busy = int(await asker.stdout.readline())
        await asyncio.sleep(0.3)
        asker.kill()
        await asker.wait()
        while _lives(busy):
            await asyncio.sleep(0.05)


def _lives(pid: int) -> bool:
    """Not gone, nor dead and only not yet noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_one_workspace_does_not_keep_others_from_their_pdfs() -> None:
    """Several pages that take for ever, all of one workspace: another one has its PDF meanwhile."""
    pdfs = PdfProcesses(timeout=60)
    slow = [asyncio.ensure_future(pdfs.make(f"{SLOW}{number}", b"slow")) for number in range(3)]
    await asyncio.sleep(0)
    assert (await pdfs.make("<p>quick</p>", b"quick")).startswith(b"%PDF-")
    assert not any(one.done() for one in slow)
    for one in slow:
        one.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    await pdfs.close()


class Desk:
    """Takes as long over a page as it is told to."""

    def __init__(self, begun: list[str]) -> None:
        self.begun = begun
        self.gate = asyncio.Event()

    async def make(self, page: str) -> bytes:
        self.begun.append(page)
        await self.gate.wait()
        if page == "broken":
            raise ValidationError("broken")
        return page.encode()

    def known(self, page: str) -> bytes | None:
        return None

    async def close(self) -> None:
        """Nothing to end."""


async def test_turns_are_taken_workspace_by_workspace() -> None:
    """Whoever asked for many waits behind whoever asked for one; who gave up or failed leaves no place taken."""
    begun: list[str] = []
    desk = Desk(begun)
    pdfs = PdfProcesses(processes=[desk])
    asked = [(b"a", "a1"), (b"a", "broken"), (b"a", "a3"), (b"b", "b1"), (b"c", "given up"), (b"b", "b2"), (b"d", "d1")]
    making = [asyncio.ensure_future(pdfs.make(page, workspace)) for workspace, page in asked]
    await asyncio.sleep(0)
    making[4].cancel()
    desk.gate.set()
    await asyncio.gather(*making, return_exceptions=True)
    assert begun == ["a1", "b1", "d1", "broken", "b2", "a3"]
    assert await pdfs.make("again", b"c") == b"again"
    assert (pdfs._waiting, pdfs._busy) == ({}, set())
