"""What the laws need to know of the kind `video-detections`."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

from tests.elements import Element
from tests.laws.merging import BY_NAME

TRACKS = importlib.import_module("tests.laws.kinds.video_tracks")


def _essence(element: Element) -> Any:
    """Frames with what is in them; object ids do not matter."""
    frames, _ = TRACKS.essence(element)
    return frames, []


LAW = dataclasses.replace(
    TRACKS.LAW,
    kind=BY_NAME["video-detections"],
    elements=TRACKS.sequences("detection-annotations"),
    essence=_essence,
)
