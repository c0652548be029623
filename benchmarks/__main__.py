"""`python -m benchmarks [NAME ...]`: run the named benchmarks, or all."""

from __future__ import annotations

import sys

from benchmarks import mask_object, video_tracks

BENCHMARKS = {"mask-object": mask_object.run, "video-tracks": video_tracks.run}


def main(names: list[str]) -> None:
    """Run and print."""
    for name in names or BENCHMARKS:
        print(f"## {name}\n")
        BENCHMARKS[name]()
        print()


main(sys.argv[1:])
