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

PAGE = "<html lang=en><style>p { hyphens: auto; width: 4em }</style><h1>Receipt {{n}}</h1><p>international économie</p></html>"


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
    allowed = await asyncio.create_subprocess_exec(
        "unshare", "--user", "--net", "true", stderr=asyncio.subprocess.DEVNULL
    )
    refused = await allowed.wait() != 0
    assert apart or refused


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
