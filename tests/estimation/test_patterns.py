"""Pixel patterns carry all that the workers' maps say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation import patterns as module
from consolidation.estimation.patterns import category_votes, find_patterns, pair_counts

Maps = list[npt.NDArray[np.uint8]]


def _maps(workers: int, categories: int, seed: int = 0, shape: tuple[int, int] = (37, 53)) -> Maps:
    random = np.random.default_rng(seed)
    return [random.integers(0, categories, shape).astype(np.uint8) for _ in range(workers)]


@pytest.mark.parametrize(
    ("workers", "categories"),
    [(1, 1), (1, 2), (3, 2), (5, 9), (9, 4), (9, 200), (40, 2)],
    ids=str,
)
def test_every_pixel_is_found_again_in_its_pattern(workers: int, categories: int) -> None:
    maps = _maps(workers, categories)
    found = find_patterns(list(maps), [categories] * workers)
    for worker, layer in enumerate(maps):
        assert (found.paint(found.table[:, worker]) == layer).all()
    painted = found.paint(np.arange(len(found.table)))
    assert found.pixels.tolist() == np.bincount(painted.reshape(-1)).tolist()
    assert len({tuple(row) for row in found.table.tolist()}) == len(found.table)


def test_patterns_beyond_every_table_are_sorted_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = _maps(6, 30)
    tabled = find_patterns(list(maps), [30] * 6)
    monkeypatch.setattr(module, "_TABLE", 4)
    monkeypatch.setattr(module, "_DENSE", 40)
    found = find_patterns(list(maps), [30] * 6)
    assert (found.table == tabled.table).all()
    assert (found.codes == tabled.codes).all()
    assert (found.pixels == tabled.pixels).all()


@pytest.mark.parametrize("size", [65_535, 65_536, 60_000])
def test_maps_of_very_many_values_are_coded_without_overflow(size: int) -> None:
    random = np.random.default_rng(7)
    maps = [random.integers(0, size, (300, 300)).astype(np.uint16) for _ in range(4)]
    found = find_patterns(maps, [size] * 4)
    for worker, layer in enumerate(maps):
        assert (found.paint(found.table[:, worker]) == layer).all()


def test_points_have_patterns_as_pixels_do() -> None:
    points = [layer.reshape(-1) for layer in _maps(3, 4)]
    found = find_patterns(list(points), [4] * 3)
    for worker, said in enumerate(points):
        assert (found.paint(found.table[:, worker]) == said).all()


def test_an_empty_image_has_no_pattern() -> None:
    found = find_patterns([np.zeros(0, np.uint8)] * 2, [2, 2])
    assert found.paint(np.zeros(len(found.table), np.uint8)).shape == (0,)


@pytest.mark.parametrize("rows", [(0, 4), (3, 9), (30, 37)], ids=str)
def test_the_patterns_of_some_rows_are_those_of_the_image(rows: tuple[int, int]) -> None:
    found = find_patterns(list(_maps(3, 4)), [4] * 3)
    painted = found.paint(np.arange(len(found.table)))
    assert (found.codes_of_rows(*rows) == painted[slice(*rows)]).all()


def test_runs_do_not_depend_on_where_blocks_end(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    maps = [np.repeat(random.integers(0, 3, (37, 9)), 7, axis=1).astype(np.uint8) for _ in range(3)]
    whole = find_patterns(list(maps), [3] * 3)
    monkeypatch.setattr(module, "_BLOCK", 50)
    found = find_patterns(list(maps), [3] * 3)
    assert found.starts.tolist() == whole.starts.tolist()
    assert found.codes.tolist() == whole.codes.tolist()


def test_maps_are_not_modified() -> None:
    maps = _maps(5, 20)
    before = [layer.copy() for layer in maps]
    find_patterns(list(maps), [20] * 5)
    assert all((layer == old).all() for layer, old in zip(maps, before, strict=True))


def test_maps_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        find_patterns([np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8)], [2, 2])


def test_painted_votes_equal_a_vote_pixel_by_pixel() -> None:
    maps, weights = _maps(5, 4), np.array([1.0, 2.0, 0.5, 1.0, 0.0])
    found = find_patterns(list(maps), [4] * 5)
    votes = category_votes(found, 4, weights)
    by_pixel = sum(
        weight * (layer[..., None] == np.arange(4)) for layer, weight in zip(maps, weights, strict=True)
    )
    assert found.paint(votes.argmax(axis=1)).tolist() == np.asarray(by_pixel).argmax(axis=-1).tolist()


def test_pair_counts_are_the_confusion_matrix_of_two_workers() -> None:
    first, second = _maps(2, 3)
    found = find_patterns([first, second], [3, 3])
    expected = [[int(((first == i) & (second == j)).sum()) for j in range(3)] for i in range(3)]
    assert pair_counts(found, 0, 1, (3, 3)).tolist() == expected
