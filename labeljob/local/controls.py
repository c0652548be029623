"""Who decides when a job goes on: by itself, at a pace, or one step at a time, so that a test sees every state it wants."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition


class Gate:
    """What every job passes before each of its steps: beginning, and each batch of objects.

    Open, it lets all pass. Held, a job waits until `step` lets it take one. A job that is asked to stop passes at once.
    """

    def __init__(self, pace: float = 0.0) -> None:
        """Open.

        Args:
            pace: seconds that each data object takes.
        """
        self._pace = pace
        self._changed = Condition()
        self._held = self._led = False
        self._allowed: dict[str, int] = {}
        self._waiting: dict[str, Callable[[], bool]] = {}
        self._running: set[str] = set()
        self._looks: dict[str, int] = {}
        self._idle: dict[str, int] = {}
        self._asked: set[str] = set()

    def enter(self, job: str) -> None:
        """A job begins to exist: from now on `settle` waits for it."""
        with self._changed:
            self._running.add(job)

    def leave(self, job: str) -> None:
        """A job has ended."""
        with self._changed:
            self._running.discard(job)
            self._asked.discard(job)
            for kept in (self._allowed, self._looks, self._idle):
                kept.pop(job, None)
            self._changed.notify_all()

    def wait(self, job: str, objects: int, stopping: Callable[[], bool]) -> None:
        """Let a job wait for its next step.

        Args:
            job: which.
            objects: data objects in the step; they take `pace` seconds each.
            stopping: whether the job is to stop instead.
        """
        with self._changed:
            if self._pace and objects:
                self._changed.wait_for(stopping, self._pace * objects)
            self._waiting[job] = stopping
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._passes(job))
            del self._waiting[job]
            self._allowed[job] = max(0, self._allowed.get(job, 0) - 1)

    def look(self, job: str) -> int:
        """A streaming job looks for objects: the number of this look."""
        with self._changed:
            self._looks[job] = self._looks.get(job, 0) + 1
            return self._looks[job]

    def idle(self, job: str, look: int, seconds: float, stopping: Callable[[], bool]) -> None:
        """A look found nothing: wait a while, but no longer once somebody wants to know whether the job is idle.

        A job that is asked to stop is not idle: it has its end to come to.

        Args:
            job: which.
            look: its number.
            seconds: to wait at most.
            stopping: whether the job is to stop instead.
        """
        with self._changed:
            if stopping():
                return
            self._idle[job] = look
            self._changed.notify_all()
            self._changed.wait_for(lambda: stopping() or job in self._asked, seconds)
            self._asked.discard(job)

    def wake(self) -> None:
        """Something that a waiting job asks about has changed."""
        with self._changed:
            self._changed.notify_all()

    def hold(self, *, led: bool = False) -> None:
        """From now on, jobs wait before their next step.

        Args:
            led: whether each who has looked at a job lets them take one, so that whoever watches sees every state.
        """
        with self._changed:
            self._held, self._led = True, led
            self._allowed.clear()

    def looked_at(self) -> None:
        """Somebody has seen what a job is doing; a function that asks while its job is at work has no say in it."""
        with self._changed:
            ready = self._led and self._running <= self._waiting.keys()
        if ready:
            self.step(1)

    def release(self) -> None:
        """Let all go on by themselves."""
        with self._changed:
            self._held = self._led = False
            self._changed.notify_all()

    def step(self, steps: int) -> None:
        """Let every job take some steps, and return when each has taken them or has ended."""
        for _ in range(steps):
            self.settle()
            with self._changed:
                self._allowed = dict.fromkeys(self._waiting, 1)
                self._changed.notify_all()
                self._changed.wait_for(lambda: not any(self._allowed.get(job) for job in self._running))
            self.settle()

    def settle(self) -> None:
        """Return when no job is at work: each has ended, waits for a step, or has looked for objects since and found none."""
        with self._changed:
            before = dict(self._looks)
            self._asked |= before.keys()
            self._changed.notify_all()
            self._changed.wait_for(lambda: all(self._rests(job, before.get(job, 0)) for job in self._running))

    def _rests(self, job: str, look: int) -> bool:
        """A job that waits and may pass is at work: its thread only has not woken up yet."""
        held = job in self._waiting and not self._passes(job)
        return held or self._idle.get(job, 0) > look

    def _passes(self, job: str) -> bool:
        """Whether a waiting job need not wait any longer."""
        return not self._held or self._allowed.get(job, 0) > 0 or self._waiting[job]()
