"""`python -m benchmarks.manifest_check`: `labeljob manifest check` on manifests of 10,000 to 1,000,000 lines: time, peak memory.

Also the systems of the work `manifest` of `make bench`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from benchmarks.found import Prepared
from benchmarks.whole_job import measured
from labeljob.manifest.check import check_manifest
from labeljob.manifest.kinds import MOST_OBJECTS
from labeljob.manifest.rules import TOO_MANY

_SIZES = (10_000, 100_000, 1_000_000)


def run() -> None:
    """Print a table: a row per size."""
    print("| lines | seconds | lines/s | peak MB of the process |")
    print("| ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for lines in _SIZES:
            manifest = write_manifest(Path(folder) / f"{lines}.manifest", lines)
            # More lines than a job takes are the one fault.
            command = ["labeljob", "manifest", "check", str(manifest), "--ignore", TOO_MANY.code]
            seconds, megabytes = measured(command)
            print(f"| {lines:,} | {seconds:.1f} | {lines / seconds:,.0f} | {megabytes:.0f} |", flush=True)


def write_manifest(path: Path, lines: int) -> Path:
    """A sound manifest of images with two attributes."""
    with path.open("w") as file:
        for number in range(lines):
            line = {
                "source-ref": f"s3://acme-in/birds/2026/{number:07}.jpg",
                "camera": "front",
                "taken": 1_700_000_000.5 + number,
            }
            file.write(f"{json.dumps(line)}\n")
    return path


def checked(work: Sequence[int], share: int) -> Prepared:
    """Our check of manifests of so many lines, or of a share of them."""
    sizes = [lines // share for lines in work]
    manifests = _written(sizes)

    def run() -> None:
        for manifest, lines in zip(manifests, sizes, strict=True):
            faults = list(check_manifest(str(manifest)))
            assert len(faults) == (lines > MOST_OBJECTS), faults[:3]

    return Prepared(run, _nothing)


def parsed(work: Sequence[int]) -> Prepared:
    """The same lines, each parsed."""
    manifests = _written(work)

    def run() -> None:
        for manifest in manifests:
            with manifest.open(encoding="utf-8") as file:
                for line in file:
                    json.loads(line)

    return Prepared(run, _nothing)


def _written(sizes: Sequence[int]) -> list[Path]:
    return [write_manifest(Path(_folder().name) / f"{lines}.manifest", lines) for lines in sizes]


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes with the process."""
    return tempfile.TemporaryDirectory()


def _nothing(_made: object) -> list[object]:
    return []


if __name__ == "__main__":
    run()
