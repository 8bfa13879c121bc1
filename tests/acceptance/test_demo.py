"""`posthouse demo`: what a stranger sees first works, and its judge can tell a wrong mail from a right one.

That it checks itself and ends with ``CI=true`` is what `.ci/run` sees before the tests.
"""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from email.message import EmailMessage

import httpx
import pytest

from posthouse.cli.demo import judge
from posthouse.cli.demo.shop import DAY, Signal, examples
from posthouse.testing.mailbox import Mail

SIGNAL = Signal(
    "an order",
    "msg_01jd0000000000000000000000",
    {"to": {"email": "ann@x.example"}, "variables": {"customer": {}, "order": {"number": "727"}}},
)


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("POSTHOUSE_")}
    return kept | changes


def mail(subject="Order 727", text="Your order 727", html="<p>Your order <b>727</b></p>", *, signed=True) -> Mail:
    message = EmailMessage()
    if signed:
        message["DKIM-Signature"] = "v=1; a=rsa-sha256; d=shop.example; s=ph1; h=from; bh=AAAA; b=AAAA"
    message["From"] = "shop@shop.example"
    message["Message-ID"] = f"<{SIGNAL.id}@shop.example>"
    message["Subject"] = subject
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return Mail("mail_1", 1, "bounce@shop.example", ("ann@x.example",), message.as_bytes())


@pytest.mark.slow
async def test_the_demo_stays_open_until_it_is_told_to_stop(tmp_path):
    """What it prints can be opened; the printed curl sends a mail; Ctrl-C ends everything, and the data stays."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "posthouse", "demo", "--port", "0", "--data", str(tmp_path / "data")],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(),
    )
    said = ""
    async with asyncio.timeout(100):
        while "Ctrl-C ends the demo" not in said:
            line = await process.stdout.readline()
            assert line, said
            said += line.decode()
    mailbox = re.search(r"the mailbox +(\S+)", said)[1]
    docs = re.search(r"the API +(\S+)", said)[1]
    curl = said[said.index("  curl ") :].partition("\n\n")[0]
    async with httpx.AsyncClient(timeout=15) as client:
        assert (await client.get(docs)).status_code == 200
        assert (await client.get(f"{mailbox}api/messages")).json()["total"] == len(DAY) - 1
        sent = await asyncio.create_subprocess_shell(curl, stdout=asyncio.subprocess.PIPE, stderr=subprocess.DEVNULL)
        answer, _ = await sent.communicate()
        assert json.loads(answer)["id"].startswith("msg_")
        assert (await client.get(f"{mailbox}api/wait?to=you@example.com")).status_code == 200
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        await process.communicate()
    assert process.returncode == 0
    assert (tmp_path / "data" / "posthouse.toml").exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", httpx.URL(docs).port), timeout=1)


def test_the_examples_are_found():
    """Templates for everything that the shops' scripts ask for."""
    folder = examples()
    for what in DAY:
        assert (folder / "shops" / what.script).is_file()
        assert (folder / "shops" / "payloads" / what.payload).is_file()


def test_a_mail_is_found_by_its_message():
    """Address and Message-ID both count."""
    assert judge.letter_of(SIGNAL, [mail()]) is not None
    assert judge.letter_of(SIGNAL, [Mail("mail_2", 1, "", ("bob@x.example",), mail().content)]) is None
    assert judge.letter_of(SIGNAL, [Mail("mail_2", 1, "", ("ann@x.example",), b"Subject: other\r\n\r\n")]) is None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"subject": "Order {{ order.number }}"}, "the subject is"),
        ({"subject": ""}, "the subject is"),
        ({"text": "Your order"}, "the text does not name 727"),
        ({"html": "<p>Your order {{ 727 }}</p>"}, "the HTML shows {{"),
        ({"html": "<style>727</style><p>Your order</p>"}, "the HTML does not name 727"),
        ({"signed": False}, "no DKIM signature of shop.example"),
        ({}, "DKIM signature 1 does not verify"),
    ],
)
def test_the_judge_names_what_is_wrong(changes, fault):
    """Each fault alone; a forged signature too."""
    found = judge.faults(SIGNAL, mail(**changes), "shop.example", [])
    assert any(fault in one for one in found), found


def test_the_judge_lets_a_right_mail_pass():
    """Signed here by an independent signer, its key where the DNS records say."""
    import base64

    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    value = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
    content = mail(signed=False).content.replace(b"\n", b"\r\n")
    signature = dkim.sign(content, b"ph1", b"shop.example", pem, include_headers=[b"from", b"subject", b"message-id"])
    record = {"type": "TXT", "name": "ph1._domainkey.shop.example", "value": value}
    right = Mail("mail_1", 1, "", ("ann@x.example",), signature + content)
    assert judge.faults(SIGNAL, right, "shop.example", [record]) == []
