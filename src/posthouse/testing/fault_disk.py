"""A disk of our own that can lose its power: a file system in an image on a loop device.

``EXT4_IOC_SHUTDOWN`` (XFS: ``XFS_IOC_GOINGDOWN``, the same number) with flag 2 ends a file system without flushing its log: what no
program had synced is gone, as if the plug had been pulled. Mounted again it recovers as after a power cut.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path
from typing import Final

GOING_DOWN: Final = 0x8004587D
NO_LOG_FLUSH: Final = 2
MEGABYTES: Final = 512

_PATIENCE: Final = 10.0
"""Seconds until the last process that was killed must have let go of the disk."""


class NoLoopDeviceError(RuntimeError):
    """This machine does not let us make such a disk."""


class LoopDisk:
    """One disk, mounted below a folder.

    Args:
        folder: of its own, for its image and its mount point.
        kind: of file system: ``ext4`` or ``xfs``.

    Raises:
        NoLoopDeviceError: not root, no loop devices, or no such file system on this machine.
    """

    def __init__(self, folder: Path, kind: str = "ext4") -> None:
        self.mount_point = folder / f"{kind}-disk"
        self._image = folder / f"{kind}.img"
        self._kind = kind
        if os.geteuid() != 0:
            raise NoLoopDeviceError(
                "a power cut needs root: mounting an image on a loop device and ending its file system"
            )
        self.mount_point.mkdir()
        with self._image.open("wb") as image:
            image.truncate(MEGABYTES << 20)
        _run(f"mkfs.{kind}", "-q", *(["-F"] if kind == "ext4" else ["-f"]), str(self._image))
        self.mount()

    def mount(self) -> None:
        """Puts it in place; a file system that was cut recovers now."""
        _run("mount", "-o", "loop", "-t", self._kind, str(self._image), str(self.mount_point))

    def cut(self) -> None:
        """Pulls the plug: from now on nothing reaches the disk, and what was not synced never did."""
        descriptor = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, GOING_DOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def unmount(self) -> None:
        """Takes it out; nobody may use it any more. A process that has just been killed may hold it for a moment."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                _run("umount", str(self.mount_point))
            except NoLoopDeviceError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def remove(self) -> None:
        """Takes it out, in use or not, and deletes it with its folder."""
        subprocess.run(["umount", "--lazy", str(self.mount_point)], capture_output=True, check=False)  # noqa: S603, S607
        shutil.rmtree(self._image.parent)

    def users(self) -> list[int]:
        """The processes that have something open there."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                links = [str(link.readlink()) for link in (folder / "cwd", *(folder / "fd").iterdir())]
            except OSError:
                continue
            if any(link.startswith(f"{self.mount_point}/") for link in links):
                found.append(int(folder.name))
        return found


def _run(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - words of our own
    except FileNotFoundError as error:
        raise NoLoopDeviceError(f"{words[0]} is not installed") from error
    if done.returncode:
        raise NoLoopDeviceError(f"{' '.join(words)}: {done.stderr.strip()}")
