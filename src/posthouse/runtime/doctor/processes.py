"""Whether anybody works: the processes of this machine hold the files that they count in."""

from collections import Counter
from typing import Final

from posthouse.config import Settings
from posthouse.runtime.doctor.findings import Finding, ok, warning
from posthouse.runtime.metrics import held_names

_MISSED: Final = {
    "api": "no API: applications are not answered",
    "dispatch": "no dispatcher: nothing is sent",
    "scheduler": "no scheduler: nothing is counted, judged or tidied up",
}


def look_at_processes(settings: Settings) -> list[Finding]:
    """What runs here, and what is missing. Other machines may work on the same PostgreSQL; nobody else can on SQLite."""
    try:
        running = Counter(name.partition("-")[0] for name in held_names(settings.metrics_dir))
    except OSError as problem:
        return [warning("processes", f"cannot be looked for: {problem}", "run doctor as the user that runs posthouse")]
    elsewhere = ", unless another machine does this on the same database" if settings.postgres else ""
    if not running:
        advice = f"start it: posthouse serve --data {settings.data_dir}{elsewhere}"
        return [warning("processes", "nothing is running: nobody answers and nothing is sent", advice)]
    told = ok("processes", ", ".join(f"{role} {count}" for role, count in sorted(running.items())))
    return [
        told,
        *(
            warning("processes", said, f"posthouse serve --role {role} --data {settings.data_dir}{elsewhere}")
            for role, said in _MISSED.items()
            if role not in running
        ),
    ]
