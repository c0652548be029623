"""AFIDs: 32 landmarks in brain MRI by three raters each, as keypoints in the planes (x, y), (x, z), (y, z)."""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.real.labels import Labelled, labels_of
from benchmarks.real.rows import Row
from consolidation.kinds.keypoints import KeypointsKind
from shared.json_node import Json

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
    seen = {
        f"{subject} {first}{second}": (subject, [first, second])
        for subject in sorted(truth)
        for first, second in combinations(range(3), 2)
    }
    drawn = {
        name: {rater: _seen_in(places, plane) for rater, places in answers[subject].items()}
        for name, (subject, plane) in seen.items()
    }
    labels = labels_of(
        KeypointsKind(),
        {
            name: {rater: _element(places) for rater, places in raters.items()}
            for name, raters in drawn.items()
        },
    )
    for name, (subject, plane) in seen.items():
        raters, merged = drawn[name], _merged(labels[name])
        expected = _seen_in(truth[subject][""], plane)
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


def _element(places: Places) -> dict[str, Json]:
    """As a page without image size would send it."""
    return {"keypoints": [{"label": name, "x": float(x), "y": float(y)} for name, (x, y) in places.items()]}


def _merged(labelled: Labelled) -> Places:
    annotations = labelled.label["annotations"]
    assert isinstance(annotations, list)
    return {point["class-name"]: np.array([point["x"], point["y"]]) for point in annotations}
