"""One data object with the masks of five workers, from the request to the label, beside reading and writing PNGs alone."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence

import numpy as np
from PIL import Image

from benchmarks import elements
from benchmarks.found import Prepared
from benchmarks.workloads.masks import SemanticScene
from consolidation.batch import Job, consolidate
from consolidation.mask_png import decode_mask, encode_mask
from shared.contract import ConsolidationPayload
from shared.json_node import parse_json
from shared.settings import Limits, Settings


class _Nowhere:
    """A store that keeps nothing, so that only our own work is measured."""

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """Never asked."""
        raise AssertionError(uri)

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """Dropped."""


def whole(work: Sequence[SemanticScene], method: str) -> Prepared:
    """JSON in, label and its PNG out."""
    names = tuple(elements.categories(work[0].categories, first=1))
    settings = Settings() if method == "default" else Settings(method=method)
    job = Job("label", names, "s3://bucket/output/")
    requests = [_request(scene) for scene in work]

    def run() -> None:
        for text in requests:
            payload = ConsolidationPayload.parse(parse_json(text))
            made = consolidate(job, payload.data_objects, _Nowhere(), settings)
            assert "error" not in made[0].label, made[0].label

    return Prepared(run, _nothing)


def pngs_alone(work: Sequence[SemanticScene]) -> Prepared:
    """The workers' PNGs decoded from base64, one map encoded, by the code that the kind uses for it."""
    encoded = [[base64.b64encode(elements.png(drawn)).decode() for drawn in scene.maps] for scene in work]
    size = (work[0].truth.shape[1], work[0].truth.shape[0])

    def run() -> None:
        for pngs in encoded:
            decoded = [decode_mask(png, size, Limits()) for png in pngs]
            encode_mask(decoded[0].indices, elements.COLOURS)

    return Prepared(run, _nothing)


def pillow_alone(work: Sequence[SemanticScene]) -> Prepared:
    """The same by Pillow with its defaults, nothing checked."""
    encoded = [[base64.b64encode(elements.png(drawn)).decode() for drawn in scene.maps] for scene in work]

    def run() -> None:
        for pngs in encoded:
            decoded = [np.asarray(Image.open(io.BytesIO(base64.b64decode(png)))) for png in pngs]
            elements.png(decoded[0])

    return Prepared(run, _nothing)


def _request(scene: SemanticScene) -> str:
    annotations = [
        {
            "workerId": worker,
            "annotationData": {"content": json.dumps({"crowd-semantic-segmentation": element})},
        }
        for worker, element in elements.semantic(scene).items()
    ]
    return json.dumps([{"datasetObjectId": "0", "annotations": annotations}])


def _nothing(_made: object) -> list[object]:
    return []
