"""Many slow things at once, their results in order, and only a few of them waiting at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")
THREADS = 16
_WAITING = 4 * THREADS


def in_order(work: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
    """`map` in threads; `items` is read no further than a few dozen ahead of what has been taken."""
    waiting: deque[Future[_R]] = deque()
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="objects")
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= _WAITING:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
