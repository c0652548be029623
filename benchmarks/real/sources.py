"""Where the real data sets lie, and how they are read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_SHIPPED = Path(__file__).parents[2] / "tests" / "data"
SHIPPED: Mapping[str, Path] = {
    "gt_birds_image_classification": _SHIPPED / "birds",
    "gt_streetscenes_instance_segmentation": _SHIPPED / "streetscenes",
}
"""Sets of which the repository has all that is measured; those of the data folder go first."""


def folder(data: Path, name: str) -> Path:
    """The folder of a data set.

    Args:
        data: folder that holds the sets; need not exist.
        name: of the set.

    Raises:
        FileNotFoundError: the set is neither there nor shipped.
    """
    for place in (data / name, SHIPPED.get(name)):
        if place is not None and place.is_dir():
            return place
    raise FileNotFoundError(name)


def is_there(data: Path, name: str) -> bool:
    """Whether `folder` finds the set."""
    try:
        folder(data, name)
    except FileNotFoundError:
        return False
    return True


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, by column name."""
    with path.open(newline="") as table:
        yield from csv.DictReader(table)


def read_json(path: Path) -> Any:
    """A JSON document, such as the `expected.json` of a set with the figures that others reach."""
    return json.loads(path.read_bytes())


def request_elements(path: Path) -> dict[str, dict[str, Any]]:
    """The one form element of each answer in a consolidation request: `{data object id: {worker id: element}}`."""
    objects = {}
    for entry in read_json(path):
        forms = {
            annotation["workerId"]: json.loads(annotation["annotationData"]["content"])
            for annotation in entry["annotations"]
        }
        objects[entry["datasetObjectId"]] = {
            worker: next(iter(form.values())) for worker, form in forms.items()
        }
    return objects
