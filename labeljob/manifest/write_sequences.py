"""Folders of video frames or point clouds made into sequence files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from labeljob.manifest.crawl import File, Place
from labeljob.manifest.kinds import TEXT_CLOUDS, extension
from labeljob.manifest.sequences import misordered, natural
from shared.errors import ContractError

_TIME = re.compile(r"(?<![\d.])(\d{9,10})(\.\d{1,9}|\d{3}|\d{6}|\d{9})?(?![\d])")
"""A time since 1970 in a file name: seconds with or without a fraction, milli-, micro- or nanoseconds."""


@dataclass(frozen=True, slots=True)
class SequenceFile:
    """A sequence file to be written.

    Attributes:
        folder: key prefix of its frames, ending in `/`.
        document: what it holds.
        warnings: about its frames.
    """

    folder: str
    document: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


def cloud_format(file: File, asked: str | None) -> str:
    """`format` of a point cloud: as asked for, else by the name whether it is text, with the default fields."""
    return asked or f"{'text' if extension(file.key) in TEXT_CLOUDS else 'binary'}/xyzi"


def time_in_name(name: str) -> float | int | None:
    """The time since 1970, in seconds, that a file name carries; None where it carries none."""
    found = _TIME.search(name)
    if found is None:
        return None
    whole, rest = found.group(1), found.group(2) or ""
    if rest.startswith("."):
        return float(whole + rest)
    return float(f"{whole}.{rest}") if rest else int(whole)


def frame_sequence(number: int, place: Place, folder: str, files: Sequence[File]) -> SequenceFile:
    """Video frames in the order of their names' UTF-8 bytes, in which workers get them.

    Args:
        number: `seq-no`, from 1.
        place: that was crawled.
        folder: of the frames, a key prefix.
        files: the frames in that order.

    Raises:
        ContractError: the frames lie in the bucket's root.
    """
    names = [file.name for file in files]
    frames = [{"frame-no": place, "frame": name} for place, name in enumerate(names, start=1)]
    swapped = misordered(names)
    warnings = () if swapped is None else (_padding(place, folder, *swapped),)
    return SequenceFile(folder, _document(number, place, folder, frames), warnings)


def cloud_sequence(
    number: int,
    place: Place,
    folder: str,
    files: Sequence[File],
    *,
    form: str | None,
    rate: float | None,
) -> SequenceFile:
    """Point clouds in the order of the times in their names, else of the numbers in their names.

    Args:
        number: `seq-no`, from 1.
        place: that was crawled.
        folder: of the clouds, a key prefix.
        files: the clouds.
        form: their format; None for the default of their names' endings.
        rate: frames per second, for names without a time.

    Raises:
        ContractError: the times cannot be told, or the clouds lie in the bucket's root.
    """
    ordered = sorted(files, key=lambda file: natural(file.name))
    found = [time_in_name(file.name) for file in ordered]
    times = [time for time in found if time is not None]
    if len(times) == len(ordered):
        timed = sorted(zip(times, ordered, strict=True), key=lambda pair: pair[0])
    else:
        start = ordered[0].modified
        timed = [(start + step / rate if rate else file.modified, file) for step, file in enumerate(ordered)]
    if any(two <= one for (one, _), (two, _) in pairwise(timed)):
        raise ContractError(
            f"the times of the point clouds under s3://{place.bucket}/{folder} do not increase: name the files by Unix time, "
            "such as 1566861644.759.bin, or give --frames-per-second"
        )
    frames = [
        {"frame-no": step, "unix-timestamp": time, "frame": file.name, "format": cloud_format(file, form)}
        for step, (time, file) in enumerate(timed, start=1)
    ]
    return SequenceFile(folder, _document(number, place, folder, frames))


def _document(number: int, place: Place, folder: str, frames: list[dict[str, Any]]) -> dict[str, Any]:
    if not folder:
        raise ContractError(
            f"frames lie in the root of s3://{place.bucket}/; a sequence needs a folder of its own: aws s3 mv --recursive"
        )
    return {
        "seq-no": number,
        "prefix": f"s3://{place.bucket}/{folder}",
        "number-of-frames": len(frames),
        "frames": frames,
    }


def _padding(place: Place, folder: str, one: str, two: str) -> str:
    return f"s3://{place.bucket}/{folder}: workers get {one} before {two}, in the order of the names' bytes; zero-pad the numbers"
