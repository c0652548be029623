"""Our kinds on the seeded work: answers are parsed beforehand; studying, learning and merging them as one batch is what is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks import elements
from benchmarks.found import Chosen, Parts, Prepared, Regions
from benchmarks.real.labels import Batch, consolidated, parsed, picture, written
from benchmarks.real.outlines import vertices_of
from benchmarks.workloads.boxes import BoxScene
from benchmarks.workloads.classes import Answers
from benchmarks.workloads.masks import InstanceScene, SemanticScene
from benchmarks.workloads.outlines import JOINTS, KeypointScene, PolygonScene
from benchmarks.workloads.spans import Document
from consolidation.estimation.agreement import krippendorff_alpha
from consolidation.estimation.choices import Choices, Estimate, calibrated, learn_choices
from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Kind, Task
from consolidation.kinds.boxes import BoxesKind
from consolidation.kinds.class_label import ClassKind
from consolidation.kinds.entities import EntitiesKind
from consolidation.kinds.instance_mask import InstanceMaskKind
from consolidation.kinds.keypoints import KeypointsKind
from consolidation.kinds.polygons import PolygonsKind
from consolidation.kinds.semantic_mask import SemanticMaskKind
from shared.settings import Settings

Read = Callable[[Mapping[str, Any], Mapping[str, bytes]], Any]
"""Makes a result of a label value and what it refers to."""


def semantic(work: Sequence[SemanticScene], method: str) -> Prepared:
    """Masks; every image is a batch of its own, as other systems know of no other image either."""
    names = elements.categories(work[0].categories, first=1)
    return _prepared(
        SemanticMaskKind(), map(elements.semantic, work), _task(method, names), _regions(work), apart=True
    )


def instances(work: Sequence[InstanceScene], method: str) -> Prepared:
    """Instances."""
    names = elements.categories(1 + max(int(scene.truth.categories.max()) for scene in work))
    return _prepared(InstanceMaskKind(), map(elements.instances, work), _task(method, names), _masks)


def boxes(work: Sequence[BoxScene], method: str) -> Prepared:
    """Boxes."""
    names = elements.categories(1 + max(int(scene.truth.categories.max()) for scene in work))
    return _prepared(BoxesKind(), map(elements.boxes, work), _task(method, names), _boxes)


def polygons(work: Sequence[PolygonScene], method: str) -> Prepared:
    """Polygons."""
    names = elements.categories(1 + max(int(scene.truth.categories.max()) for scene in work))
    return _prepared(PolygonsKind(), map(elements.polygons, work), _task(method, names), _polygons)


def keypoints(work: Sequence[KeypointScene], method: str) -> Prepared:
    """Joints, put together to people by the groups of the label."""
    return _prepared(
        KeypointsKind(), map(elements.keypoints, work), _task(method, elements.joints()), _people
    )


def entities(work: Sequence[Document], method: str) -> Prepared:
    """Spans."""
    types = 1 + max(kind for document in work for _, _, kind in document.truth)
    return _prepared(
        EntitiesKind(),
        map(elements.entities, work),
        _task(method, elements.categories(types)),
        _spans,
        [elements.text_of(document) for document in work],
    )


def alpha(work: Sequence[Answers]) -> Prepared:
    """Krippendorff's alpha for nominal data."""
    given = [(answers.item.astype(np.int64), answers.label.astype(np.int64)) for answers in work]

    def run() -> list[float | None]:
        return [krippendorff_alpha(items, chosen) for items, chosen in given]

    return Prepared(run, list)


def classes(work: Sequence[Answers], method: str) -> Prepared:
    """Classes, each item a data object with its answers."""
    return batches(work, method, len(work[0].truth))


def choices(work: Sequence[Answers]) -> Prepared:
    """The estimate behind the kind `class`, of answers in long form."""
    answers = work[0]
    given = in_long_form(answers)
    per_item = np.bincount(answers.item, minlength=len(answers.truth))

    def read(made: Estimate) -> list[Chosen]:
        shown = calibrated(made.posterior, per_item)
        return [Chosen(made.posterior.argmax(axis=1), shown.max(axis=1))]

    return Prepared(lambda: learn_choices(given), read)


def in_long_form(answers: Answers) -> Choices:
    """Answers as the estimate takes them."""
    return Choices(
        items=answers.item.astype(np.int64),
        workers=answers.worker.astype(np.int64),
        chosen=answers.label.astype(np.int64),
        sizes=(len(answers.truth), answers.workers, answers.categories),
    )


