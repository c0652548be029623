"""All answers of a job, read as a stream: what refitting it and looking at its workers have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from consolidation.batch import Job, artefact_prefix
from consolidation.fetching import fetched_ahead
from consolidation.kinds.base import Task
from consolidation.learning import Evidence, Known, Skills
from consolidation.reading import ReadObject, read_object
from labeljob.requests import Source, chunks, find_sources
from shared.contract import AnnotatedDataObject
from shared.json_node import JsonNode
from shared.settings import Settings
from shared.storage import ObjectStore

DEFAULT_LABEL_ATTRIBUTE = "label"
ARTEFACTS = "output"
"""Folder of the results to which artefacts go."""
_READ_AHEAD = 64


@dataclass(frozen=True, slots=True)
class WholeJob:
    """A job and where its answers are.

    Attributes:
        sources: requests or worker responses, the newest last.
        store: answers that lie in S3 are read from it.
        settings: of the job, with the method `em`.
        job: names and places, as the sources or the caller say.
    """

    sources: tuple[Source, ...]
    store: ObjectStore
    settings: Settings
    job: Job

    @classmethod
    def found(
        cls,
        locations: Sequence[str],
        store: ObjectStore,
        scratch: Path,
        *,
        settings: JsonNode | None = None,
        label_attribute: str | None = None,
        output_config: str | None = None,
    ) -> WholeJob:
        """Find a job's answers at some locations, see `find_sources`.

        Args:
            locations: files, folders or `s3://` URIs.
            store: what the answers refer to is read from it.
            scratch: empty folder for what is fetched from S3.
            settings: the settings document, None for the defaults.
            label_attribute, output_config: instead of what the first source says.

        Raises:
            ContractError, SettingsError, StorageError: something is unusable; names it.
        """
        sources = tuple(find_sources(locations, store, scratch))
        said = sources[0].read_job()
        made = Settings.parse(settings, said.labeling_job_name) if settings else Settings()
        made = replace(made, method="em")
        job = Job(
            label_attribute or said.label_attribute_name or DEFAULT_LABEL_ATTRIBUTE,
            said.label_categories,
            artefact_prefix(output_config or said.output_config, made) or f"{ARTEFACTS}/",
        )
        return cls(sources, store, made, job)

    def data_objects(self) -> Iterator[AnnotatedDataObject]:
        """Every data object once: as its newest source has it."""
        seen: set[str] = set()
        for source in reversed(self.sources):
            for entry in source.data_objects():
                if entry.data_object_id not in seen:
                    seen.add(entry.data_object_id)
                    yield entry

    def read(self) -> Iterator[ReadObject]:
        """Every data object with its answers read, few at a time in memory."""
        for few in chunks(self.data_objects(), _READ_AHEAD):
            for entry, fetch in fetched_ahead(few, self.store, self.settings, lambda: False):
                yield read_object(entry, fetch, self.settings)

    def learn(self, observe: Callable[[ReadObject], None] = lambda _: None) -> Skills:
        """The skill of the workers from all their answers: the same in whatever order these are read.

        Args:
            observe: is shown every data object on the way.
        """
        evidence = Evidence(Task(self.settings, self.job.label_categories or self.settings.label_categories))
        for read in self.read():
            evidence.study(read)
            observe(read)
        return evidence.learn(Known())
