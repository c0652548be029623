"""AFIDs: 32 landmarks in brain MRI by three raters each, as keypoints in the planes (x, y), (x, z), (y, z)."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.real.rows import Row
from consolidation.kinds.base import Answer, Task, merge_answers
from consolidation.kinds.keypoints import KeypointsKind
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings

AXES = ("x_mm", "y_mm", "z_mm")
Places = dict[str, npt.NDArray[np.float64]]
"""Landmark name to its coordinates in millimetres."""


def measure(data: Path) -> list[Row]:
    """Mean distance to the published consensus in the plane, over landmarks and planes.

    Args:
        data: the folder that holds `afids_landmarks3d`.
    """
    truth = _read(data / "afids_landmarks3d" / "truth.csv")
    answers = _read(data / "afids_landmarks3d" / "answers.csv")
    errors = defaultdict[str, list[float]](list)
    missing = 0
    for subject in sorted(truth):
        for first, second in combinations(range(3), 2):
            expected = _seen_in(truth[subject][""], [first, second])
            raters = {rater: _seen_in(places, [first, second]) for rater, places in answers[subject].items()}
            merged = _merged(raters)
            names = sorted(expected.keys() & merged.keys())
            missing += len(expected) - len(names)
            right, ours = (np.array([places[name] for name in names]) for places in (expected, merged))
            given = np.array([[places[name] for name in names] for places in raters.values()])
            for method, found in (
                ("ours", ours),
                ("mean", given.mean(axis=0)),
                ("median", np.median(given, axis=0)),
                ("one rater", given),
            ):
                errors[method] += np.hypot(*np.moveaxis(found - right, -1, 0)).ravel().tolist()
    figures = {method: float(np.mean(found)) for method, found in errors.items()}
    return [
        Row(
            data_set="afids_landmarks3d",
            kind="keypoints",
            metric="mean distance to the published consensus in the plane, mm",
            items=3 * len(truth),
            ours=figures["ours"],
            majority=figures["median"],
            single=figures["one rater"],
            published={"mean of the raters (is the published consensus)": figures["mean"]},
            higher_is_better=False,
            note=f"over the landmarks that got a label ({missing} did not: their raters are too far apart); the published consensus is "
            "the raters' mean, so that the mean is right by definition; majority: median by coordinate; single: mean of the raters",
        )
    ]


def _read(file: Path) -> dict[str, dict[str, Places]]:
    """Places by subject and rater; the truth's rater is the empty string."""
    read = defaultdict[str, dict[str, Places]](lambda: defaultdict(dict))
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            read[row["subject"]][row.get("rater", "")][row["name"]] = np.array(
                [float(row[axis]) for axis in AXES]
            )
    return read


def _seen_in(places: Places, plane: list[int]) -> Places:
    return {name: place[plane] for name, place in places.items()}


def _merged(raters: Mapping[str, Places]) -> Places:
    """Through the kind, as a page without image size would send it."""
    kind, settings = KeypointsKind(), Settings()
    answers = []
    for rater, places in raters.items():
        points = [{"label": name, "x": float(x), "y": float(y)} for name, (x, y) in places.items()]
        node = JsonNode({"keypoints": points}, "$", AnswerError)
        answers.append(Answer(rater, kind.parse(node, settings.limits)))
    task = Task(settings)
    label = kind.write(merge_answers(kind, answers, task), task, lambda _body, _extension: "")
    annotations = label["annotations"]
    assert isinstance(annotations, list)
    return {point["class-name"]: np.array([point["x"], point["y"]]) for point in annotations}