def batches(work: Sequence[Answers], method: str, size: int) -> Prepared:
    """Classes that arrive in batches of `size` items: each is consolidated with what the ones before it showed of the workers."""
    answers, kind = work[0], ClassKind()
    objects = [(name, parsed(kind, element)) for name, element in sorted(elements.classes(answers).items())]
    task = _task(method, elements.categories(answers.categories))

    def run() -> list[Batch]:
        known, made = Tallies(), []
        for start in range(0, len(objects), size):
            batch = consolidated(kind, dict(objects[start : start + size]), task, known=known)
            known = known + batch.learned.tallies if batch.learned else known
            made.append(batch)
        return made

    def read(made: Sequence[Batch]) -> list[Chosen]:
        chosen = np.full(len(answers.truth), -1, np.int64)
        sure = np.zeros(len(answers.truth))
        for batch in made:
            for name, consensus in batch.consensus.items():
                label = kind.write(consensus, task, _unused)
                chosen[int(name)] = int(str(label["class-id"]))
                sure[int(name)] = consensus.confidence or 1 / answers.categories
        return [Chosen(chosen, sure)]

    return Prepared(run, read)


def _prepared(
    kind: Kind,
    work: Iterable[elements.Elements],
    task: Task,
    read: Read,
    texts: Sequence[str] = (),
    *,
    apart: bool = False,
) -> Prepared:
    """Data objects as one batch, or, `apart`, as one batch each."""
    objects = {elements.item_id(number): parsed(kind, one) for number, one in enumerate(work)}
    contents = {elements.item_id(number): text for number, text in enumerate(texts)}

    def run() -> list[Batch]:
        batches = [{name: answers} for name, answers in objects.items()] if apart else [objects]
        return [consolidated(kind, batch, task, contents) for batch in batches]

    def found(made: Sequence[Batch]) -> list[Any]:
        return [
            read(*written(kind, consensus, task))
            for batch in made
            for _, consensus in sorted(batch.consensus.items())
        ]

    return Prepared(run, found)


def _task(method: str, categories: Sequence[str]) -> Task:
    """Default settings, but for the method where it is named."""
    settings = Settings() if method == "default" else Settings(method=method)
    return Task(settings, tuple(categories))


def _regions(work: Sequence[SemanticScene]) -> Read:
    def read(label: Mapping[str, Any], artefacts: Mapping[str, bytes]) -> Regions:
        sure = np.zeros(work[0].categories)
        for number, region in label["internal-color-map"].items():
            sure[int(number)] = region["confidence"]
        return Regions(picture(artefacts[label["mask-ref"]]), sure)

    return read


def _masks(label: Mapping[str, Any], artefacts: Mapping[str, bytes]) -> Parts:
    maps = {uri: picture(body) for uri, body in artefacts.items()}

    def mask(part: Mapping[str, Any]) -> Any:
        return maps[part.get("mask-ref", label["mask-ref"])] == part["instance"]

    return _parts(label["instances"], label["candidates"], mask, "label")


def _boxes(label: Mapping[str, Any], _artefacts: Mapping[str, bytes]) -> Parts:
    def edges(part: Mapping[str, Any]) -> Any:
        left, top = part["left"], part["top"]
        return np.array([left, top, left + part["width"], top + part["height"]], np.float64)

    return _parts(label["annotations"], label["candidates"], edges)


def _polygons(label: Mapping[str, Any], _artefacts: Mapping[str, bytes]) -> Parts:
    return _parts(label["annotations"], label["candidates"], vertices_of)


def _spans(label: Mapping[str, Any], _artefacts: Mapping[str, bytes]) -> Parts:
    def span(part: Mapping[str, Any]) -> Any:
        return np.array([part["startOffset"] // 2, (part["endOffset"] + 1) // 2])

    return _parts(label["annotations"]["entities"], label["candidates"], span, "label")


def _people(label: Mapping[str, Any], _artefacts: Mapping[str, bytes]) -> Parts:
    """A person is a group of joints; one of candidates alone is a candidate. Of several joints of one name the surest counts."""
    groups: dict[int, list[tuple[bool, Mapping[str, Any]]]] = {}
    for taken, points in ((True, label["annotations"]), (False, label["candidates"])):
        for point in points:
            groups.setdefault(point.get("group", 0), []).append((taken, point))
    shapes, sure, kept = [], [], []
    for _, points in sorted(groups.items()):
        person = any(taken for taken, _ in points)
        places, confidence = np.full((JOINTS, 2), np.nan), np.zeros(JOINTS)
        for taken, point in points:
            number = int(point["class-name"].removeprefix("joint-"))
            if taken == person and point["confidence"] >= confidence[number]:
                places[number], confidence[number] = (point["x"], point["y"]), point["confidence"]
        shapes.append(places)
        sure.append(confidence)
        kept.append(person)
    return Parts(
        shapes, np.zeros(len(shapes), np.int64), np.array(sure).reshape(-1, JOINTS), np.array(kept, bool)
    )


def _parts(
    labels: Sequence[Mapping[str, Any]],
    candidates: Sequence[Mapping[str, Any]],
    shape: Callable[[Mapping[str, Any]], Any],
    name: str = "class-name",
) -> Parts:
    parts = [*labels, *candidates]
    return Parts(
        [shape(part) for part in parts],
        np.array([int(part[name].removeprefix("category-")) for part in parts], np.int64),
        np.array([part["confidence"] for part in parts], np.float64),
        np.arange(len(parts)) < len(labels),
    )


def _unused(_body: bytes, _extension: str) -> str:
    raise AssertionError("a class has no artefact")
