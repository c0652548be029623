"""Smoothed outlines: disputed pixels follow their neighbours, all others stay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import category_votes, find_patterns
from consolidation.estimation.pixel_smoothing import Smoothed, smooth_outlines

Map = npt.NDArray[np.uint8]


def _smoothed(maps: list[Map], weights: list[float], categories: int = 2) -> tuple[Map, Smoothed]:
    """The map that most votes make, and the same smoothed."""
    patterns = find_patterns(list(maps), [categories] * len(maps))
    shares = category_votes(patterns, categories, np.array(weights) / sum(weights))
    best = shares.argmax(axis=1)
    return patterns.paint(best.astype(np.uint8)), smooth_outlines(patterns, shares, best)


def _half(width: int = 12, height: int = 9) -> Map:
    drawn = np.zeros((height, width), np.uint8)
    drawn[:, width // 2 :] = 1
    return drawn


def test_a_notch_that_hardly_more_than_half_cut_is_closed() -> None:
    plain, notched = _half(), _half()
    notched[4, 6] = 0
    voted, smoothed = _smoothed([plain, plain, notched, notched, notched], [1.0] * 5)
    assert voted[4, 6] == 0
    assert (smoothed.painted == plain).all()


def test_what_all_agree_on_stays_however_thin() -> None:
    line = np.zeros((9, 9), np.uint8)
    line[4, 2:7] = 1
    voted, smoothed = _smoothed([line] * 3, [1.0] * 3)
    assert (smoothed.painted == line).all()
    assert (voted == line).all()


def test_a_clear_lead_stays_against_all_neighbours() -> None:
    plain, dotted = _half(), _half()
    dotted[4, 3] = 1
    _, smoothed = _smoothed([dotted, dotted, dotted, dotted, plain], [1.0] * 5)
    assert (smoothed.painted == dotted).all()


def test_a_pixel_gets_only_what_somebody_said_of_it() -> None:
    random = np.random.default_rng(1)
    maps = [random.integers(0, 3, (20, 20)).astype(np.uint8) for _ in range(3)]
    _, smoothed = _smoothed(maps, [1.0, 1.2, 1.1], 3)
    assert (np.stack(maps) == smoothed.painted).any(axis=0).all()


def test_the_patterns_tell_of_every_pixel_where_it_went() -> None:
    random = np.random.default_rng(2)
    maps = [random.integers(0, 3, (20, 30)).astype(np.uint8) for _ in range(3)]
    voted, smoothed = _smoothed(maps, [1.0, 1.3, 1.1], 3)
    patterns = smoothed.patterns
    assert (voted != smoothed.painted).any()
    assert (patterns.paint(smoothed.best.astype(np.uint8)) == smoothed.painted).all()
    for worker, layer in enumerate(maps):
        assert (patterns.paint(patterns.table[:, worker]) == layer).all()
    won = np.bincount(smoothed.best, weights=patterns.pixels, minlength=3)
    assert won.tolist() == np.bincount(smoothed.painted.reshape(-1), minlength=3).tolist()


def test_mirroring_and_turning_commute_with_smoothing() -> None:
    random = np.random.default_rng(3)
    maps = [random.integers(0, 3, (16, 16)).astype(np.uint8) for _ in range(4)]
    weights = [1.0, 0.7, 1.3, 0.9]
    straight = _smoothed(maps, weights, 3)[1].painted
    for change in (np.fliplr, np.flipud, np.rot90):
        changed = _smoothed([np.ascontiguousarray(change(layer)) for layer in maps], weights, 3)[1].painted
        assert (changed == change(straight)).all()


def test_blocks_of_rows_leave_no_seams() -> None:
    """An image of more rows than are looked at together, periodic in them: every period comes out alike."""
    random = np.random.default_rng(4)
    period = [random.integers(0, 2, (16, 1024)).astype(np.uint8) for _ in range(3)]
    _, smoothed = _smoothed([np.tile(layer, (40, 1)) for layer in period], [1.0, 1.2, 1.1])
    inner = smoothed.painted[16:-16].reshape(38, 16, 1024)
    assert (inner == inner[0]).all()
