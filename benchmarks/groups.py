"""The works that systems are compared on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import scoring
from benchmarks.real.classes import DATA_SETS, said_and_true
from benchmarks.real.sources import folder, is_there, read_json
from benchmarks.workloads.boxes import POOL, box_scenes
from benchmarks.workloads.classes import Answers, answers
from benchmarks.workloads.crowd import TEN
from benchmarks.workloads.masks import instance_scenes, semantic_scene
from benchmarks.workloads.outlines import keypoint_scenes, polygon_scenes
from benchmarks.workloads.spans import documents

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Group:
    """One work.

    Attributes:
        name: to ask for it.
        title: to read.
        make: its data objects.
        per: what a data object is, for which times are given.
        score: results against the truth.
        kind: whose confidence it tells of; empty where it tells of none.
    """

    name: str
    title: str
    make: Callable[[], list[Any]]
    per: str
    score: scoring.Score
    kind: str = ""


def groups(data: Path) -> dict[str, Group]:
    """All works by name; of the real ones those whose data are there.

    Args:
        data: folder of the real data sets; need not exist.
    """
    real = [_real(data, name) for name in DATA_SETS if is_there(data, name)]
    return {group.name: group for group in (*_drawn(), *_chosen(), *real)}


def _drawn() -> list[Group]:
    return [
        Group(
            "semantic",
            "semantic masks of 1280x960, 8 categories, 5 workers, three scenes",
            lambda: [semantic_scene(seed) for seed in SEEDS],
            "image",
            scoring.semantic,
            "semantic-mask",
        ),
        Group(
            "semantic10",
            "semantic masks of 2048x2048, 8 categories, 10 workers",
            lambda: [semantic_scene(0, (2048, 2048), 8, 60, TEN)],
            "image",
            scoring.semantic,
            "semantic-mask",
        ),
        Group(
            "instances",
            "12 instances in 640x480, 5 categories, 5 workers, 20 images",
            lambda: instance_scenes(0),
            "image",
            scoring.instances,
            "instance-mask",
        ),
        *_boxes(),
        Group(
            "polygons",
            "10 polygons an image, 3 categories, 5 workers, 100 images",
            lambda: polygon_scenes(0),
            "image",
            scoring.polygons,
            "polygons",
        ),
        Group(
            "keypoints",
            "6 people of 17 joints an image, 5 workers, 100 images",
            lambda: keypoint_scenes(0),
            "image",
            scoring.keypoints,
            "keypoints",
        ),
        Group(
            "spans",
            "entities of 4 types in 1,000 texts, 5 workers",
            lambda: documents(0),
            "document",
            scoring.spans,
            "entities",
        ),
        Group(
            "mask-object",
            "a whole data object, request in, label out: 5 semantic masks of 1280x960",
            lambda: [semantic_scene(0)],
            "object",
            scoring.nothing,
        ),
        Group(
            "manifest",
            "an input manifest of 1,000,000 lines, checked",
            lambda: [1_000_000],
            "manifest",
            scoring.nothing,
        ),
    ]


def _boxes() -> list[Group]:
    found = []
    for name, title, make in (
        ("boxes", "30 boxes an image, 5 categories, 5 workers, 200 images", partial(box_scenes, 0)),
        (
            "boxes-pool",
            "the same, the 5 workers of an image drawn from a pool of 25",
            partial(box_scenes, 0, crew=POOL, of_pool=5),
        ),
        (
            "boxes-big",
            "1,000 boxes in one image of 8192x8192, 5 workers",
            partial(box_scenes, 0, images=1, things=1000, size=(8192, 8192), sides=(24, 260)),
        ),
    ):
        found.append(Group(name, title, make, "image", scoring.boxes, "boxes"))
    return found


def _chosen() -> list[Group]:
    small = partial(answers, 2, items=2_000, workers=40)
    return [
        Group(
            "classes",
            "100,000 items, 5 answers each of 500 workers, 10 classes",
            lambda: [answers(0)],
            "work",
            scoring.classes,
            "class",
        ),
        Group(
            "classes-one-way",
            "the same, each category mistaken for another one that is not mistaken for it",
            lambda: [answers(0, one_way=True)],
            "work",
            scoring.classes,
            "class",
        ),
        Group(
            "classes-2k",
            "2,000 items, 5 answers each of 40 workers, 10 classes",
            lambda: [small()],
            "work",
            scoring.classes,
            "class",
        ),
        Group(
            "batches",
            "20,000 items that arrive in batches, 5 answers each of 100 workers, 10 classes",
            lambda: [answers(0, items=20_000, workers=100)],
            "work",
            scoring.classes,
        ),
        Group(
            "alpha",
            "Krippendorff's alpha of 2,000 items, 5 answers each of 40 workers, 10 classes",
            lambda: [small()],
            "work",
            scoring.coefficient,
        ),
    ]


def _real(data: Path, name: str) -> Group:
    return Group(
        f"real:{name}", name, lambda: [_answers(folder(data, name))], "set", scoring.classes, "class"
    )


def _answers(place: Path) -> Answers:
    """A real set as the seeded ones, in the order of its file; items without a known truth have -1."""
    categories = read_json(place / "expected.json")["stats"]["labels"]
    said, truth = said_and_true(place)
    items, workers = (dict.fromkeys(names) for names in zip(*said, strict=True))
    item_of, worker_of = ({name: number for number, name in enumerate(names)} for names in (items, workers))
    rows = [
        (item_of[item], worker_of[worker], categories.index(label)) for (item, worker), label in said.items()
    ]
    item, worker, label = np.array(rows, np.int32).T
    known = [categories.index(truth[name]) if name in truth else -1 for name in items]
    return Answers(item, worker, label, np.array(known, np.int32), len(categories), len(workers))
