"""One run of the whole pipeline: HTTP in, accepted, rendered, signed, at the sink, recorded as sent."""

from typing import NamedTuple

import psutil

from bench.kit import load
from bench.kit.house import House, house
from bench.kit.sink import Sink, smtp_sink


class Run(NamedTuple):
    """What a run came to."""

    messages: int
    seconds: float
    accept_rate: float
    connections: int
    """Open to the sink at the end."""
    cpu: dict[str, float]
    """Microseconds a message, by process."""

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    def told(self) -> str:
        costs = ", ".join(f"{name} {cost:.0f}" for name, cost in self.cpu.items() if cost >= 1)
        return f"{self.rate:.0f}/s (accept {self.accept_rate:.0f}/s, {self.connections} connections; CPU µs a message: {costs})"


def measure(
    running: House, sink: Sink, count: int, *, connections: int = 64, first: int = 0, more: dict | None = None
) -> Run:
    """Sends ``count`` messages through a running house; from the first request until the last one is recorded as sent."""
    sent_before, mails_before, before = running.sent(), sink.messages(), running.cpu()
    request = {"port": running.port, "key": running.key, "count": count, "connections": connections, "first": first}
    loaded = load.run(**request, more=more)
    if loaded.refused:
        raise SystemExit(f"{loaded.refused} requests were refused")
    done = running.wait_sent(sent_before + count)
    mails = sink.messages()
    if mails - mails_before != count:
        raise SystemExit(f"{count} messages are recorded as sent, but the sink has {mails - mails_before}")
    cpu = {name: (used - before.get(name, 0.0)) / count * 1e6 for name, used in running.cpu().items()}
    sink_cpu = psutil.Process(sink.process.pid).cpu_times()
    cpu["sink"] = (sink_cpu.user + sink_cpu.system) / sink.messages() * 1e6
    cpu["load"] = loaded.cpu / count * 1e6
    return Run(count, done - loaded.first_at, loaded.rate, sink.connections(), cpu)


def pipeline(store: str, count: int, *, both_keys: bool = False, serve: tuple[str, ...] = (), warm: int = 1_000) -> Run:
    """A fresh installation, a short warming-up, and one measured run."""
    with smtp_sink() as sink, house(store) as fresh:
        fresh.set_up(sink.port, both_keys=both_keys)
        with fresh.serve(*serve):
            measure(fresh, sink, warm)
            return measure(fresh, sink, count, first=warm)
