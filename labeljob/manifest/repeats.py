"""Which lines name what an earlier line named already; kept on disk, so that memory does not grow with the lines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Self

_AT_ONCE = 5_000


class Repeats:
    """Sources seen so far, as 64-bit hashes: of a million lines two different ones are taken for the same once in 10^7 manifests."""

    def __init__(self) -> None:
        # An empty name is a database in a temporary file, which goes when it is closed.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE seen (hash INTEGER, line INTEGER)")
        self._waiting: list[tuple[int, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, source: str, line: int) -> None:
        """Remember a line's source."""
        self._waiting.append((hash(source), line))
        if len(self._waiting) >= _AT_ONCE:
            self._write()

    def found(self) -> Iterator[tuple[int, int]]:
        """(line, first line of the same source), in the order of lines."""
        self._write()
        yield from self._database.execute(
            "WITH again AS (SELECT hash, min(line) AS first FROM seen GROUP BY hash HAVING count(*) > 1) "
            "SELECT line, first FROM again JOIN seen USING (hash) WHERE line > first ORDER BY line"
        )

    def _write(self) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO seen VALUES (?, ?)", self._waiting)
        self._database.execute("COMMIT")
        self._waiting.clear()
