"""`python -m benchmarks.whole_job`: `labeljob refit` and `labeljob workers` over whole jobs: time and peak memory of the process.

Jobs are made with a seed: answers of a pool of workers, most of them able, some careless, a few who answer at random; recorded as
requests of a thousand data objects, as the service writes them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_SEED = 4
_PER_REQUEST = 1_000
_ANSWERS = 5
_CATEGORIES = tuple(f"category-{number}" for number in range(10))
_WIDTH, _HEIGHT, _BOXES = 1280, 960, 12
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Answers = Callable[[np.random.Generator, Integers, Floats], list[Any]]
"""From a random generator, the workers of an object and their chances of being right to their forms."""


def run() -> None:
    """Print a table: a row per job and command."""
    print("| job | command | seconds | peak MB |")
    print("| --- | --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name, objects, workers, form in (
            ("100,000 objects, 5 classes each of 500 workers", 100_000, 500, _classes),
            ("3,000 objects, 5 workers' 12 boxes each of 60 workers", 3_000, 60, _boxes),
        ):
            job = Path(folder) / f"{objects}"
            write_job(job, objects, workers, form)
            for command in (["refit", "--out", f"{job}-out"], ["workers"]):
                seconds, megabytes = measured(["labeljob", command[0], str(job), *command[1:]])
                print(f"| {name} | {command[0]} | {seconds:.1f} | {megabytes:.0f} |", flush=True)


def write_job(folder: Path, objects: int, workers: int, form: Answers) -> None:
    """A job's requests below a folder."""
    random = np.random.default_rng(_SEED)
    chances = random.choice([0.95, 0.85, 0.65, 0.1], size=workers, p=[0.5, 0.3, 0.1, 0.1])
    requests = folder / "annotations" / "consolidated-annotation" / "consolidation-request"
    for iteration, first in enumerate(range(0, objects, _PER_REQUEST), start=1):
        entries = []
        for number in range(first, min(first + _PER_REQUEST, objects)):
            chosen = random.choice(workers, size=_ANSWERS, replace=False)
            entries.append(
                {
                    "datasetObjectId": str(number),
                    "dataObject": {"s3Uri": f"s3://acme-in/{number}.jpg"},
                    "annotations": [
                        {
                            "workerId": f"private.us-east-1.{worker:016x}",
                            "annotationData": {"content": json.dumps(answer)},
                        }
                        for worker, answer in zip(chosen, form(random, chosen, chances), strict=True)
                    ],
                }
            )
        file = requests / f"iteration-{iteration}" / "2026-02-03_10:11:12.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(entries))


def _classes(random: np.random.Generator, chosen: Integers, chances: Floats) -> list[Any]:
    truth = int(random.integers(len(_CATEGORIES)))
    right = random.random(len(chosen)) < chances[chosen]
    said = np.where(right, truth, random.integers(len(_CATEGORIES), size=len(chosen)))
    return [{"kind": {"label": _CATEGORIES[number]}} for number in said]


def _boxes(random: np.random.Generator, chosen: Integers, chances: Floats) -> list[Any]:
    """Worse workers miss more, and draw less exactly."""
    corners = random.integers(0, (_WIDTH - 200, _HEIGHT - 200), size=(_BOXES, 2))
    truth = np.column_stack([corners, random.integers(40, 180, size=(_BOXES, 2))])
    forms = []
    for chance in chances[chosen]:
        found = truth[random.random(_BOXES) < chance]
        drawn = np.maximum(found + random.normal(0, 6 / chance**2, found.shape), 1).round().astype(int)
        boxes = [
            {"left": int(x), "top": int(y), "width": int(w), "height": int(h), "label": "car"}
            for x, y, w, h in drawn
        ]
        size = {"width": _WIDTH, "height": _HEIGHT}
        forms.append({"boxes": {"boundingBoxes": boxes, "inputImageProperties": size}})
    return forms


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds that `python -m <command>` takes, and the peak memory of its process in MB."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return seconds, int(done.stdout) / 1024


if __name__ == "__main__":
    run()
