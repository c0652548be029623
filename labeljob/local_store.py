"""`ObjectStore` for replays: artefacts go into a folder; answers that lie in S3 come from a local copy or from S3 itself."""

from __future__ import annotations

from pathlib import Path

from shared.errors import LimitError, ObjectMissingError, StorageError
from shared.s3_uri import AllowedLocations, S3Uri
from shared.storage import AwsAccess, ObjectStore, S3Store


class LocalStore:
    """Reads answers, writes artefacts under their names into one folder, whatever prefix the labels refer to them by."""

    def __init__(self, artefacts: Path, copy: Path | None = None) -> None:
        """Open the store.

        Args:
            artefacts: folder for masks and large labels; made when the first is written.
            copy: folder with a copy of what lies in S3, such as a downloaded job folder; None to read S3.
        """
        self._artefacts, self._copy = artefacts, copy
        self._access = AwsAccess()

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """See `ObjectStore.read`. In a copy, the file with the longest part of the key is taken.

        Raises:
            ObjectMissingError: neither the copy nor S3 has it.
        """
        place = S3Uri.parse(uri)
        if self._copy is None:
            locations = AllowedLocations(((place.bucket, ""),))
            return S3Store(self._access.client(), locations).read(uri, limit=limit, limit_name=limit_name)
        file = file_of(place, self._copy)
        if file is None:
            raise ObjectMissingError(f"there is no copy of {place} in {self._copy}")
        if file.stat().st_size > limit:
            raise LimitError(
                f"{place} has {file.stat().st_size} bytes, allowed are {limit}", limit=limit_name
            )
        return file.read_bytes()

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """Write the artefact under the last part of its URI.

        Raises:
            StorageError: the folder cannot be written.
        """
        try:
            self._artefacts.mkdir(parents=True, exist_ok=True)
            (self._artefacts / uri.rpartition("/")[2]).write_bytes(body)
        except OSError as failure:
            raise StorageError(f"cannot write to {self._artefacts}: {failure}") from failure


class FolderStore:
    """`AppendStore` in a folder, which has a folder for each bucket; for what is kept from one request to the next."""

    def __init__(self, folder: Path, beneath: ObjectStore | None = None) -> None:
        """Open the store.

        Args:
            folder: made when the first object is written.
            beneath: read where the folder has nothing; never written to.
        """
        self._folder, self._beneath = folder, beneath

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """See `ObjectStore.read`."""
        file = self._file(uri)
        if not file.is_file():
            if self._beneath is not None:
                return self._beneath.read(uri, limit=limit, limit_name=limit_name)
            raise ObjectMissingError(f"there is no {file}")
        if file.stat().st_size > limit:
            raise LimitError(f"{file} has {file.stat().st_size} bytes, allowed are {limit}", limit=limit_name)
        return file.read_bytes()

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """See `ObjectStore.write`."""
        self._write(uri, body, "wb")

    def write_new(self, uri: str, body: bytes, content_type: str) -> bool:
        """See `AppendStore.write_new`."""
        try:
            self._write(uri, body, "xb")
        except FileExistsError:
            return False
        return True

    def _write(self, uri: str, body: bytes, mode: str) -> None:
        file = self._file(uri)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open(mode) as opened:
                opened.write(body)
        except FileExistsError:
            raise
        except OSError as failure:
            raise StorageError(f"cannot write {file}: {failure}") from failure

    def _file(self, uri: str) -> Path:
        place = S3Uri.parse(uri)
        return self._folder.joinpath(place.bucket, *place.key.split("/"))


def file_of(place: S3Uri, copy: Path) -> Path | None:
    """The file of a folder that is the copy of an object: the one with the longest part of its key, or None."""
    segments = [place.bucket, *place.key.split("/")]
    candidates = (copy.joinpath(*segments[start:]) for start in range(len(segments)))
    return next((file for file in candidates if file.is_file()), None)
