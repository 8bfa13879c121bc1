"""The way of RSA is chosen by measuring, once, and never against the operator's word."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posthouse.runtime.signing import VARIABLE, WITHOUT_ADX, Measured, choose, processor_with_a_choice

ZEN3 = "processor\t: 0\nmodel name\t: A Processor\ncpu family\t: 25\nmodel\t: 1\nstepping\t: 1\nflags\t\t: fpu adx bmi2 avx2\n\nprocessor\t: 1\n"
Finding = Callable[[str], Measured]


@pytest.fixture(autouse=True)
def unset() -> Iterator[None]:
    """The variable as it was before."""
    before = os.environ.pop(VARIABLE, None)
    yield
    os.environ.pop(VARIABLE, None)
    if before is not None:
        os.environ[VARIABLE] = before


@pytest.fixture
def cpuinfo(tmp_path: Path) -> Path:
    path = tmp_path / "cpuinfo"
    path.write_text(ZEN3)
    return path


def finding(own: float, without_adx: float, asked: list[str] | None = None) -> Finding:
    """Stands in for measuring; notes each time it is asked."""

    def find(processor: str) -> Measured:
        if asked is not None:
            asked.append(processor)
        return Measured(processor, own, without_adx)

    return find


def test_the_faster_way_is_taken_where_it_is_clearly_faster(cpuinfo: Path, tmp_path: Path) -> None:
    """A tenth at least: less may be noise, and OpenSSL's own choice then stands."""
    assert choose(tmp_path / "a", cpuinfo, finding(1000, 600)) == WITHOUT_ADX
    assert os.environ.pop(VARIABLE) == WITHOUT_ADX
    assert choose(tmp_path / "b", cpuinfo, finding(1000, 950)) == ""
    assert VARIABLE not in os.environ


def test_only_the_first_start_measures(cpuinfo: Path, tmp_path: Path) -> None:
    """The finding is kept, until the processor is another one."""
    asked: list[str] = []
    for _ in range(3):
        assert choose(tmp_path, cpuinfo, finding(1000, 600, asked)) == WITHOUT_ADX
        del os.environ[VARIABLE]
    cpuinfo.write_text(ZEN3.replace("25", "26"))
    choose(tmp_path, cpuinfo, finding(1000, 600, asked))
    assert asked == ["A Processor 25 1 1", "A Processor 26 1 1"]


def test_what_the_operator_has_set_stays(cpuinfo: Path, tmp_path: Path) -> None:
    """Not even measured."""
    os.environ[VARIABLE] = ":~0x1"
    asked: list[str] = []
    assert choose(tmp_path, cpuinfo, finding(1000, 600, asked)) == ""
    assert (os.environ[VARIABLE], asked) == (":~0x1", [])


def test_a_broken_finding_is_measured_again_and_a_failure_leaves_things_as_they_are(
    cpuinfo: Path, tmp_path: Path
) -> None:
    """Signing must work whatever this does."""
    (tmp_path / "signing.json").write_text("{")
    assert choose(tmp_path, cpuinfo, finding(1000, 600)) == WITHOUT_ADX
    del os.environ[VARIABLE]

    def fails(_processor: str) -> Measured:
        raise ValueError("nothing was said")

    assert choose(tmp_path / "new", cpuinfo, fails) == ""
    assert choose(tmp_path / "gone", tmp_path / "no-such-file", finding(1000, 600)) == ""


@pytest.mark.parametrize("flags", ["fpu avx2", "adx bmi2 avx2 avx512ifma", ""])
def test_processors_without_a_choice_are_left_alone(flags: str, tmp_path: Path) -> None:
    """Without ADX there is nothing to leave out; with AVX-512 IFMA OpenSSL has a way that beats both."""
    path = tmp_path / "cpuinfo"
    path.write_text(ZEN3.replace("fpu adx bmi2 avx2", flags))
    assert processor_with_a_choice(path) == ""


def test_measuring_is_real() -> None:
    """Two processes sign under the two settings, and both say how long it took. (It forks: in a process of its own.)"""
    program = (
        "from posthouse.runtime.signing import measured; found = measured('here'); print(found.own, found.without_adx)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert all(float(word) > 10 for word in said.stdout.split())
