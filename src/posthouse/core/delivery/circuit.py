"""A provider that fails is left alone for a while, then tried with one message, and trusted again when that works."""

from typing import Final

from posthouse.core.kernel.clock import MINUTE, SECOND

OPENS_AFTER: Final = 5
FIRST_REST: Final = 5 * SECOND
LONGEST_REST: Final = 5 * MINUTE


class Circuit:
    """The state of one provider as this process sees it. Instants are monotonic microseconds.

    Closed: everything may pass. Open: nothing until the rest is over; then one probe at a time passes (half-open), whose
    success closes the circuit and whose failure opens it for twice as long. A throttle pauses without counting as a failure.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._rest = FIRST_REST
        self._open_until = 0
        self._paused_until = 0
        self._probing_since: int | None = None
        self.open_since: int | None = None
        """Since when nothing but probes may pass; None: it is closed."""

    def passes(self, now: int) -> bool:
        """Whether a message may be sent this way now; a True while half-open takes the probe."""
        if now < self._paused_until:
            return False
        if self._failures < OPENS_AFTER:
            return True
        if now < self._open_until:
            return False
        if self._probing_since is not None and now - self._probing_since < LONGEST_REST:
            return False
        self._probing_since = now
        return True

    def opens_at(self, now: int) -> int:
        """When it is worth asking again."""
        until = max(self._paused_until, self._open_until if self._failures >= OPENS_AFTER else 0)
        return max(until, now + SECOND // 4)

    def worked(self) -> None:
        """The other side answered as it should, if only to refuse a recipient."""
        self._failures = 0
        self._rest = FIRST_REST
        self._probing_since = None
        self.open_since = None

    def failed(self, now: int) -> None:
        """This way out did not work."""
        self._failures += 1
        if self._failures < OPENS_AFTER:
            return
        if self.open_since is None:
            self.open_since = now
        if self._probing_since is not None:
            self._rest = min(LONGEST_REST, self._rest * 2)
        self._probing_since = None
        self._open_until = max(self._open_until, now + self._rest)

    def pause(self, until: int) -> None:
        """The other side asked for a pause."""
        self._paused_until = max(self._paused_until, until)
        self._probing_since = None

    @property
    def word(self) -> str:
        """``closed`` or ``open``, for people."""
        return "open" if self._failures >= OPENS_AFTER else "closed"
