"""One outline from several: a median of shapes, not of vertices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation import outline_fusion
from consolidation.estimation.outline_fusion import fuse
from consolidation.estimation.outlines import (
    Outline,
    Outlines,
    are_simple,
    areas,
    canonical,
    overlaps_between,
)

LETTER = ((0, 0), (60, 0), (60, 20), (20, 20), (20, 60), (0, 60))
BAY = ((0, 0), (20, 0), (20, 70), (80, 70), (80, 0), (100, 0), (100, 100), (0, 100))


def _outline(points: Any) -> Outline:
    return np.array(points, np.float64)


def _rectangle(left: float, top: float, width: float, height: float) -> Outline:
    return _outline([(left, top), (left + width, top), (left + width, top + height), (left, top + height)])


def _fused(members: Sequence[Any], weights: Sequence[float] | None = None) -> Outline:
    outlines = Outlines.of([_outline(member) for member in members])
    (made,) = fuse(outlines, [range(len(members))], np.array(weights or [1.0] * len(members)))
    return made


def _iou(one: Outline, other: Outline) -> float:
    found = overlaps_between(Outlines.of([one, other]), np.arange(2))
    return float(found.iou[0]) if len(found.iou) else 0.0


def _disc(x: float, y: float, radius: float, vertices: int, start: float = 0.0) -> Outline:
    angle = start + np.linspace(0, 2 * math.pi, vertices, endpoint=False)
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_an_outline_drawn_alike_is_kept_to_the_vertex(workers: int) -> None:
    """Wherever each worker began and whichever way each went; a vertex on a straight side is kept too."""
    outline = _outline([(0, 0), (7.25, 0), (60, 0), (60, 20), (20, 20), (20, 60), (0, 60)])
    drawn = [np.roll(outline, -turn, axis=0)[:: -1 if turn % 2 else 1] for turn in range(workers)]
    assert _fused(drawn).tolist() == outline.tolist()


def test_an_outline_drawn_alike_by_more_than_half_wins_over_the_others() -> None:
    outline = canonical(_outline(LETTER))
    assert _fused([outline, outline + 2, outline]).tolist() == outline.tolist()
    assert _fused([outline, outline + 2, outline + 1], [3, 1, 1]).tolist() == outline.tolist()


@pytest.mark.parametrize("scale", [1, 50, 5000])
def test_three_workers_give_the_sides_of_the_middle_one_with_sharp_corners(scale: float) -> None:
    """At any size in pixels: one worker draws closer to the thing, one farther from it."""

    def drawn(closer: float) -> Outline:
        inward = np.array([(1, 1), (-1, 1), (-1, -1), (-1, -1), (-1, -1), (1, -1)])
        return _outline(LETTER) * scale + closer * inward

    assert _fused([drawn(-1.5), drawn(0), drawn(1)]) == pytest.approx(drawn(0), abs=0.06)


@pytest.mark.parametrize(
    ("shape", "shift"),
    [
        pytest.param(BAY, (4, 0), id="sideways"),
        pytest.param(LETTER, (0, 3), id="down"),
        pytest.param(BAY, (2, 2), id="aslant"),
    ],
)
def test_two_workers_give_the_line_midway(shape: Any, shift: Any) -> None:
    one = _outline(shape)
    made = _fused([one, one + shift])
    middle = one + np.array(shift) / 2
    assert _iou(made, middle) > 0.985
    assert min(_iou(made, one), _iou(made, one + shift)) > _iou(one, one + shift)


def test_an_inner_and_an_outer_outline_give_the_one_between() -> None:
    assert _fused([_rectangle(0, 0, 100, 80), _rectangle(-4, -4, 108, 88)]) == pytest.approx(
        _rectangle(-2, -2, 104, 84), abs=0.01
    )


def test_discs_of_different_vertices_give_the_disc_between() -> None:
    made = _fused([_disc(50, 50, 38, 60), _disc(50, 50, 40, 75, 1.0), _disc(50, 50, 43, 50)])
    assert np.hypot(*(made - 50).T) == pytest.approx(40, abs=0.3)
    assert _iou(made, _disc(50, 50, 40, 500)) > 0.99
    assert len(made) < 45


@pytest.mark.parametrize(
    "outlier",
    [
        pytest.param(_rectangle(20, 30, 100, 80), id="shifted"),
        pytest.param(_rectangle(-300, -300, 1000, 1000), id="huge"),
        pytest.param(_rectangle(40, 30, 6, 5), id="tiny"),
        pytest.param([(0, 0), (100, 80), (100, 0), (0, 80)], id="a figure of eight"),
        pytest.param([(0, 0), (50, 0), (50, -5000), (50.001, 0), (100, 0), (100, 80), (0, 80)], id="a spike"),
    ],
)
def test_one_gross_outlier_among_three_does_no_harm(outlier: Any) -> None:
    """The two others are 2 pixels apart, so that whatever the third does, the border stays within these."""
    inner, outer = _rectangle(0, 0, 100, 80), _rectangle(-2, -2, 104, 84)
    made = _fused([inner, outer, outlier])
    assert _iou(made, outer) > _iou(inner, outer) - 0.01
    assert _iou(made, inner) > _iou(inner, outer) - 0.01


@pytest.mark.parametrize("mirror", [1, -1])
def test_a_small_notch_between_long_sides_costs_no_more_than_itself(mirror: int) -> None:
    """Three workers agree on two corners of a triangle; where their tops cross, the border steps by half a pixel.

    What two of them cover is counted on cells of 1/50 pixel.
    """
    tops = [(12, 3), (13, 5), (12, 4)]
    drawn = [_outline([top, (20, 19), (4, 16)]) * (mirror, 1) for top in tops]
    x, y = np.meshgrid(mirror * (np.arange(0, 1100) + 0.5) / 50, (np.arange(0, 1000) + 0.5) / 50)
    votes = np.zeros(x.shape)
    for triangle in drawn:
        ways = zip(triangle, np.roll(triangle, -1, axis=0), strict=True)
        left = [(b[0] - a[0]) * (y - a[1]) > (b[1] - a[1]) * (x - a[0]) for a, b in ways]
        votes += np.all(left, axis=0) | ~np.any(left, axis=0)
    assert areas(Outlines.of([_fused(drawn)]))[0] == pytest.approx((votes > 1).sum() / 2500, abs=0.1)


def test_weights_are_votes() -> None:
    small, large = _rectangle(0, 0, 50, 50), _rectangle(-10, -10, 70, 70)
    assert _fused([small, small + 0.5, large], [1, 1, 3]).tolist() == large.tolist()


def test_a_thin_bar_aslant_is_not_lost() -> None:
    """500 pixels long, 3 wide, which is less than a line of the coarsest grid."""
    angle = math.radians(30)
    along, across = (
        np.array([math.cos(angle), math.sin(angle)]),
        np.array([-math.sin(angle), math.cos(angle)]),
    )
    bar = np.array([a * along + b * across for a, b in ((0, -1.5), (500, -1.5), (500, 1.5), (0, 1.5))])
    assert _iou(_fused([bar, bar + 0.2 * across, bar - 0.2 * across]), bar) > 0.9


def test_outlines_that_share_nothing_give_the_one_nearest_to_the_others() -> None:
    """Three in a chain: nothing is covered twice by half of five."""
    chain = [_rectangle(12 * place, 0, 10, 10) for place in range(5)]
    made = _fused(chain)
    assert made.tolist() == chain[0].tolist()


def test_holes_are_filled_and_the_largest_piece_is_taken() -> None:
    ring = _outline(
        [
            (0, 0),
            (40, 0),
            (40, 40),
            (0, 40),
            (0, 1),
            (10, 10),
            (30, 10),
            (30, 30),
            (10, 30),
            (10, 10.5),
            (0, 2),
        ]
    )
    made = _fused([ring, ring + np.array([0.3, 0]), _rectangle(0, 0, 40, 40)])
    assert len(are_simple(Outlines.of([made]))) == 1
    assert _iou(made, _rectangle(0, 0, 40, 40)) > 0.95


def test_memory_is_bounded_for_scribbles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scribble over everything is thinned; what the others agree on stands."""
    monkeypatch.setattr(outline_fusion, "_CROSSINGS", 20_000)
    place = np.arange(2_000)
    scribble = np.column_stack([place % 2 * 100, place / 2_000 * 80])
    made = _fused([_rectangle(0, 0, 100, 80), _rectangle(-2, -2, 104, 84), scribble])
    assert _iou(made, _rectangle(-1, -1, 102, 82)) > 0.9


