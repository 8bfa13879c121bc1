"""Metrics: cheap to count, added up over processes, surviving a crash."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from posthouse.core.delivery.model import LaneDepth
from posthouse.core.messages.model import Lane
from posthouse.runtime.metrics import DEFINITIONS, Metrics, Slots, clean_folder, render

SECOND = 1_000_000


def read(folder: Path, *, depths: tuple[LaneDepth, ...] = (), now: int = 0) -> dict[tuple[str, ...], float]:
    """Every sample by name and label values."""
    text = render(folder, depths, now).decode()
    return {
        (sample.name, *[value for _, value in sorted(sample.labels.items())]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_everything_counted_is_shown(tmp_path: Path) -> None:
    """Each method of Metrics ends in its own family."""
    metrics = Metrics(Slots(tmp_path, "api-0"))
    metrics.accepted(3, Lane.CRITICAL)
    metrics.refused("unknown-template")
    metrics.committed("accept", 64, 0.004)
    metrics.outcome("smtp", "accepted")
    metrics.latency(Lane.BULK, 0.03)
    metrics.connections("smtp", 2)
    metrics.connections("smtp", -1)
    found = read(tmp_path)
    assert found["posthouse_messages_accepted_total", "critical"] == 3
    assert found["posthouse_messages_refused_total", "unknown-template"] == 1
    assert found["posthouse_outcomes_total", "accepted", "smtp"] == 1
    assert found["posthouse_dispatch_latency_seconds_bucket", "bulk", "0.02"] == 0
    assert found["posthouse_dispatch_latency_seconds_bucket", "bulk", "0.05"] == 1
    assert found["posthouse_dispatch_latency_seconds_bucket", "bulk", "+Inf"] == 1
    assert found["posthouse_dispatch_latency_seconds_sum", "bulk"] == pytest.approx(0.03)
    assert found["posthouse_commit_messages_sum", "accept"] == 64
    assert found["posthouse_commit_seconds_count", "accept"] == 1
    assert found["posthouse_connections", "smtp"] == 1
    metrics.close()


def test_the_queue_is_told_by_lane(tmp_path: Path) -> None:
    """Depth and age come from the store at the moment of reading; an empty lane is 0 seconds old."""
    depths = (
        LaneDepth(Lane.NORMAL, ready=5, later=2, held=1, oldest_due_at=10 * SECOND),
        LaneDepth(Lane.BULK, ready=0, later=0, held=0, oldest_due_at=None),
    )
    found = read(tmp_path, depths=depths, now=25 * SECOND)
    assert found["posthouse_queue_messages", "normal", "ready"] == 5
    assert found["posthouse_queue_messages", "normal", "held"] == 1
    assert found["posthouse_queue_oldest_seconds", "normal"] == 15
    assert found["posthouse_queue_oldest_seconds", "bulk"] == 0


def test_processes_are_added_up(tmp_path: Path) -> None:
    """Whoever answers the scrape tells the numbers of all."""
    one, other = Metrics(Slots(tmp_path, "api-0")), Metrics(Slots(tmp_path, "dispatch-0"))
    one.accepted(3, Lane.NORMAL)
    other.accepted(4, Lane.NORMAL)
    other.refused("forbidden")
    found = read(tmp_path)
    assert found["posthouse_messages_accepted_total", "normal"] == 7
    assert found["posthouse_messages_refused_total", "forbidden"] == 1
    one.close()
    other.close()


def test_a_process_that_comes_back_counts_on(tmp_path: Path) -> None:
    """Counters never go down, files do not pile up, and connections of a former life are gone."""
    for round_ in (1, 2, 3):
        metrics = Metrics(Slots(tmp_path, "dispatch-0"))
        assert read(tmp_path).get(("posthouse_connections", "smtp"), 0) == 0
        metrics.outcome("smtp", "deferred")
        metrics.connections("smtp", 5)
        assert read(tmp_path)["posthouse_outcomes_total", "deferred", "smtp"] == round_
        metrics.close()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_name_in_use_is_not_shared(tmp_path: Path) -> None:
    """While the old process still lives, the new one counts beside it."""
    old = Metrics(Slots(tmp_path, "api-0"))
    new = Metrics(Slots(tmp_path, "api-0"))
    old.refused("a")
    new.refused("b")
    new.refused("a")
    found = read(tmp_path)
    assert (found["posthouse_messages_refused_total", "a"], found["posthouse_messages_refused_total", "b"]) == (2, 1)
    old.close()
    new.close()


def test_what_was_counted_survives_kill_9(tmp_path: Path) -> None:
    """The last addition before SIGKILL is there."""
    program = (
        "import sys, time, pathlib; from posthouse.runtime.metrics import Metrics, Slots\n"
        "m = Metrics(Slots(pathlib.Path(sys.argv[1]), 'dispatch-0')); m.accepted(41, 1); m.accepted(1, 1)\n"
        "print('counted', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"counted\n"
        os.kill(process.pid, signal.SIGKILL)
    assert read(tmp_path)["posthouse_messages_accepted_total", "normal"] == 42


def test_a_torn_line_of_names_is_forgotten(tmp_path: Path) -> None:
    """A crash in the middle of giving out a place leaves no wrong place behind."""
    metrics = Metrics(Slots(tmp_path, "api-0"))
    metrics.refused("whole")
    metrics.close()
    with (tmp_path / "api-0.names").open("ab") as file:
        file.write(b'["posthouse_messages_ref')
    metrics = Metrics(Slots(tmp_path, "api-0"))
    metrics.refused("after")
    found = read(tmp_path)
    assert found["posthouse_messages_refused_total", "whole"] == 1
    assert found["posthouse_messages_refused_total", "after"] == 1
    metrics.close()


def test_a_flood_of_labels_costs_no_memory(tmp_path: Path) -> None:
    """When every place is taken the last ones are shared, and nothing fails."""
    metrics = Metrics(Slots(tmp_path, "api-0"))
    for number in range(9000):
        metrics.refused(f"reason-{number}")
    metrics.committed("late", 1, 0.1)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2_000_000
    metrics.close()


def test_cleaning_forgets_everything(tmp_path: Path) -> None:
    """A new start begins at zero."""
    metrics = Metrics(Slots(tmp_path, "api-0"))
    metrics.accepted(1, Lane.NORMAL)
    metrics.close()
    clean_folder(tmp_path)
    assert ("posthouse_messages_accepted_total", "normal") not in read(tmp_path)


def test_cleaning_leaves_the_living_alone(tmp_path: Path) -> None:
    """A second supervisor on the same data does not make the first one's counters go down."""
    living = Metrics(Slots(tmp_path, "api-0"))
    living.accepted(2, Lane.NORMAL)
    clean_folder(tmp_path)
    living.accepted(1, Lane.NORMAL)
    assert read(tmp_path)["posthouse_messages_accepted_total", "normal"] == 3
    living.close()


def test_every_definition_appears_even_before_anything_happened(tmp_path: Path) -> None:
    """A dashboard can be made before the first message."""
    text = render(tmp_path, (), 0).decode()
    assert all(f"# TYPE {item.name.removesuffix('_total')}" in text for item in DEFINITIONS)


def test_open_alerts_by_kind(tmp_path: Path) -> None:
    """As the store has them when somebody reads."""
    text = render(tmp_path, (), 0, {"silence": 2}).decode()
    assert 'posthouse_alerts_open{kind="silence"} 2.0' in text
