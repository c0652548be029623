"""A streaming job's own time, which leaps over what its workers need, and when messages came by it."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta

_SLACK = timedelta(seconds=1)
"""By how much the simulated time may run ahead before that is noted anew."""


class SimulatedClock:
    """Simulated time, and by how much it was ahead of real time at any time."""

    def __init__(self, now: datetime, real: float) -> None:
        """Start it.

        Args:
            now: simulated time, UTC.
            real: seconds since 1970 that it is in reality.
        """
        self.now = now
        self._since: list[float] = [real]
        self._ahead: list[timedelta] = [now - _utc(real)]

    def advance_to(self, moment: datetime, real: float) -> None:
        """Leap to a simulated time; one that has passed changes nothing."""
        if moment <= self.now:
            return
        self.now = moment
        ahead = moment - _utc(real)
        if abs(ahead - self._ahead[-1]) > _SLACK:
            self._since.append(real)
            self._ahead.append(ahead)

    def at(self, real: float) -> datetime:
        """What the simulated time was at a real one."""
        place = max(bisect_right(self._since, real) - 1, 0)
        return _utc(real) + self._ahead[place]


def _utc(real: float) -> datetime:
    return datetime.fromtimestamp(real, UTC)