def test_groups_are_fused_apart() -> None:
    members = [
        _rectangle(0, 0, 10, 10),
        _rectangle(50, 0, 30, 10),
        _rectangle(2, 0, 10, 10),
        _rectangle(90, 0, 5, 5),
    ]
    made = fuse(Outlines.of(members), [[0, 2], [1], [3]], np.ones(4))
    assert _iou(made[0], _rectangle(1, 0, 10, 10)) > 0.97
    assert [outline.tolist() for outline in made[1:]] == [members[1].tolist(), members[3].tolist()]


@st.composite
def _scribbles(draw: st.DrawFn) -> list[Outline]:
    """Two to five outlines of some area whose vertices lie anywhere on a small grid: with crossings, spikes and equal places."""
    points = st.lists(st.tuples(*[st.integers(0, 12)] * 2), min_size=3, max_size=9, unique=True)
    drawn = [_outline(draw(points)) for _ in range(draw(st.integers(2, 5)))]
    return [outline for outline in drawn if np.ptp(outline, axis=0).all()]


@given(members=_scribbles(), data=st.data())
def test_whatever_is_drawn_gives_an_outline_within_its_extent_in_any_order(
    members: list[Outline], data: st.DataObject
) -> None:
    if not members:
        return
    made = _fused(members)
    everything = np.concatenate(members)
    assert len(made) >= 3
    assert (made >= everything.min(axis=0) - 1e-9).all()
    assert (made <= everything.max(axis=0) + 1e-9).all()
    shuffled = data.draw(st.permutations(members))
    assert _fused(shuffled).tolist() == made.tolist()
