"""Recorded answers of workers: read in the three forms people have them, and found for each manifest line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labeljob.simulation.manifest import ManifestLine
from shared.contract import ConsolidationPayload, WorkerAnnotation
from shared.errors import ContractError
from shared.json_node import JsonNode, parse_json, write_json

_ITERATION = re.compile(r"iteration-(\d+)")


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """One worker's answer to one data object.

    Attributes:
        worker_id: who.
        content: the answer as JSON text; what a worker broke stays broken.
        seconds: time the worker spent, where it was recorded.
        worker_metadata: identity data of private workforces, where recorded.
    """

    worker_id: str
    content: str
    seconds: float | None = None
    worker_metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RecordedAnswers:
    """All recorded answers.

    Attributes:
        by_id: by the id under which they were recorded.
        sources: id by the URI or text of the data object, where that was recorded; an object that comes twice has none.
    """

    by_id: Mapping[str, tuple[RecordedAnswer, ...]]
    sources: Mapping[str, str] = field(default_factory=dict)


def read_answers(path: Path) -> RecordedAnswers:
    """Read recorded answers.

    Args:
        path: one of
            - a folder of worker responses as the service writes them, `iteration-N/<id>/<time>.json`, or a job's folder that has them
              under `worker-response/` or `annotations/worker-response/`; of several files for an object the newest counts;
            - a folder of answers, `<id>/<worker id>.json` holding one answer, or `<id>.json` holding `{"answers": [...]}`;
            - a consolidation request: the JSON array at `payload.s3Uri`, or an event that carries it as its `payload`.

    Raises:
        ContractError: there is nothing of the kind at `path`, or a file is broken; names the file.
    """
    if path.is_file():
        return _from_request(path)
    if not path.is_dir():
        raise ContractError(f"there are no answers at {path}")
    for folder in (path, path / "worker-response", path / "annotations" / "worker-response"):
        iterations = [child for child in sorted(folder.glob("iteration-*")) if child.is_dir()]
        if iterations:
            newest = _newest(iterations)
            return RecordedAnswers({name: read_response(file) for name, file in newest.items()})
    answers = dict(_from_folder(path))
    if not answers:
        raise ContractError(
            f"{path} has neither iteration-N/<id>/<time>.json nor <id>/<worker id>.json nor <id>.json files"
        )
    return RecordedAnswers(answers)


def find_answers(
    lines: Sequence[ManifestLine], recorded: RecordedAnswers, answer_key: str | None
) -> tuple[dict[int, tuple[RecordedAnswer, ...]], list[str]]:
    """The answers of each manifest line.

    Args:
        lines: without fault.
        recorded: all answers.
        answer_key: attribute of the line that holds the recorded id. None: the recorded data object that is the line's own; where none
            of the lines is known by that, the line's number from 0.

    Returns:
        Answers by line number, empty where nobody answered; and warnings about what does not fit.

    Raises:
        ContractError: `answer_key` is given and a line does not have it.
    """
    found: dict[int, tuple[RecordedAnswer, ...]] = {}
    by_source = answer_key is None and any(_source(line) in recorded.sources for line in lines)
    used = set()
    for line in lines:
        recorded_id = recorded.sources.get(_source(line)) if by_source else _recorded_id(line, answer_key)
        found[line.number] = recorded.by_id.get(recorded_id, ()) if recorded_id is not None else ()
        used.add(recorded_id)
    warnings = []
    if recorded.sources and not by_source and answer_key is None:
        warnings.append(
            "the recorded answers are about other data objects than the manifest's; they were matched by line number"
        )
    left = len(recorded.by_id.keys() - used)
    if left:
        warnings.append(f"{left} recorded data object{'s have' if left > 1 else ' has'} no manifest line")
    return found, warnings


def _source(line: ManifestLine) -> str:
    return next(iter(line.data_object.values()))


def _recorded_id(line: ManifestLine, answer_key: str | None) -> str:
    if answer_key is None:
        return line.data_object_id
    if answer_key not in line.value:
        raise ContractError(
            f"line {line.number} of the manifest has no attribute {answer_key!r} to find its answers by"
        )
    return str(line.value[answer_key])


def newest_responses(folder: Path) -> dict[str, Path]:
    """The newest worker-response file of each data object in a folder of `iteration-N/<id>/<time>.json`, in the order of their lines."""
    files = _newest(child for child in sorted(folder.glob("iteration-*")) if child.is_dir())
    return dict(sorted(files.items(), key=_in_line_order))


def read_response(file: Path) -> tuple[RecordedAnswer, ...]:
    """The answers in a worker-response file.

    Raises:
        ContractError: it is none; names the file.
    """
    return tuple(_worker_response(file))


def _newest(iterations: Iterable[Path]) -> dict[str, Path]:
    files: dict[str, tuple[tuple[int, str], Path]] = {}
    for folder in iterations:
        match = _ITERATION.fullmatch(folder.name)
        number = int(match[1]) if match else 0
        for file in sorted(folder.glob("*/*.json")):
            age = (number, file.name)
            if file.parent.name not in files or files[file.parent.name][0] < age:
                files[file.parent.name] = (age, file)
    return {name: file for name, (_, file) in files.items()}


def _in_line_order(item: tuple[str, object]) -> tuple[bool, int, str]:
    name = item[0]
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)


def _from_folder(folder: Path) -> Iterator[tuple[str, tuple[RecordedAnswer, ...]]]:
    for child in sorted(folder.iterdir()):
        if child.is_dir() and (files := sorted(child.glob("*.json"))):
            yield child.name, tuple(RecordedAnswer(file.stem, _text(_read(file))) for file in files)
        elif child.suffix == ".json":
            yield child.stem, tuple(_worker_response(child))


def _worker_response(file: Path) -> Iterator[RecordedAnswer]:
    """The answers of one worker-response file."""
    for answer in _read(file)["answers"].elements():
        seconds, metadata = answer.get("timeSpentInSeconds"), answer.get("workerMetadata")
        yield RecordedAnswer(
            worker_id=answer["workerId"].string(),
            content=_text(answer["answerContent"]),
            seconds=seconds.number(least=0) if seconds else None,
            worker_metadata=metadata.object() if metadata else None,
        )


def _from_request(file: Path) -> RecordedAnswers:
    root = _read(file)
    carried = root.get("payload") if isinstance(root.value, dict) else None
    payload = ConsolidationPayload.parse(root if carried is None else carried)
    by_id = {
        entry.data_object_id: tuple(_inline(node) for node in entry.annotations)
        for entry in payload.data_objects
    }
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for entry in payload.data_objects:
        for source in entry.data_object.values():
            ids[source].append(entry.data_object_id)
    return RecordedAnswers(by_id, {source: names[0] for source, names in ids.items() if len(names) == 1})


def _inline(node: JsonNode) -> RecordedAnswer:
    annotation = WorkerAnnotation.parse(node)
    if annotation.content is None:
        raise ContractError(
            f"the answer lies at {annotation.s3_uri}; it must be in the file as content", path=node.path
        )
    return RecordedAnswer(annotation.worker_id, annotation.content)


def _read(file: Path) -> JsonNode:
    return parse_json(file.read_bytes(), path=str(file))


def _text(node: JsonNode) -> str:
    try:
        return write_json(node.value)
    except ValueError as failure:
        raise node.fail(f"cannot be written as JSON: {failure}") from failure
