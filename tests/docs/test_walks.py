"""The quick start and the designers' page work as they stand: every command is run, in order, in an empty folder."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.unit.cli.conftest import Run

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh(?P<kind>[ \w]*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
PORTS = ("8025", "8026", "2525")


def blocks(page: str) -> list[tuple[str, str]]:
    """Each block of commands and its kind: "" to run, "background" to leave running, "install" done already."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [(found["kind"].strip(), found["text"]) for found in BLOCK.finditer(text)]


def with_free_ports(text: str, ports: dict[str, str]) -> str:
    return re.sub(r"\b(" + "|".join(PORTS) + r")\b", lambda found: ports[found[0]], text)


def free_ports() -> dict[str, str]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    found = {port: str(listener.getsockname()[1]) for port, listener in zip(PORTS, listeners, strict=True)}
    for listener in listeners:
        listener.close()
    return found


@contextmanager
def shell(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """One shell for all blocks, since they hand variables on; what it left running is ended with it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        ["bash", "-eu", "-o", "pipefail"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def said_by(process: subprocess.Popen[str], script: str) -> str:
    """All that a script prints, to its end."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{script}\necho the-end\n")
    process.stdin.flush()
    said = []
    for line in process.stdout:
        said.append(line)
        if line == "the-end\n":
            break
    text = "".join(said)
    assert text.endswith("the-end\n"), text
    return text


def test_the_quick_start_works(tmp_path: Path) -> None:
    """After the last command the mail is in the mailbox and the timeline says so."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    ports = free_ports()
    script = ""
    for kind, text in blocks("quickstart.md"):
        if kind != "install":
            script += f"({text.strip()}) >/dev/null 2>&1 &\n" if kind == "background" else text
    # The mail may still be on its way when the message was just accepted; a reader looks a moment later.
    script = script.replace("posthouse trace", "sleep 2; posthouse trace")
    with shell(tmp_path) as process:
        text = said_by(process, with_free_ports(script, ports))
        assert re.search(r"Z\s+(sent|delivered)\s", text), text
        mails = httpx.get(f"http://127.0.0.1:{ports['8026']}/api/messages", timeout=10).json()
    assert "ann@example.com" in str(mails)


def steps(text: str) -> Iterator[str]:
    """The commands of a block: lines that go on, and here-documents, are one."""
    step, end = "", ""
    for line in text.splitlines():
        step += line + "\n"
        end = "" if line == end else end or (found[1] if (found := re.search(r"<<'(\w+)'$", line)) else "")
        if not end and not line.endswith("\\"):
            yield step
            step = ""
    assert not step, f"a command without an end: {step}"


def walked(run: Run, step: str) -> str:
    """What one command prints. Ours run in this process, which spares starting Python for each; the rest in a shell."""
    words = shlex.split(step.replace("\\\n", " "), comments=True)
    if words[0] != "posthouse":
        subprocess.run(["bash", "-eu", "-c", step], check=True)
        return ""
    may_fail = words[-2:] == ["||", "true"]
    words = words[:-2] if may_fail else words
    file = Path(words[-1]) if words[-2] == ">" else None
    ran = run(*(words[1:-2] if file else words[1:]))
    assert ran.code == 0 or may_fail, (step, ran)
    if file:
        file.write_text(ran.out, encoding="utf-8")
    return ran.out


def test_designers_get_from_colours_to_a_test_send(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they change is live at the end: words, footer, colours; and the mail that they send themselves was taken."""
    monkeypatch.chdir(tmp_path)
    said = ""
    for line in ("posthouse init --data ./data", "posthouse domains add acme.example --verified --data ./data"):
        walked(run, line)
    for _, text in blocks("howto/design.md"):
        for step in steps(text):
            said = walked(run, step)
    assert re.search(r"you@acme\.example: msg_", said), said
    walked(run, "posthouse templates render order-confirmation --html now.html --data ./data")
    live = Path("now.html").read_text(encoding="utf-8")
    assert all(
        word in live for word in ("Thank you, we have your order", "Write to us at any time", "#7a1f3d", "Georgia")
    )
