"""One data object with the masks of five workers, 1280x960, eight categories: where the time goes, and how much memory it takes."""

from __future__ import annotations

import base64
import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.scenes import ClassMap, semantic_scene
from consolidation.batch import Job, consolidate
from consolidation.estimation.patterns import category_votes, find_patterns
from consolidation.estimation.votes import winners
from consolidation.kinds.base import Answer, Task, merge_answers
from consolidation.kinds.semantic_mask import SemanticMaskKind
from consolidation.mask_png import decode_mask, encode_mask
from shared.contract import ConsolidationPayload
from shared.errors import AnswerError
from shared.json_node import JsonNode, parse_json
from shared.settings import Limits, Settings

NAMES = tuple(f"category-{number}" for number in range(1, 9))
PALETTE = [(255, 255, 255), *((30 * number, 255 - 30 * number, 7 * number) for number in range(1, 9))]
REPEATS = 15


class _Nowhere:
    """A store that keeps nothing, so that only our own work is measured."""

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """Never asked."""
        raise AssertionError(uri)

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """Dropped."""


def run() -> None:
    """Print a table of medians, and the peak memory of a fresh process that consolidates the object."""
    maps = semantic_scene(1)
    pngs = [_png(drawn) for drawn in maps]
    size = (maps[0].shape[1], maps[0].shape[0])
    fused = _vote(maps)
    text = _payload(pngs, size)
    payload = ConsolidationPayload.parse(parse_json(text))
    rows = {
        "decode the five PNGs": lambda: [decode_mask(png, size, Limits()) for png in pngs],
        "vote (patterns, votes, paint)": lambda: _vote(maps),
        "merge (vote, confidence, agreement, support)": _merger(pngs, size),
        "encode the label's PNG": lambda: encode_mask(fused, PALETTE),
        "whole object, JSON in, label out": lambda: consolidate(
            Job("label", NAMES, "s3://bucket/output/"), payload.data_objects, _Nowhere(), Settings()
        ),
    }
    medians = {name: _median(work) for name, work in rows.items()}
    decode = medians["decode the five PNGs"]
    print(f"5 workers, {size[0]}x{size[1]}, 8 categories, {sum(map(len, pngs)) // 1024} KB of base64\n")
    print("| step | ms | times decoding |\n| --- | ---: | ---: |")
    for name, median in medians.items():
        print(f"| {name} | {median:.1f} | {median / decode:.2f} |")
    imports, peak = _memory(), _memory(text)
    print(f"\nPeak memory of a process: {imports:.0f} MB after the imports, {peak:.0f} MB after the object.")
    print(f"The five maps themselves are {5 * maps[0].size / 1e6:.1f} MB.")


def _vote(maps: list[ClassMap]) -> ClassMap:
    patterns = find_patterns(list(maps), [9] * len(maps))
    votes = category_votes(patterns, 9, np.ones(len(maps)))
    return patterns.paint(winners(votes, votes)[0].astype(np.uint8))


def _merger(pngs: list[str], size: tuple[int, int]) -> Callable[[], object]:
    kind = SemanticMaskKind()
    answers = [
        Answer(f"worker-{place}", kind.parse(JsonNode(_element(png, size), "$", AnswerError), Limits()))
        for place, png in enumerate(pngs)
    ]
    return lambda: merge_answers(kind, answers, Task(Settings(), NAMES))


def _png(drawn: ClassMap) -> str:
    image = Image.frombytes("P", (drawn.shape[1], drawn.shape[0]), drawn.tobytes())
    image.putpalette([channel for colour in PALETTE for channel in colour])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=b"\x00")
    return base64.b64encode(buffer.getvalue()).decode()


def _element(png: str, size: tuple[int, int]) -> dict[str, object]:
    return {
        "inputImageProperties": {"width": size[0], "height": size[1]},
        "labelMappings": {
            name: {"color": "#{:02x}{:02x}{:02x}".format(*colour)}
            for name, colour in zip(NAMES, PALETTE[1:], strict=True)
        },
        "labeledImage": {"pngImageData": png},
    }


def _payload(pngs: list[str], size: tuple[int, int]) -> str:
    annotations = [
        {
            "workerId": f"worker-{place}",
            "annotationData": {"content": json.dumps({"crowd-semantic-segmentation": _element(png, size)})},
        }
        for place, png in enumerate(pngs)
    ]
    return json.dumps([{"datasetObjectId": "0", "annotations": annotations}])


def _median(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(times)


def _memory(payload: str = "") -> float:
    """Peak resident memory in MB of a fresh process that imports, and that also consolidates a payload if one is given."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.mask_object"],
        input=payload,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def _measure() -> None:
    """What the fresh process does. VmHWM rather than getrusage, whose maximum a child inherits from its parent."""
    text = sys.stdin.read()
    if text:
        payload = ConsolidationPayload.parse(parse_json(text))
        consolidate(Job("label", NAMES, "s3://bucket/output/"), payload.data_objects, _Nowhere(), Settings())
    status = Path("/proc/self/status").read_text()
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)


if __name__ == "__main__":
    _measure()
