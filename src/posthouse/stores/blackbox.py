"""The black box as a file mapped into memory: what was written survives ``kill -9``, at the price of a copy in memory.

It is not synced to the disk on purpose: after a power cut it is worthless (and recognised as such by the boot identifier in
its head), and the leases in the store speak instead.
"""

import contextlib
import fcntl
import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from posthouse.core.delivery.blackbox import Phase, Remains
from posthouse.core.delivery.model import Claimed, Settlement
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Lane
from posthouse.core.templates.model import UnknownPolicy

_HEAD: Final = struct.Struct("<8s36s32s")
_MAGIC: Final = b"PHBOX\x00\x00\x01"
_SLOT: Final = struct.Struct("<BHq16s16s16shBBBB")
"""Phase, length of the settlement, lease, message, workspace, template, attempts, channel, lane, live, hold and doubt."""
_PHASE: Final = struct.Struct("<BH")
_LEASE: Final = struct.Struct("<q")
_HOLD: Final = 1
_IN_DOUBT: Final = 2
SLOT_SIZE: Final = 2048
HEAD_SIZE: Final = 4096
_FREE: Final = 0
_NONE: Final = bytes(16)
_EMPTY: Final = bytes(SLOT_SIZE)

_pack_settlement = msgspec.msgpack.Encoder().encode
_read_settlement: Final = msgspec.msgpack.Decoder(Settlement)


class BlackBoxFile:
    """The box of one dispatcher; it is locked while its process lives.

    Args:
        path: of the file; there must be none of that name.
        slots: the most messages in hand at a time; what does not fit goes unrecorded and falls back on its lease.
        store_id: so that a box is never read into another store.
    """

    def __init__(self, path: Path, slots: int, store_id: str) -> None:
        new = path.with_suffix(
            ".new"
        )  # nobody reads it before it is locked and whole: readers throw unlocked boxes away
        self._file = os.open(new, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        size = HEAD_SIZE + slots * SLOT_SIZE
        os.ftruncate(self._file, 0)
        os.posix_fallocate(self._file, 0, size)
        self._map = mmap.mmap(self._file, size)
        _HEAD.pack_into(self._map, 0, _MAGIC, _boot_id(), store_id.encode()[:32])
        path.hardlink_to(new)  # fails where there is one already
        new.unlink()
        self._free = list(range(HEAD_SIZE, size, SLOT_SIZE))
        self._at: dict[Id, int] = {}

    def claimed(self, messages: Sequence[Claimed]) -> None:
        """These are in hand."""
        for message in messages:
            at = self._at.get(message.id)
            if at is None:
                if not self._free:
                    return
                at = self._at[message.id] = self._free.pop()
            _SLOT.pack_into(
                self._map,
                at,
                Phase.CLAIMED,
                0,
                message.lease,
                message.id,
                message.workspace_id,
                message.template_id or _NONE,
                message.attempts,
                message.channel,
                message.lane,
                message.live,
                (message.policy is UnknownPolicy.HOLD) * _HOLD | message.in_doubt * _IN_DOUBT,
            )

    def left(self, message: Claimed) -> None:
        """Its last byte is about to leave."""
        at = self._place(message.id, message.lease)
        if at is not None:
            self._map[at] = Phase.LEFT

    def settled(self, settlement: Settlement) -> None:
        """This came of it. The phase is written last, so that a half-written settlement is never read."""
        at = self._place(settlement.message_id, settlement.lease)
        if at is None:
            return
        packed = _pack_settlement(settlement)
        if len(packed) > SLOT_SIZE - _SLOT.size:
            return
        body = at + _SLOT.size
        self._map[body : body + len(packed)] = packed
        _PHASE.pack_into(self._map, at, self._map[at], len(packed))
        self._map[at] = Phase.SETTLED

    def done(self, settlements: Sequence[Settlement]) -> None:
        """The store has them. What was claimed anew meanwhile stays."""
        for settlement in settlements:
            at = self._place(settlement.message_id, settlement.lease)
            if at is not None:
                del self._at[settlement.message_id]
                self._map[at : at + SLOT_SIZE] = _EMPTY  # what a server said may name somebody
                self._free.append(at)

    @property
    def empty(self) -> bool:
        """Whether nothing is in hand. Otherwise the file is for the next process to read."""
        return not self._at

    def _place(self, message_id: Id, lease: int) -> int | None:
        """Where a claim is noted; None when it is not, or when the message was claimed anew since."""
        at = self._at.get(message_id)
        return at if at is not None and _LEASE.unpack_from(self._map, at + _PHASE.size)[0] == lease else None

    def close(self) -> None:
        """Lets go."""
        self._map.close()
        os.close(self._file)


def remains_in(folder: Path, store_id: str) -> Iterator[tuple[Path, list[Remains]]]:
    """The boxes of the dead in a folder, with what they had in hand. A box is removed when the caller comes back for the next one.

    A box that is locked belongs to a living process and is left alone; one of another boot or store is thrown away.
    """
    for path in sorted(folder.glob("*.box")):
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            yield path, _read(file.read(), store_id)
            path.unlink(missing_ok=True)


def _read(data: bytes, store_id: str) -> list[Remains]:
    if len(data) < HEAD_SIZE or _HEAD.unpack_from(data) != (
        _MAGIC,
        _boot_id(),
        store_id.encode()[:32].ljust(32, b"\0"),
    ):
        return []
    slots = (_read_slot(data, at) for at in range(HEAD_SIZE, len(data) - SLOT_SIZE + 1, SLOT_SIZE))
    return [remains for remains in slots if remains is not None]


def _read_slot(data: bytes, at: int) -> Remains | None:
    phase, length, lease, message_id, workspace_id, template_id, attempts, channel, lane, live, flags = (
        _SLOT.unpack_from(data, at)
    )
    if phase == _FREE:
        return None
    message = Claimed(
        id=message_id,
        workspace_id=workspace_id,
        flow=0,
        live=bool(live),
        channel=Channel(channel),
        lane=Lane(lane),
        template_id=None if template_id == _NONE else template_id,
        release_id=None,
        locale="",
        recipient="",
        recipient_name="",
        variables=b"",
        extras=None,
        created_at=0,
        due_at=0,
        expires_at=None,
        policy=UnknownPolicy.HOLD if flags & _HOLD else UnknownPolicy.RESEND,
        tags=(),
        attempts=attempts,
        lease=lease,
        in_doubt=bool(flags & _IN_DOUBT),
    )
    if phase != Phase.SETTLED:
        return Remains(Phase(phase), message)
    body = at + _SLOT.size
    return Remains(Phase.SETTLED, message, _read_settlement.decode(data[body : body + length]))


def _boot_id() -> bytes:
    """Names this boot of the machine (Linux)."""
    return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()[:36]
