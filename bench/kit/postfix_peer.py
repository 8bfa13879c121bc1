"""Peer one: Postfix with OpenDKIM on a unix socket, relaying the same bytes from kept sessions (smtp-source) to the sink."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.kit.sink import Sink, free_port, need, smtp_sink, wait_for_port

SESSIONS = 10
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = {bin}
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
relayhost = [127.0.0.1]:{sink}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_rate_limit = 0
smtpd_milters = unix:{folder}/milter
milter_default_action = tempfail
smtp_destination_concurrency_limit = 20
smtp_connection_cache_destinations = [127.0.0.1]:{sink}
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_OPENDKIM = """
Mode s
Domain shop.example
Selector bench
KeyFile {folder}/key.pem
RequireSafeKeys no
Canonicalization relaxed/relaxed
SignatureAlgorithm rsa-sha256
Socket local:{folder}/milter
UMask 000
Background no
Syslog no
"""


def rate(mail: bytes, count: int) -> float:
    """Messages a second that Postfix with OpenDKIM signs and relays."""
    with smtp_sink() as sink, _opendkim_and_postfix(sink) as (port, folder):
        text = folder / "mail"
        text.write_bytes(mail.replace(b"\r\n", b"\n"))
        _relay(sink, port, text, 200)
        began = time.monotonic()
        _relay(sink, port, text, count)
        return count / (time.monotonic() - began)


def _relay(sink: Sink, port: int, mail: Path, count: int) -> None:
    before = sink.messages()
    command = [need("smtp-source", "postfix"), "-s", str(SESSIONS), "-m", str(count), "-d", "-F", str(mail)]
    who = ["-f", "orders@shop.example", "-t", "ann@customers.example"]
    subprocess.run([*command, *who, f"127.0.0.1:{port}"], check=True, timeout=300)
    until = time.monotonic() + 120
    while sink.messages() - before < count:
        if time.monotonic() > until:
            raise SystemExit(f"Postfix relayed {sink.messages() - before} of {count}")
        time.sleep(0.02)


@contextlib.contextmanager
def _opendkim_and_postfix(sink: Sink) -> Iterator[tuple[int, Path]]:
    if os.geteuid() != 0:
        raise SystemExit("the Postfix peer starts a Postfix of its own, which needs root")
    folder = Path(tempfile.mkdtemp(prefix="posthouse-pf-"))
    folder.chmod(0o755)
    processes: list[subprocess.Popen] = []
    try:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
        (folder / "key.pem").write_bytes(key.private_bytes(*form, serialization.NoEncryption()))
        (folder / "opendkim.conf").write_text(_OPENDKIM.format(folder=folder))
        processes.append(subprocess.Popen([need("opendkim", "opendkim"), "-x", str(folder / "opendkim.conf")]))
        port = free_port()
        processes.append(_postfix(folder, port, sink.port))
        wait_for_port(port)
        yield port, folder
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _postfix(folder: Path, port: int, sink_port: int) -> subprocess.Popen:
    command = need("postfix", "postfix")
    asked = [need("postconf", "postfix"), "-dh", "daemon_directory"]
    daemons = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    places = {"folder": folder, "bin": Path(command).parent, "daemons": daemons, "sink": sink_port}
    (folder / "etc/main.cf").write_text(_MAIN.format(**places))
    (folder / "etc/master.cf").write_text(_MASTER.format(port=port))
    return subprocess.Popen(
        [command, "-c", str(folder / "etc"), "start-fg"], start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
