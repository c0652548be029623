"""Overlaps in view of the frames around."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.linking import NO_TRACK
from consolidation.estimation.matching import Overlaps
from consolidation.estimation.steady import steady_overlaps


def _steadied(rows: list[tuple[int, int, int, float]]) -> list[float]:
    """Rows of (frame, track of one worker, track of another, overlap), each with two parts of its own."""
    frames = np.repeat([row[0] for row in rows], 2).astype(np.int64)
    tracks = np.array([track for row in rows for track in row[1:3]], np.int64)
    first = np.arange(0, 2 * len(rows), 2)
    overlaps = Overlaps(first, first + 1, np.array([row[3] for row in rows]))
    return [round(value, 4) for value in steady_overlaps(overlaps, frames, tracks).tolist()]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([(0, 1, 2, 0.6)], [0.6], id="a frame alone"),
        pytest.param([(0, 1, 2, 0.4), (1, 1, 2, 0.8)], [0.5, 0.7], id="half its own, half the mean"),
        pytest.param([(0, 1, 2, 0.4), (40, 1, 2, 0.8)], [0.4, 0.8], id="too far away"),
        pytest.param([(0, 1, 2, 0.4), (1, 2, 1, 0.8)], [0.5, 0.7], id="whichever of the two is named first"),
        pytest.param(
            [(0, NO_TRACK, 2, 0.4), (1, NO_TRACK, 2, 0.8)], [0.4, 0.8], id="without a track, no memory"
        ),
    ],
)
def test_steady_overlaps(rows: list[tuple[int, int, int, float]], expected: list[float]) -> None:
    assert _steadied(rows) == expected


def test_tracks_that_are_apart_in_the_next_frame_count_as_not_overlapping_there() -> None:
    frames = np.array([0, 0, 1, 1], np.int64)
    overlaps = Overlaps(np.array([0]), np.array([1]), np.array([0.8]))
    steadied = steady_overlaps(overlaps, frames, np.array([1, 2, 1, 2], np.int64))
    assert steadied.tolist() == pytest.approx([0.6])
