"""What a labeling job's data objects are, by the names of their files, and how many of them a job takes."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What one line of a manifest stands for."""

    IMAGES = "images"
    TEXT = "text"
    CLIPS = "clips"
    FRAMES = "frames"
    CLOUDS = "clouds"
    CLOUD_SEQUENCES = "cloud-sequences"

    @property
    def one(self) -> str:
        """One of them, in words."""
        return _ONE[self]

    @property
    def sequence(self) -> bool:
        """Whether a line names a sequence file, which names the data."""
        return self in {Kind.FRAMES, Kind.CLOUD_SEQUENCES}


_ONE = {
    Kind.IMAGES: "image",
    Kind.TEXT: "text",
    Kind.CLIPS: "video clip",
    Kind.FRAMES: "sequence of video frames",
    Kind.CLOUDS: "point cloud",
    Kind.CLOUD_SEQUENCES: "sequence of point clouds",
}
IMAGE_FILES = frozenset({".jpg", ".jpeg", ".png"})
CLIP_FILES = frozenset({".mp4", ".ogg", ".webm"})
TEXT_FILES = frozenset({".txt", ".csv"})
CLOUD_FILES = frozenset({".bin", ".xyz", ".pts", ".pcd"})
"""Names that tell a point cloud by themselves; Ground Truth takes any name."""
TEXT_CLOUDS = frozenset({".txt", ".csv", ".xyz", ".pts"})
"""Names of point clouds that are written as text, one point a line."""
SEQUENCE_FILES = frozenset({".json"})

NAMED_IN_LINES = {
    Kind.IMAGES: IMAGE_FILES,
    Kind.CLIPS: CLIP_FILES,
    Kind.FRAMES: SEQUENCE_FILES,
    Kind.CLOUD_SEQUENCES: SEQUENCE_FILES,
}
"""What `source-ref` must end in, for the kinds where that is known."""

MOST_OBJECTS = 100_000
"""Objects of one job, unless AWS raises the quota."""
MOST_SEGMENTED = 20_000
"""Images of a semantic segmentation job; not raised."""
LEAST_AUTOMATED, ADVISED_AUTOMATED = 1_250, 5_000
"""Objects of a job with automated labeling."""
MOST_FRAME_SEQUENCES = 10
FRAMES_OF_SEQUENCE = {Kind.FRAMES: 2_000, Kind.CLOUD_SEQUENCES: 500}
"""Most frames of one sequence."""


def extension(name: str) -> str:
    """What a file name or key ends in, in lower case with its dot; empty where it has no ending."""
    stem, dot, ending = name[name.rfind("/") + 1 :].rpartition(".")
    return f"{dot}{ending}".lower() if stem else ""
