"""A store of skill that does not work."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from shared.errors import ObjectMissingError


@dataclass
class OddStore:
    """A store that refuses, or whose calls never end."""

    failure: Exception | None = None
    released: threading.Event = field(default_factory=threading.Event)

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """See `ObjectStore.read`."""
        self._refuse()
        raise ObjectMissingError(uri)

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """See `ObjectStore.write`."""
        self._refuse()

    def write_new(self, uri: str, body: bytes, content_type: str) -> bool:
        """See `AppendStore.write_new`."""
        self._refuse()
        return False

    def _refuse(self) -> None:
        if self.failure:
            raise self.failure
        self.released.wait()
