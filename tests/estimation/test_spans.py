"""Spans as arrays: overlaps, and which of several spans to take."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation.spans import most_supported, overlaps_between

Span = tuple[int, int]

spans = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


@pytest.mark.parametrize(
    ("marked", "weights", "expected"),
    [
        pytest.param([(3, 7)], [1], (3, 7), id="one"),
        pytest.param([(0, 8), (0, 8), (2, 8)], [1, 1, 1], (0, 8), id="most workers marked it whole"),
        pytest.param(
            [(0, 9), (0, 5), (3, 9), (0, 9), (0, 4)],
            [1] * 5,
            (0, 9),
            id="each edge has the votes of all who share it",
        ),
        pytest.param([(0, 8), (2, 8)], [1, 1], (2, 8), id="a tie goes to the shortest"),
        pytest.param([(0, 4), (2, 6)], [1, 1], (0, 4), id="equally short, a tie goes to the first"),
        pytest.param([(0, 8), (2, 8)], [1.5, 1], (0, 8), id="weights are votes"),
        pytest.param(
            [(0, 3), (5, 9), (0, 9)],
            [1, 1, 1],
            (0, 9),
            id="edges that nobody marked together are not joined to nothing",
        ),
    ],
)
def test_the_span_whose_edges_have_most_votes(
    marked: list[Span], weights: list[float], expected: Span
) -> None:
    assert most_supported(marked, weights) == expected


@given(st.lists(spans, min_size=1, max_size=7))
def test_it_is_one_that_somebody_marked_and_stays_when_another_marks_the_same(marked: list[Span]) -> None:
    taken = most_supported(marked, [1.0] * len(marked))
    assert taken in marked
    assert most_supported([*marked, taken], [1.0] * (len(marked) + 1)) == taken


@given(st.lists(st.tuples(spans, st.integers(0, 2)), max_size=9))
def test_overlaps_are_those_of_the_characters(marked: list[tuple[Span, int]]) -> None:
    array = np.array([span for span, _ in marked], np.int64).reshape(-1, 2)
    found = overlaps_between(array, np.array([worker for _, worker in marked], np.int64))
    expected = []
    for first, (one, worker) in enumerate(marked):
        for second, (other, colleague) in enumerate(marked[first + 1 :], start=first + 1):
            here, there = set(range(*one)), set(range(*other))
            if worker != colleague and here & there:
                expected.append((first, second, pytest.approx(len(here & there) / len(here | there))))
    assert list(zip(found.first, found.second, found.iou, strict=True)) == expected


def test_too_many_overlaps_are_not_borne() -> None:
    array = np.array([[0, 5], [1, 6], [2, 7]], np.int64)
    with pytest.raises(OverflowError):
        overlaps_between(array, np.arange(3), most=2)
