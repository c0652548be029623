"""A streaming job's memory on disk: what came, what became of it and what was said of it. Survives being killed at any point."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from labeljob.simulation.inputs import JOURNAL
from labeljob.simulation.streaming_message import Arrival
from shared.errors import ContractError
from shared.json_node import write_json

_FORMAT = "1"
_OF_MANIFEST = "duplicates of the manifest"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    name TEXT PRIMARY KEY, receipt TEXT, duplicates INTEGER NOT NULL, dropped INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS undeleted ON messages (name) WHERE receipt IS NOT NULL;
CREATE TABLE IF NOT EXISTS objects (
    number INTEGER PRIMARY KEY, dedup_id TEXT NOT NULL UNIQUE, message TEXT, line TEXT NOT NULL, state TEXT NOT NULL,
    fault TEXT, accepted TEXT, finished TEXT, iteration INTEGER, output TEXT, reason TEXT, announced INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS under_way ON objects (state, number) WHERE state IN ('waiting', 'working');
CREATE INDEX IF NOT EXISTS of_request ON objects (iteration) WHERE iteration IS NOT NULL;
CREATE INDEX IF NOT EXISTS of_message ON objects (message);
CREATE INDEX IF NOT EXISTS to_announce ON objects (number) WHERE announced = 0 AND state IN ('labeled', 'failed');
CREATE TABLE IF NOT EXISTS requests (iteration INTEGER PRIMARY KEY, time TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS sent (place INTEGER PRIMARY KEY, message TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A data object in the journal.

    Attributes:
        number: in order of arrival, from 1.
        dedup_id: under which it is labelled once.
        value: its manifest line.
        fault: which rule it breaks, or None.
        accepted: when the first worker opens it, once it is in work.
        finished: when the last worker is done, or nobody will be.
    """

    number: int
    dedup_id: str
    value: Mapping[str, Any]
    fault: str | None = None
    accepted: datetime | None = None
    finished: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an object.

    Attributes:
        number: of the object.
        state: `labeled`, `failed` or `unlabeled`.
        output: its line of the output manifest.
        kind, reason: why it has no label; empty where it has one.
    """

    number: int
    state: str
    output: Mapping[str, Any]
    kind: str = ""
    reason: str = ""


class Journal:
    """The journal of one job. Each method that changes it is one transaction; for one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the journal in a folder, or begin it.

        Raises:
            ContractError: the folder cannot be used, or what is there is no journal of this version.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(folder / JOURNAL, isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
            self._base.executescript(_SCHEMA)
            if self.fact("format", _FORMAT) != _FORMAT:
                raise ContractError(f"{folder / JOURNAL} was written by another version; start the job anew")
        except (OSError, sqlite3.DatabaseError) as failure:
            raise ContractError(f"{folder / JOURNAL} cannot be used as a journal: {failure}") from failure
        self._change: Counter[str] | None = None
        self.tally = self._counted()

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def fact(self, name: str, otherwise: str) -> str:
        """A fact of the job; noted as `otherwise` where it was not known yet."""
        self._base.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, otherwise))
        row = self._base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0])

    def note(self, name: str, value: str) -> None:
        """Note a fact anew."""
        self._base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def receive(self, message: str, receipt: str, arrivals: Sequence[Arrival]) -> bool:
        """Note a message and its objects; whether it is new. One that came before only has a new receipt."""
        with self._transaction() as tally:
            if self._renewed(message, receipt):
                return False
            duplicates = sum(not self._add(arrival, message, tally) for arrival in arrivals)
            self._base.execute("INSERT INTO messages VALUES (?, ?, ?, 0)", (message, receipt, duplicates))
            tally.update(received=1, duplicates=duplicates)
        return True

    def drop(self, message: str, receipt: str) -> None:
        """Note a message that waited too long."""
        with self._transaction() as tally:
            if not self._renewed(message, receipt):
                self._base.execute("INSERT INTO messages VALUES (?, ?, 0, 1)", (message, receipt))
                tally.update(received=1, dropped=1)

    def receive_manifest(self, arrivals: Iterable[Arrival]) -> None:
        """Note the objects of the one-time manifest."""
        with self._transaction() as tally:
            tally["duplicates"] += sum(not self._add(arrival, None, tally) for arrival in arrivals)
            self.note(_OF_MANIFEST, str(tally["duplicates"]))

    def in_state(self, state: str, most: int = -1) -> list[Entry]:
        """Objects that are `waiting` or `working`, in order."""
        rows = self._base.execute(
            f"SELECT {_COLUMNS} FROM objects WHERE state = ? ORDER BY number LIMIT ?",  # noqa: S608 - a constant
            (state, most),
        )
        return [_entry(row) for row in rows]

    def work(self, entries: Sequence[Entry]) -> None:
        """Objects are before workers, from when they were accepted until they are finished."""
        with self._transaction() as tally:
            self._base.executemany(
                "UPDATE objects SET state = 'working', accepted = ?, finished = ? WHERE number = ?",
                [(f"{entry.accepted}", f"{entry.finished}", entry.number) for entry in entries],
            )
            tally["waiting"] -= len(entries)
            tally["working"] += len(entries)

    def request(self, numbers: Sequence[int], time: datetime) -> int:
        """Objects go to consolidation together; returns the number of that request, from 1."""
        with self._transaction():
            cursor = self._base.execute("INSERT INTO requests (time) VALUES (?)", (time.isoformat(),))
            iteration = int(cursor.lastrowid or 0)
            self._base.executemany(
                "UPDATE objects SET iteration = ? WHERE number = ?",
                [(iteration, number) for number in numbers],
            )
        return iteration

    def open_requests(self) -> list[tuple[int, datetime]]:
        """Requests without an outcome, with their times: one, or after a crash perhaps one from before."""
        rows = self._base.execute("SELECT iteration, time FROM requests WHERE NOT done ORDER BY iteration")
        return [(iteration, datetime.fromisoformat(time)) for iteration, time in rows]

    def of_request(self, iteration: int) -> list[Entry]:
        """The objects of a request, in order."""
        rows = self._base.execute(
            f"SELECT {_COLUMNS} FROM objects WHERE iteration = ? AND state = 'working' ORDER BY number",  # noqa: S608 - as above
            (iteration,),
        )
        return [_entry(row) for row in rows]

    def settle(self, outcomes: Iterable[Outcome], iteration: int | None = None) -> None:
        """Objects are done with, and so is the request they were in."""
        with self._transaction() as tally:
            for outcome in outcomes:
                state = self._base.execute("SELECT state FROM objects WHERE number = ?", (outcome.number,))
                tally[str(state.fetchone()[0])] -= 1
                tally[outcome.state] += 1
                reason = json.dumps([outcome.kind, outcome.reason]) if outcome.kind else None
                self._base.execute(
                    "UPDATE objects SET state = ?, output = ?, reason = ? WHERE number = ?",
                    (outcome.state, write_json(outcome.output), reason, outcome.number),
                )
            if iteration is not None:
                self._base.execute("UPDATE requests SET done = 1 WHERE iteration = ?", (iteration,))

    def to_announce(self, states: Sequence[str], most: int) -> list[tuple[int, str]]:
        """Output lines not sent to the output topic yet, with the numbers of their objects."""
        rows = self._base.execute(
            "SELECT number, output FROM objects WHERE announced = 0 AND state IN ('labeled', 'failed') AND state IN (?, ?)"
            " ORDER BY number LIMIT ?",
            (states[0], states[-1], most),
        )
        return list(rows)

    def announced(self, numbers: Sequence[int]) -> None:
        """Lines were sent."""
        with self._transaction() as tally:
            self._base.executemany(
                "UPDATE objects SET announced = 1 WHERE number = ?", [(number,) for number in numbers]
            )
            tally["announced"] += len(numbers)

    def undeleted(self) -> list[tuple[str, str]]:
        """Names and receipts of messages noted here that may be in the queue still."""
        return list(self._base.execute("SELECT name, receipt FROM messages WHERE receipt IS NOT NULL"))

    def deleted(self, messages: Sequence[str]) -> None:
        """Messages were deleted."""
        with self._transaction():
            self._base.executemany(
                "UPDATE messages SET receipt = NULL WHERE name = ?", [(name,) for name in messages]
            )

    def forget_receipts(self) -> None:
        """The queue is gone, and with it what it held."""
        self._base.execute("UPDATE messages SET receipt = NULL")

    def output_lines(self) -> Iterator[str]:
        """The output manifest, in order of arrival: what is not done with stands as it came in."""
        for (line,) in self._base.execute("SELECT coalesce(output, line) FROM objects ORDER BY number"):
            yield str(line)

    def failures(self) -> Iterator[tuple[int, str, str]]:
        """Objects without a label: number, kind and reason, in order."""
        rows = self._base.execute(
            "SELECT number, reason FROM objects WHERE reason IS NOT NULL ORDER BY number"
        )
        for number, reason in rows:
            kind, text = json.loads(reason)
            yield number, kind, text

    def sent(self, places: Sequence[int], messages: Sequence[str]) -> None:
        """Input was published: places of its lines and the SNS message ids."""
        with self._transaction():
            self._base.executemany(
                "INSERT OR REPLACE INTO sent VALUES (?, ?)", list(zip(places, messages, strict=True))
            )

    def sent_places(self, *, received: bool) -> set[int]:
        """Places of the lines that were published; those only whose message came, where `received`."""
        only = " WHERE message IN (SELECT name FROM messages)" if received else ""
        return {place for (place,) in self._base.execute(f"SELECT place FROM sent{only}")}  # noqa: S608 - as above

    def check_all_received(self) -> None:
        """See that everything that was published has come, once the queue is empty.

        Raises:
            ContractError: it has not.
        """
        lost = len(self.sent_places(received=False)) - len(self.sent_places(received=True))
        if lost:
            raise ContractError(
                f"the queue is empty, and {lost} messages that were sent never came out of it: the endpoint has lost them, as one does "
                "that is started anew; start the job anew too, without --resume"
            )

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all changes in the block."""
        with self._transaction():
            yield

    @contextmanager
    def _transaction(self) -> Iterator[Counter[str]]:
        """All or nothing; yields what to add to the tally. Inside of another it is part of that."""
        if self._change is not None:
            yield self._change
            return
        self._change = change = Counter[str]()
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield change
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        else:
            self._base.execute("COMMIT")
        finally:
            self._change = None
        for name, difference in change.items():
            self.tally[name] += difference

    def _renewed(self, message: str, receipt: str) -> bool:
        cursor = self._base.execute("UPDATE messages SET receipt = ? WHERE name = ?", (receipt, message))
        return cursor.rowcount > 0

    def _add(self, arrival: Arrival, message: str | None, tally: Counter[str]) -> bool:
        """Add an object unless its deduplication id is known."""
        cursor = self._base.execute(
            "INSERT OR IGNORE INTO objects (dedup_id, message, line, fault, state) VALUES (?, ?, ?, ?, 'waiting')",
            (arrival.dedup_id, message, write_json(arrival.value), arrival.fault),
        )
        tally["waiting"] += cursor.rowcount
        return cursor.rowcount > 0

    def _counted(self) -> Counter[str]:
        tally: Counter[str] = Counter(
            dict(self._base.execute("SELECT state, count(*) FROM objects GROUP BY state"))
        )
        received, duplicates, dropped = self._base.execute(
            "SELECT count(*), total(duplicates), total(dropped) FROM messages"
        ).fetchone()
        announced = self._base.execute("SELECT count(*) FROM objects WHERE announced = 1").fetchone()[0]
        duplicates += int(self.fact(_OF_MANIFEST, "0"))
        tally.update(received=received, duplicates=int(duplicates), dropped=int(dropped), announced=announced)
        return tally


_COLUMNS = "number, dedup_id, line, fault, accepted, finished"


def _entry(row: Sequence[Any]) -> Entry:
    number, dedup_id, line, fault, accepted, finished = row
    return Entry(
        number,
        dedup_id,
        json.loads(line),
        fault,
        datetime.fromisoformat(accepted) if accepted else None,
        datetime.fromisoformat(finished) if finished else None,
    )
