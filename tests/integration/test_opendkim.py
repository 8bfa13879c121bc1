"""OpenDKIM, as receivers run it, takes our signatures (public keys from a file: nothing is looked up)."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from posthouse.channels.email.canonical import relaxed_body
from posthouse.core.templates.model import Sender

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "channels" / "email"))

import kit

OPENDKIM = shutil.which("opendkim", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def judge(content: bytes, folder: Path) -> list[str]:
    """The verdict of each signature, in order: ``pass (rsa-sha256)``…"""
    assert OPENDKIM, "OpenDKIM is not installed: apt-get install opendkim"
    keys = folder / "keys"
    keys.write_text("".join(f"{name} {text}\n" for name, text in kit.records().items()))
    config = folder / "opendkim.conf"
    config.write_text(f"TestPublicKeys {keys}\nMode v\nSocket inet:0@127.0.0.1\nBackground no\n")
    mail = folder / "mail.eml"
    mail.write_bytes(content)
    done = subprocess.run(
        [OPENDKIM, "-x", str(config), "-t", str(mail), "-vvv"], capture_output=True, text=True, timeout=30, check=False
    )
    assert "INSHEADER" in done.stdout, done.stderr
    found = re.findall(r"dkim=(\w+)[^;]*header\.a=([\w-]+)", done.stdout)
    return [f"{verdict} ({algorithm})" for verdict, algorithm in found]


BOTH = ["pass (rsa-sha256)", "pass (ed25519-sha256)"]
MAILS = {
    "text": {},
    "both bodies": {"html": "<p>Grüße  aus  Köln</p>\n\n  <p>.</p>\n" * 200, "text": "Hi\n\n.\n.. \n\n\n"},
    "wide subject": {"subject": "Ваш заказ № 7 отправлен 🎉 " * 12},
    "fields": {
        "cc": (Sender("b@c.example", "Lee, Bob"),),
        "reply_to": Sender("help@shop.example", "Zoë"),
        "headers": {"X-Note": "a  b", "List-Unsubscribe": "<https://shop.example/u/" + "a" * 200 + ">"},
    },
}


@pytest.mark.parametrize("name", MAILS)
def test_opendkim_takes_both_signatures(name: str, tmp_path: Path) -> None:
    """RSA and Ed25519 signatures of whole mails are verified by OpenDKIM."""
    content = kit.composer().compose(kit.Letter(), kit.inline(**MAILS[name]), None, kit.identity(), {}).content
    assert judge(content, tmp_path) == BOTH


def test_opendkim_takes_what_was_canonicalised(tmp_path: Path) -> None:
    """Bytes that are not ours, with every kind of blank, are signed over their relaxed form."""
    body = b"a \t b  \r\n\r\n \t \r\n.\tx\r\n \r\n\r\n"
    headers = [("From", "a@shop.example"), ("Subject", " two\t blanks  "), ("X-Two", "1"), ("X-Two", "2")]
    fields = kit.signer()(headers, relaxed_body(body)) + headers
    content = "".join(f"{name}: {value}\r\n" for name, value in fields).encode() + b"\r\n" + body
    assert judge(content, tmp_path) == BOTH


def test_opendkim_refuses_what_was_changed(tmp_path: Path) -> None:
    """The judge can say no: a changed body and a changed subject are found."""
    content = kit.composer().compose(kit.Letter(), kit.inline(text="Pay 12.00"), None, kit.identity(), {}).content
    for changed in (content.replace(b"12.00", b"92.00"), content.replace(b"Subject: Hello", b"Subject: Hallo")):
        assert changed != content
        assert not any(verdict.startswith("pass") for verdict in judge(changed, tmp_path))
