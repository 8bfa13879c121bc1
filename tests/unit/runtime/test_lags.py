"""How far behind the events is what is made of them, as metrics and the doctor say it."""

from pathlib import Path

from posthouse.core.alerts.watch import LEASE
from posthouse.core.kernel.clock import MINUTE
from posthouse.runtime.doctor.findings import Level
from posthouse.runtime.doctor.following import look_at_followers
from posthouse.runtime.lags import Lag, lags_of
from posthouse.runtime.metrics import render
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.stores import Kit


async def test_behind_and_caught_up(tmp_path: Path) -> None:
    """Events that wait and the age of the oldest; each follower by itself; alerts by when somebody judged."""
    clock = FakeClock()
    store = SqliteStore(tmp_path / "data", clock=clock)
    await store.open()
    try:
        kit = Kit(clock)
        assert await lags_of(store, clock.now()) == [Lag("statistics", 0, 0.0), Lag("words", 0, 0.0)]
        await store.accept([kit.new()])
        clock.advance(5 * MINUTE)
        await store.accept([kit.new()])
        clock.advance(5 * MINUTE)
        end = await store.stream_end()
        assert await store.keep_words(0, end - 1, [])
        await store.hold_alerts(1, clock.now() - 7 * MINUTE, clock.now() - 7 * MINUTE + LEASE)
        lags = await lags_of(store, clock.now())
        assert lags == [Lag("statistics", 2, 600.0), Lag("words", 1, 300.0), Lag("alerts", None, 420.0)]
        shown = render(tmp_path, (), clock.now(), lags=lags).decode()
        assert 'posthouse_follower_lag_events{follower="statistics"} 2.0' in shown
        assert 'posthouse_follower_lag_seconds{follower="alerts"} 420.0' in shown
        found = {one.about: one for one in await look_at_followers(store, clock.now())}
        assert (found["statistics"].level, found["statistics"].said) == (Level.WARNING, "2 events and 600 s behind")
        assert (found["search words"].level, found["alerts"].level) == (Level.OK, Level.WARNING)
        assert await store.keep_words(end - 1, end, [])
        assert Lag("words", 0, 0.0) in await lags_of(store, clock.now())
    finally:
        await store.close()
