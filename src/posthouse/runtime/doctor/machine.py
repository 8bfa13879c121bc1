"""What can be seen of the machine without the store."""

import os
import resource
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from posthouse.config import Settings, SettingsError, read_master_key
from posthouse.config.load import FILE_NAME
from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.moments import show_moment
from posthouse.runtime.doctor.findings import Finding, error, ok, warning

_MEGABYTE: Final = 1_000_000
LITTLE_SPACE: Final = 200 * _MEGABYTE
SOME_SPACE: Final = 2_000 * _MEGABYTE
LEAST_FILES: Final = 1_024
ENOUGH_FILES: Final = 4_096
FIRST_SANE_INSTANT: Final = 1_735_689_600 * SECOND
"""2025-01-01: a clock before it was never set."""
LAST_SANE_INSTANT: Final = 4_102_444_800 * SECOND
"""2100-01-01."""
_OTHERS: Final = 0o077


def look_at_files(settings: Settings) -> Iterator[Finding]:
    """The master key and the settings file: there, whole, and nobody else's to read."""
    try:
        read_master_key(settings)
    except SettingsError as problem:
        yield error("files", "no usable master key", problem.detail)
        return
    if settings.secret_key:
        yield ok("files", "the master key comes from the settings")
    else:
        yield _private(settings.key_file, "the master key")
    file = settings.data_dir / FILE_NAME
    if file.exists() and ":" in settings.database.partition("://")[2].partition("@")[0]:
        yield _private(file, "the settings file, which holds a password,")


def _private(path: Path, what: str) -> Finding:
    mode = path.stat().st_mode & 0o777
    if mode & _OTHERS:
        return error("files", f"{what} can be read by others (mode {mode:o})", f"chmod 600 {path}")
    return ok("files", f"{what} is private")


def look_at_disk(settings: Settings) -> Finding:
    """The data folder: writable, and with room."""
    folder = settings.data_dir
    if not folder.is_dir():
        return error("disk", f"there is no data folder {folder}", f"posthouse init --data {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        return error(
            "disk", f"{folder} cannot be written to", f"chown the folder to the user that runs posthouse: {folder}"
        )
    free = shutil.disk_usage(folder).free
    said = f"{free // _MEGABYTE:,} MB free for {folder}"
    if free < LITTLE_SPACE:
        return error("disk", said, "make room now: at 0 every message is refused with 503")
    if free < SOME_SPACE:
        return warning("disk", said, "make room soon: a message with its events takes some kilobytes")
    return ok("disk", said)


def look_at_limits(settings: Settings) -> Finding:
    """File descriptors: one for each connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = f"{soft} file descriptors for each process"
    if soft < LEAST_FILES:
        return error("limits", said, f"raise it: ulimit -n {ENOUGH_FILES} (at most {hard}), or LimitNOFILE= in systemd")
    if soft < ENOUGH_FILES or soft < settings.dispatch.concurrency * 4:
        return warning("limits", said, f"for many connections at a time: ulimit -n {ENOUGH_FILES * 4}")
    return ok("limits", said)


def look_at_name(settings: Settings) -> Finding:
    """The name that EHLO and Message-ID will carry."""
    name = settings.mail.hostname or socket.getfqdn()
    if "." not in name or name.startswith("localhost"):
        advice = 'set [mail] hostname = "mail.example.com", a name that resolves to this machine: receivers look it up'
        return warning("name", f"this machine calls itself {name!r}, which is no full name", advice)
    return ok("name", f"this machine calls itself {name}")


def look_at_clock(clock: Clock) -> Finding:
    """Whether the machine's clock can be right at all, and goes on."""
    now, ticks = clock.now(), clock.monotonic()
    if not FIRST_SANE_INSTANT < now < LAST_SANE_INSTANT:
        return error("clock", f"the machine says it is {show_moment(now)}", "set the clock and run an NTP client")
    if clock.monotonic() < ticks:
        return error("clock", "the monotonic clock ran backwards", "this machine cannot keep leases: use another")
    return ok("clock", f"the machine says it is {show_moment(now)}")
