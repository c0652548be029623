"""Sequence files: video frames or point clouds that follow each other, as one line of a manifest names them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from labeljob.aws import AwsError
from labeljob.manifest import rules
from labeljob.manifest.clouds import wrong_frame
from labeljob.manifest.kinds import FRAMES_OF_SEQUENCE, IMAGE_FILES, Kind, extension
from labeljob.manifest.rules import Fault, fault
from shared.errors import ContractError, NotAllowedError
from shared.json_node import JsonNode, parse_json
from shared.s3_uri import S3Uri

Names = Callable[[str, str], Iterable[str]]
"""Bucket and prefix to the names beneath."""
_DIGITS = re.compile(r"(\d+)")
_SHOWN = 3
_MEND = "labeljob manifest s3://bucket/prefix/ --kind frames writes sequence files anew"


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """A key that sorts names as people number them: f2 before f10."""
    parts = _DIGITS.split(name)
    return tuple((text, int(digits)) for text, digits in zip(parts[::2], [*parts[1::2], "-1"], strict=True))


def misordered(names: Sequence[str]) -> tuple[str, str] | None:
    """Two names of frames that sort as text otherwise than by their numbers: the first two that follow each other so."""
    by_bytes = sorted(names, key=str.encode)
    return next(((one, two) for one, two in pairwise(by_bytes) if natural(one) > natural(two)), None)


def sequence_faults(line: int, uri: S3Uri, body: bytes, kind: Kind | None, names: Names) -> Iterator[Fault]:
    """What is wrong with a sequence file.

    Args:
        line: that names it.
        uri: of it.
        body: of it.
        kind: of its frames; None for what they look like.
        names: lists a prefix.

    Yields:
        Faults.

    Raises:
        AwsError: S3 cannot be reached at all.
    """
    try:
        sequence = parse_json(body)
        sequence["seq-no"].integer(least=0)
        prefix = _prefix(sequence["prefix"])
        frames = list(sequence["frames"].elements())
        count = sequence["number-of-frames"].integer(least=0)
        if count != len(frames):
            raise sequence["number-of-frames"].fail(f"is {count}, but frames has {len(frames)}")
        if not frames:
            raise sequence["frames"].fail("has no frame")
        listed = [frame["frame"].string() for frame in frames]
    except (ContractError, NotAllowedError) as wrong:
        yield fault(rules.SEQUENCE, line, f"names {uri}: {wrong}", _MEND)
        return
    clouds = kind is Kind.CLOUD_SEQUENCES or (kind is None and extension(listed[0]) not in IMAGE_FILES)
    kind = Kind.CLOUD_SEQUENCES if clouds else Kind.FRAMES
    if len(frames) > FRAMES_OF_SEQUENCE[kind]:
        what = f"names {uri} of {len(frames):,} frames, allowed are {FRAMES_OF_SEQUENCE[kind]:,}"
        yield fault(rules.SEQUENCE_LENGTH, line, what, "split it into several sequences")
    yield from _of_clouds(line, uri, frames) if clouds else _of_video(line, uri, listed)
    yield from _missing(line, uri, prefix, listed, names)


def _prefix(node: JsonNode) -> S3Uri:
    prefix = node.string()
    if not prefix.endswith("/"):
        raise node.fail(f"must end in /, is {prefix!r}")
    if not prefix.removeprefix("s3://").partition("/")[2]:
        raise node.fail(f"must be a folder of its own, not the whole bucket {prefix!r}")
    return S3Uri.parse(prefix)


def _of_video(line: int, uri: S3Uri, listed: Sequence[str]) -> Iterator[Fault]:
    swapped = misordered(listed)
    if swapped is not None:
        what = f"names {uri}, where frame {swapped[0]!r} comes before {swapped[1]!r}"
        yield fault(rules.SEQUENCE_ORDER, line, what, "zero-pad the numbers in the names", serious=False)
    elif list(listed) != sorted(listed, key=str.encode):
        what = f"names {uri}, whose frames are listed in another order than that of their names"
        yield fault(rules.SEQUENCE_ORDER, line, what, "rename them so that they sort as they are to be seen")


def _of_clouds(line: int, uri: S3Uri, frames: Sequence[JsonNode]) -> Iterator[Fault]:
    wrong = [text for frame in frames for text in wrong_frame(frame)]
    for text in wrong[:_SHOWN]:
        yield fault(rules.CLOUD_METADATA, line, f"names {uri}: {text}", "write what the format asks for")
    if wrong:
        if len(wrong) > _SHOWN:
            what = f"names {uri}: {len(wrong) - _SHOWN} more of its frames' values are wrong"
            yield fault(rules.CLOUD_METADATA, line, what, "write what the format asks for")
        return
    times = [frame["unix-timestamp"].number() for frame in frames]
    for place, (one, two) in enumerate(pairwise(times), start=1):
        if two <= one:
            what = f"names {uri}, whose frames[{place}] has unix-timestamp {two} after {one}"
            yield fault(rules.SEQUENCE_TIMES, line, what, "list frames by time, each with a time of its own")
            return


def _missing(line: int, uri: S3Uri, prefix: S3Uri, listed: Sequence[str], names: Names) -> Iterator[Fault]:
    if len(set(listed)) < len(listed):
        what = f"names {uri}, which has a frame twice"
        yield fault(rules.SEQUENCE, line, what, "name each frame once")
    try:
        absent = set(listed).difference(names(prefix.bucket, prefix.key))
    except AwsError as failure:
        if not failure.error_code:
            raise
        what = f"names {uri}, whose frames cannot be listed: {failure}"
        yield fault(rules.OBJECT_UNREADABLE, line, what, "s3:ListBucket allows it")
        return
    if absent:
        some = ", ".join(map(repr, sorted(absent)[:_SHOWN]))
        what = f"names {uri}, of whose {len(listed)} frames {len(absent)} are not under {prefix}: {some}"
        yield fault(rules.SEQUENCE_FRAMES, line, what, "upload them, or take them out of the sequence file")
