"""What a manifest says of point clouds: formats, times, poses of the vehicle and cameras."""

from __future__ import annotations

from collections.abc import Iterator

from labeljob.manifest import rules
from labeljob.manifest.rules import Fault, fault
from shared.errors import ContractError
from shared.json_node import JsonNode

FIELDS = {"xyz": 3, "xyzi": 4, "xyzrgb": 6, "xyzirgb": 7}
"""Numbers of one point."""
FORMATS = tuple(f"{form}/{fields}" for form in ("binary", "text") for fields in FIELDS)
DEFAULT_FORMAT = "binary/xyzi"
_CAMERA_MODELS = ("pinhole", "fisheye")
_MOST_IMAGES = 8
_OPTIONAL_LENS = ("k1", "k2", "k3", "k4", "p1", "p2", "skew")
_EXAMPLE = '"source-ref-metadata": {"format": "binary/xyzi", "unix-timestamp": 1566861644.759}'


def cloud_faults(line: int, metadata: object) -> tuple[Fault, ...]:
    """What is wrong with the `source-ref-metadata` of a line; None for a line without."""
    if metadata is None:
        what = "has no source-ref-metadata, where the time of the point cloud is expected"
        return (fault(rules.CLOUD_METADATA, line, what, f"give {_EXAMPLE}"),)
    node = JsonNode(metadata, "source-ref-metadata")
    return tuple(
        fault(rules.CLOUD_METADATA, line, f"has {wrong}", f"such as {_EXAMPLE}")
        for wrong in wrong_frame(node)
    )


def wrong_frame(frame: JsonNode) -> Iterator[str]:
    """What is wrong with the description of one point cloud, in a line or in a sequence file: one text for each part of it."""
    for check in (_format, _time, _pose, _images):
        try:
            check(frame)
        except ContractError as wrong:
            yield str(wrong)
            if wrong.path == frame.path:
                return


def frame_format(frame: JsonNode) -> str:
    """The format of a point cloud.

    Raises:
        ContractError: it is none.
    """
    node = frame.get("format")
    if node is None:
        return DEFAULT_FORMAT
    if node.string() not in FORMATS:
        raise node.fail(f"must be one of {', '.join(FORMATS)}, is {node.value!r}")
    return node.string()


def _format(frame: JsonNode) -> None:
    frame_format(frame)


def _time(frame: JsonNode) -> None:
    frame["unix-timestamp"].number(least=0)


def _pose(frame: JsonNode) -> None:
    pose = frame.get("ego-vehicle-pose")
    if pose is not None:
        _placed(pose)


def _placed(node: JsonNode) -> None:
    for group, members in (("position", "xyz"), ("heading", ("qx", "qy", "qz", "qw"))):
        for member in members:
            node[group][member].number()


def _images(frame: JsonNode) -> None:
    images = frame.get("images")
    if images is None:
        return
    if len(images.array()) > _MOST_IMAGES:
        raise images.fail(f"has {len(images.array())} images, allowed are {_MOST_IMAGES}")
    for image in images.elements():
        image["image-path"].string()
        image["unix-timestamp"].number(least=0)
        _placed(image)
        for name in ("fx", "fy", "cx", "cy"):
            image[name].number()
        for name in _OPTIONAL_LENS:
            given = image.get(name)
            if given is not None:
                given.number()
        model = image.get("camera-model")
        if model is not None and model.string() not in _CAMERA_MODELS:
            raise model.fail(f"must be one of {', '.join(_CAMERA_MODELS)}, is {model.value!r}")
