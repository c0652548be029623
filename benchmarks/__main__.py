"""`python -m benchmarks [NAME ...]`: run the named benchmarks, or all."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from benchmarks import accuracy, cuboid_fusion, curves, mask_object, transcripts, video_tracks, whole_job

BENCHMARKS: Mapping[str, Callable[[], object]] = {
    "mask-object": mask_object.run,
    "curves": curves.run,
    "cuboid-fusion": cuboid_fusion.run,
    "transcripts": transcripts.run,
    "video-tracks": video_tracks.run,
    "whole-job": whole_job.run,
    "accuracy": accuracy.run,
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Run benchmarks and print their tables."
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}; all if none is named"
    )
    names = parser.parse_args().names
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        parser.error(f"no benchmark is named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in names or BENCHMARKS:
        print(f"## {name}\n")
        BENCHMARKS[name]()
        print()


main()
