"""Seeded work as worker pages submit it: for each data object one form element by worker id."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.real.metrics import as_element
from benchmarks.real.outlines import polygons_element
from benchmarks.workloads.boxes import BoxScene
from benchmarks.workloads.classes import Answers
from benchmarks.workloads.masks import InstanceScene, SemanticScene
from benchmarks.workloads.outlines import JOINTS, KeypointScene, PolygonScene
from benchmarks.workloads.spans import Document

Elements = dict[str, Any]
"""Form elements by worker id."""
COLOURS = [(255, 255, 255), *((37 * number % 256, 255 - 9 * number, 5 * number) for number in range(1, 28))]
"""Of the numbers in a mask; 0 is transparent."""


def category(number: int) -> str:
    """Name of a category, in the order of the numbers."""
    return f"category-{number:02}"


def joint(number: int) -> str:
    """Name of a joint."""
    return f"joint-{number:02}"


def semantic(scene: SemanticScene) -> Elements:
    """`crowd-semantic-segmentation`."""
    mappings = {category(number): {"color": _hex(number)} for number in range(1, scene.categories)}
    return _by_worker({**_size_of(drawn), "labelMappings": mappings, **_image(drawn)} for drawn in scene.maps)


def instances(scene: InstanceScene) -> Elements:
    """`crowd-instance-segmentation`."""
    return _by_worker(
        {
            **_size_of(drawn.numbers),
            "instances": [
                {"color": _hex(number), "label": category(int(drawn.categories[number]))}
                for number in range(1, len(drawn.categories))
            ],
            **_image(drawn.numbers),
        }
        for drawn in scene.drawn
    )


def boxes(scene: BoxScene) -> Elements:
    """`crowd-bounding-box`."""
    return {
        _worker(number): as_element(
            zip(map(category, drawn.categories.tolist()), drawn.edges.tolist(), strict=True), scene.size
        )
        for number, drawn in scene.drawn.items()
    }


def polygons(scene: PolygonScene) -> Elements:
    """`crowd-polygon`; outlines beyond the border are part of the work, so no size is given."""
    return _by_worker(
        polygons_element(list(zip(map(category, drawn.categories.tolist()), drawn.outlines, strict=True)))
        for drawn in scene.drawn
    )


def keypoints(scene: KeypointScene) -> Elements:
    """`crowd-keypoint` with visibility and a group for each person; joints beyond the border are part of the work, so no size is given."""
    return _by_worker(
        {
            "keypoints": [
                {"label": joint(place), "x": x, "y": y, "visible": bool(visible), "group": str(person)}
                for person, joints in enumerate(drawn.tolist())
                for place, (x, y, visible) in enumerate(joints)
            ]
        }
        for drawn in scene.drawn
    )


def entities(document: Document) -> Elements:
    """`crowd-entity-annotation` on `text_of` the document."""
    return _by_worker(
        {
            "entities": [
                {"label": category(kind), "startOffset": 2 * start, "endOffset": 2 * end - 1}
                for start, end, kind in marked
            ]
        }
        for marked in document.marked
    )


def text_of(document: Document) -> str:
    """A text whose tokens are single letters, so that characters overlap as tokens do."""
    return " ".join("x" * document.tokens)


def classes(work: Answers) -> dict[str, Elements]:
    """`crowd-classifier` for each item; both ids sort as their numbers do."""
    found: dict[str, Elements] = {}
    rows = zip(work.item.tolist(), work.worker.tolist(), work.label.tolist(), strict=True)
    for item, worker, label in rows:
        found.setdefault(item_id(item), {})[_worker(worker)] = {"label": category(label)}
    return found


def item_id(number: int) -> str:
    """Data object id of an item."""
    return f"{number:07}"


def png(drawn: npt.NDArray[np.uint8]) -> bytes:
    """A palette PNG with a transparent background, as Pillow and most label tools write it."""
    height, width = drawn.shape
    image = Image.frombytes("P", (width, height), np.ascontiguousarray(drawn).tobytes())
    image.putpalette([channel for colour in COLOURS for channel in colour])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=b"\x00")
    return buffer.getvalue()


def _worker(number: int) -> str:
    return f"worker-{number:04}"


def _by_worker(elements: Any) -> Elements:
    return {_worker(number): element for number, element in enumerate(elements)}


def _hex(number: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*COLOURS[number])


def _size_of(drawn: npt.NDArray[np.uint8]) -> Mapping[str, Any]:
    return {"inputImageProperties": {"width": drawn.shape[1], "height": drawn.shape[0]}}


def _image(drawn: npt.NDArray[np.uint8]) -> Mapping[str, Any]:
    return {"labeledImage": {"pngImageData": base64.b64encode(png(drawn)).decode()}}


def categories(count: int, first: int = 0) -> Sequence[str]:
    """Label categories of a job."""
    return [category(number) for number in range(first, count)]


def joints() -> Sequence[str]:
    """Label categories of a job for joints."""
    return [joint(number) for number in range(JOINTS)]
