"""Houses to do harm to, on both stores."""

import asyncio
import concurrent.futures
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.faults.kit import FACTS

from posthouse.testing.fault_house import FaultHouse
from posthouse.testing.postgres import WheelServer, create_database, own_server

MakeHouse = Callable[..., FaultHouse]


@pytest.fixture(scope="session")
def pg_server() -> Iterator[WheelServer]:
    """A PostgreSQL server of the fault tests' own, to be killed at will."""
    with own_server() as server:
        yield server


@pytest.fixture
def make_house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeHouse]:
    """Makes houses; at the end nothing of them runs any more."""
    made: list[FaultHouse] = []

    def make(kind: str, data: Path | None = None, **settings: str) -> FaultHouse:
        database = ""
        if kind == "postgres":
            server = request.getfixturevalue("pg_server")
            database = _in_thread(lambda: asyncio.run(create_database(server, f"f{os.getpid()}_{abs(hash(tmp_path))}")))
        house = FaultHouse(data or tmp_path / "data", database, settings)
        made.append(house)
        return house

    yield make
    for house in made:
        house.kill_everything()


def _in_thread(work: Callable[[], str]) -> str:
    """Runs something that wants an event loop of its own, wherever we are."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The numbers, which are half of what the long form is for."""
    if FACTS:
        terminalreporter.section("measured")
        for line in FACTS:
            terminalreporter.line(line)
