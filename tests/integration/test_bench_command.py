"""``posthouse bench`` as an operator runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCH = (sys.executable, "-m", "posthouse", "bench", "--messages", "100", "--dispatchers", "1", "--json")


def environment(temporary: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("POSTHOUSE_")} | {
        "TMPDIR": str(temporary)
    }


def bench(temporary: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The whole command."""
    return subprocess.run(
        [*BENCH, *words], capture_output=True, text=True, timeout=120, env=environment(temporary), check=False
    )


@pytest.mark.slow
def test_it_measures_beside_the_data_and_leaves_nothing(tmp_path: Path) -> None:
    """Every figure is there, the limit is above the rate, and the data folder is as it was."""
    data = tmp_path / "data"
    data.mkdir()
    done = bench(tmp_path, "--data", str(data))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["store"] == "SQLite"
    assert found["where"] == str(data)
    assert 0 < found["share_of_limit"] < 1
    assert 0 < found["answer_p50"] <= found["answer_p99"]
    assert 0 < found["quiet_p50"] <= found["quiet_p99"]
    assert found["accepted_per_second"] > 1
    assert {"supervisor", "api-0", "dispatch-0"} <= found["memory"].keys()
    assert not list(data.iterdir())


@pytest.mark.slow
def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    """Whatever it is doing: nothing is left, neither files nor processes."""
    # Whoever starts the tests in the background has the shell ignore SIGINT for them, and children inherit that.
    inherited = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        running = subprocess.Popen(
            BENCH, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path)
        )
    finally:
        signal.signal(signal.SIGINT, inherited)
    until = time.monotonic() + 60
    while not list(tmp_path.glob("posthouse-bench-*/data/serve.log")):
        assert time.monotonic() < until
        assert running.poll() is None
        time.sleep(0.05)
    (made,) = tmp_path.glob("posthouse-bench-*")
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "stopped" in said
    assert "Traceback" not in said
    assert not made.exists()
    assert not [line for line in _command_lines() if str(made) in line]


def _command_lines() -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return lines
