"""What one worker, one answer, one element or one category can spoil, and what it cannot."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from consolidation.batch import Job, consolidate
from consolidation.kinds.class_label import ClassKind
from consolidation.kinds.semantic_mask import SemanticMaskKind
from consolidation.label_facts import errors_of, rejections_in
from shared.contract import ConsolidationPayload
from shared.errors import NotAllowedError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings
from tests.elements import boxes_element, instance_element, read_png, semantic_element
from tests.payloads import ANN, BOB, CYD, answer, base64_text, entry, label_of, reasons_by_worker, votes

Wire = dict[str, Any]
SETTINGS = Settings()


class _Store:
    """Artefacts in memory; `closed` refuses them."""

    def __init__(self, *, closed: bool = False) -> None:
        self.closed, self.written = closed, dict[str, bytes]()

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        raise AssertionError(uri)

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        if self.closed:
            raise NotAllowedError("S3 refuses")
        self.written[uri] = body


def _consolidated(
    payload: list[Wire],
    settings: Settings = SETTINGS,
    store: _Store | None = None,
    categories: tuple[str, ...] = (),
) -> list[Wire]:
    read = ConsolidationPayload.parse(JsonNode(payload))
    job = Job("label", categories, "s3://bucket/output/")
    return [reply.to_wire() for reply in consolidate(job, read.data_objects, store or _Store(), settings)]


def _label(payload: list[Wire], **options: Any) -> Wire:
    label: Wire = label_of(_consolidated(payload, **options), "0", "label")
    return label


def _noise(seed: int, size: int = 300, colours: int = 60_000) -> Wire:
    """A mask in which three people are drawn, and else every pixel has a colour of its own."""
    random = np.random.default_rng(seed)
    rgb = random.integers(1, 255, (size, size, 3)).astype(np.uint8)
    rgb[..., 0] = random.integers(1, 1 + colours // 60_000, (size, size))
    rgb[10:60, 10:60] = (200, 30, 40)
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    return {
        "inputImageProperties": {"width": size, "height": size},
        "instances": [{"label": "person", "color": "#c81e28"}],
        "labeledImage": {"pngImageData": base64_text(buffer.getvalue())},
    }


def test_noise_in_three_workers_masks_does_not_hide_what_all_five_drew() -> None:
    """Tens of thousands of colours a worker would outgrow any pixel code; only what they mean is coded."""
    drawn = np.zeros((300, 300), np.uint8)
    drawn[10:60, 10:60] = 1
    clean = instance_element(drawn, ["person"])
    elements = [_noise(1), _noise(2), clean, _noise(3), clean]
    label = _label([entry("0", *(answer(f"w{place}", m=one) for place, one in enumerate(elements)))])
    assert [(made["pixels"], made["support"]["workers"]) for made in label["instances"]] == [(2500, 5)]


def test_an_element_that_cannot_be_stored_leaves_the_others_their_labels() -> None:
    mask = semantic_element([[0, 1]], ["road"])
    answers = [answer(worker, kind={"label": "wet"}, mask=mask) for worker in (ANN, BOB, CYD)]
    label = _label([entry("0", *answers)], store=_Store(closed=True))
    assert label["fields"]["kind"]["class-name"] == "wet"
    assert label["fields"]["mask"]["error"] == {"code": "not-allowed", "message": "S3 refuses"}
    assert label["consolidation"]["reasons"] == ["mask:error:not-allowed"]
    assert errors_of(label) == ["mask: S3 refuses"]


def test_a_defect_in_one_kind_names_its_place_and_quotes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("a worker's secret")

    monkeypatch.setattr(SemanticMaskKind, "merge", broken)
    mask = semantic_element([[0, 1]], ["road"])
    answers = [answer(worker, kind={"label": "wet"}, mask=mask) for worker in (ANN, BOB)]
    label = _label([entry("0", *answers)])
    assert label["fields"]["kind"]["class-name"] == "wet"
    assert "unexpected KeyError at test_isolation.py:" in label["fields"]["mask"]["error"]["message"]
    assert "secret" not in json.dumps(label)


def test_what_was_rejected_in_elements_is_counted() -> None:
    boxes = boxes_element([("car", 1, 1, 5, 5), ("car", 1, 1, 0, 5)])
    answers = [answer(worker, kind={"label": "wet"}, boxes=boxes) for worker in (ANN, BOB)]
    assert rejections_in(_label([entry("0", *answers)])) == 2


def test_where_a_workers_last_answer_cannot_be_used_an_earlier_one_counts() -> None:
    good, bad = semantic_element([[0, 1]], ["road"]), semantic_element([[0, 1]], ["road"])
    bad["labeledImage"] = {"pngImageData": "AAAA"}
    label = _label([entry("0", answer(ANN, m=good), answer(BOB, m=good), answer(ANN, m=bad))])
    assert label["consolidation"]["workers"] == 2
    assert "the image is not a PNG" in str(label["consolidation"]["rejected"])


def test_the_reply_fits_as_the_runtime_writes_it() -> None:
    """With blanks after separators and everything but ASCII escaped."""
    boxes = boxes_element([("自動車と歩行者", 10 * place, 1, 5, 5) for place in range(9)])
    payload = [entry(str(n), *(answer(worker, b=boxes) for worker in (ANN, BOB, CYD))) for n in range(20)]
    limit = 60_000
    reply = _consolidated(payload, Settings(limits=Limits(reply_bytes=limit)))
    assert any("label-ref" in label_of(reply, str(n), "label") for n in range(20))
    assert limit * 0.8 < len(json.dumps(reply)) <= limit


class _Picky(_Store):
    """Refuses masks."""

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        if content_type == "image/png":
            raise NotAllowedError("S3 refuses")
        super().write(uri, body, content_type)


def test_a_label_that_moves_to_s3_leaves_its_errors_and_its_count_of_rejections_behind() -> None:
    flat = boxes_element([("car", 1, 1, 0, 5)] * 30)
    mask = semantic_element([[0, 1]], ["road"])
    payload = [entry("0", *(answer(worker, boxes=flat, mask=mask) for worker in (ANN, BOB)))]
    moved = _label(payload, settings=Settings(limits=Limits(reply_bytes=1_000)), store=_Picky())
    assert "label-ref" in moved
    assert errors_of(moved) == ["mask: S3 refuses"]
    assert rejections_in(moved) == rejections_in(_label(payload, store=_Picky())) == 60


@pytest.mark.parametrize("names", [("BACKGROUND", "road"), ("road", "BACKGROUND")])
def test_a_category_named_background_is_background(names: tuple[str, str]) -> None:
    drawn = [[1 + names.index("BACKGROUND"), 1 + names.index("road"), 0]]
    store = _Store()
    label = _label(
        [entry("0", *(answer(worker, m=semantic_element(drawn, names)) for worker in (ANN, BOB)))],
        store=store,
    )
    assert {key: one["class-name"] for key, one in label["internal-color-map"].items()} == {
        "0": "BACKGROUND",
        "1": "road",
    }
    assert read_png(store.written[label["mask-ref"]]).tolist() == [[0, 1, 0]]
    assert label["consolidation"]["rejected"] == []


def test_a_job_of_300_categories_can_have_masks_of_those_drawn() -> None:
    categories = tuple(f"kind-{place:03}" for place in range(300))
    element = semantic_element([[0, 1]], [categories[299]])
    label = _label([entry("0", answer(ANN, m=element), answer(BOB, m=element))], categories=categories)
    assert [one["class-name"] for one in label["internal-color-map"].values()] == ["BACKGROUND", "kind-299"]


def test_boxes_heaped_on_one_spot_meet_a_limit_instead_of_the_memory() -> None:
    heap = boxes_element([("car", 10, 10, 20, 20)] * 40)
    payload = [entry("0", answer(ANN, b=heap), answer(BOB, b=heap)), votes("1", "a", "a")]
    reply = _consolidated(payload, Settings(limits=Limits(overlaps=1_000)))
    error = label_of(reply, "0", "label")["error"]
    assert error["code"] == "limit"
    assert "limits.overlaps" in error["message"]
    assert label_of(reply, "1", "label")["class-name"] == "a"


def test_masks_of_noise_meet_a_limit_instead_of_the_memory() -> None:
    random = np.random.default_rng(5)
    names = [f"c{place}" for place in range(8)]
    noise = [semantic_element(random.integers(0, 9, (40, 40)), names) for _ in range(4)]
    payload = [entry("0", *(answer(f"w{place}", m=one) for place, one in enumerate(noise)))]
    label = _label(payload, settings=Settings(limits=Limits(cells=5_000)))
    assert "limits.cells" in label["error"]["message"]


def test_small_weights_decide_like_large_ones() -> None:
    settings = Settings(method="weighted", worker_weights={ANN: 2e-10, BOB: 1e-10})
    label = _label(
        [entry("0", answer(ANN, k={"label": "zebra"}), answer(BOB, k={"label": "ant"}))], settings=settings
    )
    assert label["class-name"] == "zebra"
    assert "tie" not in label["consolidation"]["reasons"]


def test_a_worker_with_as_many_colours_as_a_mask_may_have_costs_nobody_else() -> None:
    place = np.arange(256 * 256).reshape(256, 256)
    rgb = np.stack([place // 256, place % 256, np.full_like(place, 7)], axis=-1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    hostile = semantic_element(np.zeros((256, 256)), ["road"])
    hostile["labeledImage"] = {"pngImageData": base64_text(buffer.getvalue())}
    honest = semantic_element(np.ones((256, 256)), ["road"])
    label = _label([entry("0", answer(ANN, m=hostile), answer(BOB, m=honest), answer(CYD, m=honest))])
    assert label["internal-color-map"]["1"]["pixels"] == 256 * 256
    assert ANN in reasons_by_worker(label)


@pytest.mark.parametrize("step", ["study", "learn"])
def test_a_defect_in_what_skill_is_learned_by_costs_no_label(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The answers count alike, and the label says so."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(ClassKind, step, broken)
    reply = _consolidated([votes("0", "car", "car", "bus"), votes("1", "bus", "bus")])
    for name, said in (("0", "car"), ("1", "bus")):
        label = label_of(reply, name, "label")
        assert label["class-name"] == said
        assert "skill-incomplete" in label["consolidation"]["reasons"]
        assert label["consolidation"]["needs-review"]
