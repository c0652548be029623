"""Which clusters of successive frames become one consensus track."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from consolidation.estimation.linking import (
    NO_TRACK,
    Floats,
    Ints,
    Sightings,
    Similarity,
    link_clusters,
)

Frames = Sequence[Sequence[Sequence[str]]]
"""Frames of clusters of worker tracks: `a1` is track 1 of worker a, `b` a part of worker b without a track."""


def _sightings(frames: Frames) -> Sightings:
    names = sorted({part for clusters in frames for cluster in clusters for part in cluster if part[1:]})
    number = {name: place for place, name in enumerate(names)}
    rows = [
        (frame, part) for frame, clusters in enumerate(frames) for cluster in clusters for part in [cluster]
    ]
    parts = [(place, name) for place, (_, cluster) in enumerate(rows) for name in cluster]
    return Sightings(
        frames=np.array([frame for frame, _ in rows], dtype=np.int64),
        clusters=np.array([place for place, _ in parts], dtype=np.int64),
        workers=np.array([ord(name[0]) - ord("a") for _, name in parts], dtype=np.int64),
        tracks=np.array([number.get(name, NO_TRACK) for _, name in parts], dtype=np.int64),
    )


def _linked(
    frames: Frames, weights: Sequence[float] = (1, 1, 1), similarity: Similarity | None = None
) -> list[list[int]]:
    """The consensus track of each cluster, by frame."""
    sightings = _sightings(frames)
    flat = iter(link_clusters(sightings, np.array(weights, float), similarity).tolist())
    return [[next(flat) for _ in clusters] for clusters in frames]


ONE, TWO = ["a1", "b1", "c1"], ["a2", "b2", "c2"]
SWAPPED_ONE, SWAPPED_TWO = ["a2", "b1", "c1"], ["a1", "b2", "c2"]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([[], []], [[], []], id="frames without anything"),
        pytest.param([[ONE, TWO], [TWO, ONE]], [[0, 1], [1, 0]], id="tracks go on"),
        pytest.param(
            [[ONE, TWO], [ONE, TWO], [SWAPPED_ONE, SWAPPED_TWO], [SWAPPED_ONE, SWAPPED_TWO]],
            [[0, 1]] * 4,
            id="one worker swaps two things from a frame on",
        ),
        pytest.param(
            [[ONE, TWO], [SWAPPED_ONE, SWAPPED_TWO], [ONE, TWO]],
            [[0, 1]] * 3,
            id="one worker swaps two things for a frame",
        ),
        pytest.param(
            [[ONE], [["a9", "b1", "c1"]], [["a9", "b1", "c1"]]],
            [[0]] * 3,
            id="one worker starts a new track",
        ),
        pytest.param(
            [[["a1", "b1"]], [["a1", "b2"]], [["a3", "b2"]]],
            [[0]] * 3,
            id="each of two workers starts a new track, at different frames",
        ),
        pytest.param([[ONE], [], [], [ONE]], [[0], [], [], [0]], id="a gap that all workers left"),
        pytest.param(
            [[ONE], [["a1"]], [["b1", "c1"]], [ONE]], [[0]] * 4, id="workers look away at different frames"
        ),
        pytest.param(
            [[ONE], [["a1", "b7", "c7"]], [["a1", "b7", "c7"]]],
            [[0], [1], [1]],
            id="one worker goes on with the track of a thing that left",
        ),
        pytest.param([[["a", "b"]], [["a", "b"]]], [[0], [1]], id="without ids nothing is linked"),
        pytest.param([[["a", "b1"]], [["a", "b1"]]], [[0], [0]], id="one worker's ids are enough"),
        pytest.param(
            [[["b2"], ["a1"]], [["a1"], ["b2"]]],
            [[0, 1], [1, 0]],
            id="things that only one worker saw are tracks too",
        ),
        pytest.param(
            [[["a1"], ["b1", "c1"]], [["a1", "b1", "c1"]]],
            [[0, 1], [1]],
            id="at most one cluster of a frame is in a track",
        ),
    ],
)
def test_links(frames: Frames, expected: list[list[int]]) -> None:
    assert _linked(frames) == expected


def test_a_swap_in_a_gap_of_the_others_does_not_join_two_things() -> None:
    """While the others look away one worker swaps; their steps across the gap outvote the worker's."""
    frames = [[ONE, TWO], [["a2"], ["a1"]], [SWAPPED_ONE, SWAPPED_TWO]]
    assert _linked(frames)[2] == _linked(frames)[0]


def test_weights_are_votes() -> None:
    frames = [[ONE, TWO], [SWAPPED_ONE, SWAPPED_TWO]]
    assert _linked(frames) == [[0, 1], [0, 1]]
    assert _linked(frames, weights=(3, 1, 1)) == [[0, 1], [1, 0]]


def test_likeness_decides_between_equal_votes() -> None:
    frames = [[["a1", "b1"], ["a2", "b2"]], [["a1", "b2"], ["a2", "b1"]]]

    def cluster_0_is_like(chosen: int) -> Similarity:
        def similarity(first: Ints, second: Ints) -> Floats:
            alike: Floats = ((first == 0) == (second == chosen)).astype(np.float64)
            return alike

        return similarity

    assert _linked(frames, similarity=cluster_0_is_like(2)) == [[0, 1], [0, 1]]
    assert _linked(frames, similarity=cluster_0_is_like(3)) == [[0, 1], [1, 0]]


def test_the_order_of_parts_changes_nothing() -> None:
    sightings = _sightings([[ONE, TWO], [["a1"], ["b2", "c2"]], [SWAPPED_ONE, SWAPPED_TWO]])
    order = np.random.default_rng(3).permutation(len(sightings.clusters))
    shuffled = Sightings(
        sightings.frames, sightings.clusters[order], sightings.workers[order], sightings.tracks[order]
    )
    weights = np.ones(3)
    assert link_clusters(shuffled, weights).tolist() == link_clusters(sightings, weights).tolist()


@pytest.mark.parametrize(
    ("frames", "alike", "expected"),
    [
        pytest.param(
            [[ONE, TWO], [["a1", "b2", "c2"], ["a2", "b1", "c1"]]],
            0.9,
            [[0, 1], [0, 1]],
            id="two of three swap things that stay where they are",
        ),
        pytest.param(
            [[ONE, TWO], [["a1", "b2", "c2"], ["a2", "b1", "c1"]]],
            0.4,
            [[0, 1], [1, 0]],
            id="two of three swap things that move",
        ),
        pytest.param(
            [[ONE], [["a1", "b7", "c7"]]],
            1.0,
            [[0], [1]],
            id="two of three say that a new thing stands there",
        ),
        pytest.param([[ONE], [["a1", "b1", "c7"]]], 0.0, [[0], [0]], id="one of three says so"),
    ],
)
def test_likeness_outweighs_a_narrow_majority_for_a_swap_but_none_for_a_new_thing(
    frames: Frames, alike: float, expected: list[list[int]]
) -> None:
    """The first things of both frames are alike, and the second ones."""

    def similarity(first: Ints, second: Ints) -> Floats:
        same: Floats = np.where(first % 2 == second % 2, alike, 0.0)
        return same

    if len(frames[0]) == 1:
        linked = _linked(frames, similarity=lambda first, second: np.full(len(first), alike))
    else:
        linked = _linked(frames, similarity=similarity)
    assert linked == expected
