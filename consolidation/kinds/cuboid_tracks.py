"""Cuboid tracks: objects in the frames of a point-cloud sequence, each with its identity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from consolidation.estimation.headings import steady
from consolidation.kinds.cuboid_geometry import Cuboid, CuboidGeometry
from consolidation.kinds.cuboid_parts import read_category
from consolidation.kinds.marks import Thing
from consolidation.kinds.video_answer import FrameForm
from consolidation.kinds.video_frames import VideoFramesKind
from shared.json_node import Json

POINT_CLOUD = FrameForm(
    "frame-number", "frame-name", {CuboidGeometry.list_name: CuboidGeometry()}, read_category
)
"""Of point-cloud frames."""


class CuboidTracksKind(VideoFramesKind):
    """Cuboid tracks (3D object tracking): a custom page's own form field, in the shape of Ground Truth's built-in `SeqLabel.json`.

    Recognised: an object with an array `tracking-annotations` of frames with `frame-number`, which may be empty, or such an array itself.
    A frame has `annotations`: cuboids with an `object-id` or `object-name`. Categories are read as in `cuboids`, frames are told apart
    as in `video-tracks`, by `frame-number` and `frame-name`.
    Matched, fused, attributes: frame by frame as in `cuboids`. A heading that is a tie in one frame follows the nearest frames of the
    object without a tie (`estimation.headings.steady`), so that no object turns round for a frame.
    Linked, quorum, category, ties, ids, single worker, empty answer, confidence, agreement: as in `video-tracks`.
    Time O(P log P + P * F / 64) for P cuboids of all workers in F frames plus the pairs whose bounds overlap, memory O(P + objects *
    F / 8).
    Source: AWS's output format of 3D point cloud object tracking jobs, from which the label's shape is taken.
    """

    name: ClassVar[str] = "cuboid-tracks"
    key: ClassVar[str] = "tracking-annotations"
    linked: ClassVar[bool] = True
    form: ClassVar[FrameForm] = POINT_CLOUD

    def recognise(self, element: Json) -> bool:
        """See the class."""
        frames = element.get(self.key) if isinstance(element, dict) else element or None
        return isinstance(frames, list) and all(map(_is_frame, frames))

    def accepts(self, element: Json) -> bool:
        """Also an answer without frames, which abstains."""
        frames = element.get(self.key) if isinstance(element, dict) else element
        return isinstance(frames, list) and all(isinstance(frame, dict) for frame in frames)

    def settled(self, thing: Thing[Any]) -> Thing[Any]:
        """Ties of headings follow the object's other frames."""
        shapes: list[Cuboid] = [sighting.shape for sighting in thing.sightings]
        tied = np.array([shape.tied for shape in shapes])
        if not tied.any() or len(shapes) < 2:
            return thing
        numbers = steady(np.array([shape.numbers for shape in shapes]), tied).tolist()
        return replace(
            thing,
            sightings=tuple(
                replace(sighting, shape=Cuboid(tuple(row), sighting.shape.tied))
                for sighting, row in zip(thing.sightings, numbers, strict=True)
            ),
        )


def _is_frame(frame: Json) -> bool:
    return isinstance(frame, dict) and "frame-number" in frame
