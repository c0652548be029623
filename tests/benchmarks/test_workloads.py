"""The seeded work: the same for the same seed, and what its description says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from benchmarks.workloads.boxes import POOL, box_scenes, iou
from benchmarks.workloads.classes import answers
from benchmarks.workloads.crowd import FIVE, PROFILES, SPAMMER, paired
from benchmarks.workloads.masks import instance_scenes, semantic_scene
from benchmarks.workloads.outlines import JOINTS, MARKINGS, keypoint_scenes, polygon_scenes
from benchmarks.workloads.spans import READINGS, documents

MAKERS: dict[str, Callable[[int], Any]] = {
    "semantic": lambda seed: semantic_scene(seed, (60, 80), things=8),
    "instances": lambda seed: instance_scenes(seed, 2, (120, 160)),
    "boxes": lambda seed: box_scenes(seed, 2),
    "boxes of a pool": lambda seed: box_scenes(seed, 2, crew=POOL, of_pool=5),
    "polygons": lambda seed: polygon_scenes(seed, 2),
    "keypoints": lambda seed: keypoint_scenes(seed, 2),
    "spans": lambda seed: documents(seed, 3),
    "classes": lambda seed: answers(seed, items=50, workers=20),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_seed_gives_the_same_work_each_time_and_another_seed_another(name: str) -> None:
    first, again, other = (repr(_plain(MAKERS[name](seed))) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_the_work_is_that_for_which_the_figures_to_reach_were_set() -> None:
    """Whole numbers alone, as the last digits of others depend on the processor."""
    made = documents(0, 50), answers(2, items=500, workers=40)
    assert _digest(made[0]) == "a922e8f546a4"
    assert _digest(made[1].item, made[1].worker, made[1].label, made[1].truth) == "8a5326f8bda6"


def test_categories_are_mistaken_in_pairs() -> None:
    assert paired(np.arange(6), 6).tolist() == [1, 0, 3, 2, 5, 4]
    assert paired(np.arange(5), 5).tolist() == [1, 0, 3, 2, 0]


def test_every_profile_has_its_hand_in_every_work() -> None:
    assert set(PROFILES) == set(MARKINGS) == set(READINGS)
    assert set(POOL) == {*PROFILES, SPAMMER}


def test_the_expert_draws_what_is_there_and_the_spammer_does_not() -> None:
    scene = semantic_scene(1, (240, 320))
    assert scene.maps.shape == (len(FIVE), 240, 320)
    assert set(np.unique(scene.maps)) <= set(range(scene.categories))
    right = (scene.maps == scene.truth).mean(axis=(1, 2))
    assert right[FIVE.index("expert")] > 0.8
    assert right[FIVE.index(SPAMMER)] == right.min()


def test_no_instance_is_smaller_than_thirty_pixels() -> None:
    for scene in instance_scenes(0, 3, (120, 160)):
        for worker in (scene.truth, *scene.drawn):
            pixels = np.bincount(worker.numbers.ravel(), minlength=len(worker.categories))
            assert len(pixels) == len(worker.categories)
            assert (pixels[1:] >= 30).all()


def test_true_boxes_do_not_hide_each_other_and_drawn_ones_stay_in_the_image() -> None:
    for scene in box_scenes(0, 5):
        overlap = iou(scene.truth.edges, scene.truth.edges)
        np.fill_diagonal(overlap, 0)
        assert overlap.max() < 0.55
        for drawn in scene.drawn.values():
            assert (drawn.edges[:, :2] >= 0).all()
            assert (drawn.edges[:, 2:] <= scene.size).all()


def test_a_pool_sends_five_different_workers_to_each_image() -> None:
    scenes = box_scenes(0, 20, things=4, crew=POOL, of_pool=5)
    assert all(len(scene.drawn) == 5 for scene in scenes)
    assert len({worker for scene in scenes for worker in scene.drawn}) > 15


def test_careless_workers_miss_more_than_careful_ones() -> None:
    scenes = keypoint_scenes(0, 60)
    seen = [sum(len(scene.drawn[place]) for scene in scenes) for place in range(len(FIVE))]
    assert seen[FIVE.index("expert")] > seen[FIVE.index("sloppy")]
    assert all(drawn.shape[1:] == (JOINTS, 3) for scene in scenes for drawn in scene.drawn)


def test_polygons_are_drawn_from_any_vertex_either_way_round() -> None:
    outlines = [one for scene in polygon_scenes(0, 5) for drawn in scene.drawn[:4] for one in drawn.outlines]
    turns = {bool(_area(outline) > 0) for outline in outlines}
    assert turns == {True, False}
    assert {len(outline) for outline in outlines} <= set(range(14, 34))


def test_spans_of_a_worker_lie_apart_inside_the_text() -> None:
    for document in documents(0, 30):
        for marked in (document.truth, *document.marked):
            assert all(0 <= start < end <= document.tokens for start, end, _ in marked)
            assert all(one[1] <= other[0] for one, other in pairwise(marked))


def test_every_item_is_answered_by_different_workers() -> None:
    work = answers(0, items=300, workers=20)
    assert work.worker.reshape(-1, 5).tolist() == [
        list(dict.fromkeys(row)) for row in work.worker.reshape(-1, 5).tolist()
    ]
    assert 0.5 < (work.label == work.truth[work.item]).mean() < 0.9


def _plain(value: Any) -> Any:
    """Arrays as lists, dataclasses as tuples."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "__dataclass_fields__"):
        return [_plain(getattr(value, name)) for name in value.__dataclass_fields__]
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def _digest(*values: Any) -> str:
    return hashlib.sha256(repr(_plain(values)).encode()).hexdigest()[:12]


def _area(outline: Any) -> float:
    x, y = outline.astype(np.float64).T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
