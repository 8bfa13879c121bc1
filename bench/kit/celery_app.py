"""Peer two, the part that works: a Celery task that renders with Jinja2, builds an EmailMessage, signs with dkimpy, sends with smtplib.

As it is commonly written, with what costs nothing to do better: templates compiled once, one connection kept by each worker, the key
read once.
"""

import json
import os
import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

import dkim
import jinja2
from celery import Celery

from bench.kit.jinja import FILTERS

app = Celery("bench", broker=os.environ["POSTHOUSE_BENCH_BROKER"])
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=16, broker_connection_retry_on_startup=True)
_folder = Path(os.environ["POSTHOUSE_BENCH_FOLDER"])
_programs = json.loads((_folder / "programs.json").read_text())
_plain = jinja2.Environment()
_escaping = jinja2.Environment(autoescape=True)
for _environment in (_plain, _escaping):
    _environment.filters.update(FILTERS)
_subject = _plain.from_string(_programs["subject"])
_text = _plain.from_string(_programs["text"])
_html = _escaping.from_string(_programs["html"])
_key = (_folder / "key.pem").read_bytes()
_kept: list[smtplib.SMTP] = []


@app.task
def send(email: str, name: str, variables: dict) -> None:
    """One order confirmation."""
    mail = EmailMessage()
    mail["From"] = "Fern & Oak <orders@shop.example>"
    mail["To"] = f"{name} <{email}>"
    mail["Subject"] = _subject.render(variables)
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain="shop.example")
    mail.set_content(_text.render(variables))
    mail.add_alternative(_html.render(variables), subtype="html")
    raw = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
    signature = dkim.sign(raw, b"bench", b"shop.example", _key, canonicalize=(b"relaxed", b"relaxed"))
    _connection().sendmail("bounce@shop.example", [email], signature + raw)


def _connection() -> smtplib.SMTP:
    if not _kept:
        _kept.append(smtplib.SMTP("127.0.0.1", int(os.environ["POSTHOUSE_BENCH_SINK"])))
    return _kept[0]
