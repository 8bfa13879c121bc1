"""The examination: first the machine, then the store, then what the store says is there."""

from posthouse.bootstrap import open_house
from posthouse.config import Settings, read_master_key
from posthouse.core.kernel.clock import SystemClock
from posthouse.core.kernel.errors import PosthouseError
from posthouse.runtime.doctor.findings import Finding, Report, error
from posthouse.runtime.doctor.following import look_at_followers
from posthouse.runtime.doctor.keeping import look_at_retention
from posthouse.runtime.doctor.machine import look_at_clock, look_at_disk, look_at_files, look_at_limits, look_at_name
from posthouse.runtime.doctor.processes import look_at_processes
from posthouse.runtime.doctor.store import look_at_queue, look_at_store
from posthouse.runtime.doctor.ways import look_at_domains, look_at_names, look_at_providers


async def examine(settings: Settings) -> Report:
    """Looks at everything; what cannot be looked at is itself a finding, never an exception."""
    clock = SystemClock()
    found: list[Finding] = [
        *look_at_files(settings),
        look_at_disk(settings),
        look_at_limits(settings),
        look_at_name(settings),
        look_at_clock(clock),
        *look_at_processes(settings),
    ]
    try:
        read_master_key(settings)  # first: looking must not make a store where there is none
        async with open_house(settings, role="cli") as house:
            found += await look_at_store(house, clock)
            found += await look_at_queue(house)
            found += await look_at_followers(house.store, house.clock.now())
            found += await look_at_retention(house)
            found.append(await look_at_names(house))
            found += await look_at_domains(house)
            found += await look_at_providers(house)
    except PosthouseError as problem:
        found.append(error("store", "cannot be opened", problem.detail))
    return Report(clock.now(), found)
