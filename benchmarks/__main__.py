"""`python -m benchmarks [NAME ...]`: run the named benchmarks, or all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from benchmarks import accuracy, curves, mask_object, transcripts, video_tracks

BENCHMARKS: Mapping[str, Callable[[], object]] = {
    "mask-object": mask_object.run,
    "curves": curves.run,
    "transcripts": transcripts.run,
    "video-tracks": video_tracks.run,
    "accuracy": accuracy.run,
}


def main(names: list[str]) -> None:
    """Run and print."""
    for name in names or BENCHMARKS:
        print(f"## {name}\n")
        BENCHMARKS[name]()
        print()


main(sys.argv[1:])
