"""What was published to a streaming job, on disk: a publisher that is killed goes on from there."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Self

from labeljob.streaming.job_stream import JobStream
from shared.errors import ContractError

_TABLES = """
CREATE TABLE IF NOT EXISTS job (arn TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sent (id TEXT PRIMARY KEY, digest BLOB NOT NULL, message_id TEXT NOT NULL) WITHOUT ROWID;
"""
_SECONDS = 30.0
"""How long to wait for another publisher that writes at the moment."""


def default_path(stream: JobStream) -> Path:
    """Where the ledger of a job lies unless it is named: in the person's state folder."""
    region, account = stream.arn.split(":")[3:5]
    state = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    return state / "labeljob" / "published" / f"{account}-{region}-{stream.name.lower()}.sqlite"


class Ledger:
    """The objects that SNS has taken, by deduplication id.

    An object is entered after SNS has taken it: whoever is killed in between publishes it once more, under the same id.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @classmethod
    @contextmanager
    def opened(cls, path: Path, stream: JobStream) -> Iterator[Self]:
        """Open the ledger of a job, made when absent; that of an older job of the same name is begun anew.

        Raises:
            ContractError: the file cannot be written, is something else, or belongs to another job.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(path, timeout=_SECONDS)
        except (OSError, sqlite3.Error) as failure:
            raise ContractError(
                f"the ledger {path} cannot be opened: {failure}; name another: --ledger FILE"
            ) from failure
        try:
            cls._begin(database, path, stream)
            yield cls(database)
        except sqlite3.Error as failure:
            raise ContractError(
                f"the ledger {path} cannot be used: {failure}; name another: --ledger FILE"
            ) from failure
        finally:
            database.close()

    @classmethod
    def _begin(cls, database: sqlite3.Connection, path: Path, stream: JobStream) -> None:
        # A lost entry costs one more message, which the service drops: no commit has to wait for the disk.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_TABLES)
        created = stream.created.astimezone(UTC).isoformat()
        with database:
            database.execute("BEGIN IMMEDIATE")
            known = database.execute("SELECT arn, created FROM job").fetchone()
            if known and known[0] != stream.arn:
                raise ContractError(
                    f"the ledger {path} is that of {known[0]}; name another for {stream.name}: --ledger FILE"
                )
            if known != (stream.arn, created):
                database.execute("DELETE FROM job")
                database.execute("DELETE FROM sent")
                database.execute("INSERT INTO job VALUES (?, ?)", (stream.arn, created))

    def digest_of(self, object_id: str) -> bytes | None:
        """The digest of what was sent under an id; None when nothing was."""
        found = self._database.execute("SELECT digest FROM sent WHERE id = ?", (object_id,)).fetchone()
        return found[0] if found else None

    def enter(self, sent: Iterable[tuple[str, bytes, str]]) -> None:
        """Enter id, digest and SNS message id of objects that SNS has taken."""
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO sent VALUES (?, ?, ?)", sent)

    def forget(self) -> None:
        """Begin anew, as if nothing had been sent."""
        with self._database:
            self._database.execute("DELETE FROM sent")
