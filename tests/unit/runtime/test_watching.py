"""What the hooks of dispatch tell the metrics."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from posthouse.core.delivery.model import Settlement
from posthouse.core.messages.model import Status
from posthouse.runtime.metrics import Metrics, Slots, render
from posthouse.runtime.watching import DispatchWatch
from posthouse.testing.clock import FakeClock


def settled(status: Status, kind: str) -> Settlement:
    return Settlement(b"m" * 16, b"w" * 16, 1, status, 0, 1, (), provider_kind=kind)


def numbers(folder: Path) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(render(folder, (), 0).decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def outcomes(found: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    return {key[1:]: value for key, value in found.items() if key[0] == "posthouse_outcomes_total"}


def test_attempts_are_counted_by_the_kind_of_provider_and_records_by_their_commit(tmp_path: Path) -> None:
    """A message that only went back into the queue was no attempt; each commit is counted and timed."""
    watch = DispatchWatch(Metrics(Slots(tmp_path, "dispatch-0")), FakeClock())
    batch = [
        settled(Status.SENT, "smtp"),
        settled(Status.DELIVERED, "mx"),
        settled(Status.QUEUED, "smtp"),
        settled(Status.QUEUED, ""),
    ]
    watch.recorded(batch, [True] * len(batch), 0.003)
    found = numbers(tmp_path)
    assert outcomes(found) == {("accepted", "smtp"): 1, ("accepted", "mx"): 1, ("smtp", "throttled"): 1}
    assert found["posthouse_commit_messages_sum", "record"] == 4
    assert found["posthouse_commit_seconds_count", "record"] == 1


def test_a_provider_that_failed_before_another_was_tried_is_counted(tmp_path: Path) -> None:
    """A relay that is down shows in the metric, though every message went out through the next one."""
    watch = DispatchWatch(Metrics(Slots(tmp_path, "dispatch-0")), FakeClock())
    settlement = settled(Status.SENT, "mx")
    settlement.tried = (("smtp", "deferred"), ("smtp", "throttled"))
    watch.recorded([settlement], [True], 0.003)
    assert outcomes(numbers(tmp_path)) == {
        ("accepted", "mx"): 1,
        ("deferred", "smtp"): 1,
        ("smtp", "throttled"): 1,
    }
