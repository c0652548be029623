"""`python -m benchmarks [NAME ...]`: run the named benchmarks, or all."""

from __future__ import annotations

import sys

from benchmarks import curves, mask_object

BENCHMARKS = {"mask-object": mask_object.run, "curves": curves.run}


def main(names: list[str]) -> None:
    """Run and print."""
    for name in names or BENCHMARKS:
        print(f"## {name}\n")
        BENCHMARKS[name]()
        print()


main(sys.argv[1:])
