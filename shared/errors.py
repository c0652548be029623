"""One tree of errors, each able to name the data object, the worker, the JSON path and the limit it is about."""

from __future__ import annotations

import copy
from typing import Self


class GtConsensusError(Exception):
    """Base of every error this project raises on purpose.

    Attributes:
        message: what is wrong and what to do, without the place.
        data_object_id: `datasetObjectId` of the data object concerned, if one is.
        worker_id: `workerId` of the answer concerned, if one is.
        path: JSON path inside the document concerned, such as `$.boundingBoxes[2].width`.
        limit: name of the setting whose limit was met, such as `limits.pixels`.
    """

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        data_object_id: str | None = None,
        worker_id: str | None = None,
        path: str | None = None,
        limit: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.data_object_id = data_object_id
        self.worker_id = worker_id
        self.path = path
        self.limit = limit

    def at(self, *, data_object_id: str | None = None, worker_id: str | None = None) -> Self:
        """Return a copy that also names the place; what is already named stays."""
        placed = copy.copy(self)
        placed.data_object_id = self.data_object_id or data_object_id
        placed.worker_id = self.worker_id or worker_id
        placed.__cause__ = self.__cause__
        return placed

    @property
    def reason(self) -> str:
        """Path, message and limit: the text for a place that already names object and worker."""
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"{text} (setting {self.limit})" if self.limit else text

    def __str__(self) -> str:
        place = [
            f"{name} {value}"
            for name, value in (("data object", self.data_object_id), ("worker", self.worker_id))
            if value is not None
        ]
        return f"{', '.join(place)}: {self.reason}" if place else self.reason


class ContractError(GtConsensusError):
    """A request, payload or file does not have the shape that Ground Truth sends."""

    code = "contract"


class AnswerError(GtConsensusError):
    """One worker's answer cannot be used; the other workers' answers still count."""

    code = "answer"


class LimitError(AnswerError):
    """Something is larger than a setting allows; names the setting."""

    code = "limit"


class MergeError(GtConsensusError):
    """The answers of one data object cannot be merged with each other."""

    code = "merge"


class SettingsError(GtConsensusError):
    """A setting of the deployment or of the job is wrong; nothing can be done before it is mended."""

    code = "settings"


class StorageError(GtConsensusError):
    """S3 could not be read or written."""

    code = "storage"


class NotAllowedError(StorageError):
    """The URI or role lies outside of what this deployment may touch."""

    code = "not-allowed"


class ObjectMissingError(StorageError):
    """There is no object at the URI."""

    code = "missing-object"


class DeadlineError(GtConsensusError):
    """The Lambda's time ran out before this data object was reached."""

    code = "deadline"
