"""``make`` takes the quickest Python there is."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "fastest_python"


def python(folder: Path, name: str, says: str) -> str:
    """A program that answers what a Python would: microseconds, or a failure."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ("echo 10000", "echo 5000", "second"),
        ("echo 10000", "echo 9500", "first"),
        ("exit 1", "echo 90000", "second"),
        ("echo 10000", "exit 1", "first"),
    ],
    ids=["the quicker one", "not for less than a tenth", "not one that is too old", "only the one"],
)
def test_which_one_is_taken(tmp_path: Path, first: str, second: str, chosen: str) -> None:
    """The first stays unless another is a tenth better; one that is too old or makes no environments does not count."""
    candidates = [python(tmp_path, "first", first), python(tmp_path, "second", second), str(tmp_path / "none")]
    told = subprocess.run([SCRIPT, *candidates], check=True, capture_output=True, text=True)
    assert Path(told.stdout.strip()).name == chosen


def test_real_ones_are_timed() -> None:
    """What runs these tests is recent enough."""
    told = subprocess.run([SCRIPT, sys.executable], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == sys.executable
