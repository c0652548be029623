"""What parts are, where workers confuse categories."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation.naming import (
    UNNAMED,
    Names,
    Naming,
    Table,
    learn_names,
    name_posterior,
    triple,
)

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
NOTHING = Table(np.zeros(0, np.int64), np.zeros(0))


def _names(said: Integers) -> Names:
    """Parts, in rows, that every worker named."""
    parts, workers = said.shape
    return Names.of(
        np.repeat(np.arange(parts), workers), np.tile(np.arange(workers), parts), said.reshape(-1), parts
    )


def _planted(parts: int = 900) -> tuple[Integers, Integers]:
    """Three categories; two good workers, and two who take 1 for 2."""
    rng = np.random.default_rng(5)
    true = rng.integers(0, 3, parts)
    said = np.repeat(true[:, None], 4, axis=1)
    for worker in (0, 1):
        wrong = rng.random(parts) < 0.1
        said[wrong, worker] = rng.integers(0, 3, int(wrong.sum()))
    for worker in (2, 3):
        confused = (true == 1) & (rng.random(parts) < 0.8)
        said[confused, worker] = 2
    return said, true


def _learn(
    said: Integers, known: Table = NOTHING, truth: Integers | None = None, choices: int = 3
) -> tuple[Naming, Table]:
    parts, workers = said.shape
    told = np.full(parts, UNNAMED) if truth is None else truth
    return learn_names(_names(said), np.ones(parts), told, workers, choices, known)


def _chosen(names: Names, share: Floats) -> list[int]:
    best: dict[int, tuple[float, int]] = {}
    for part, category, chance in zip(names.owner, names.true, share, strict=True):
        best[int(part)] = max(best.get(int(part), (0.0, -1)), (float(chance), int(category)))
    return [best[part][1] for part in sorted(best)]


def test_workers_who_confuse_two_categories_are_seen_through() -> None:
    said, true = _planted()
    naming, _ = _learn(said)
    one, two = np.array([1]), np.array([2])
    assert naming.chances(np.array([2]), one, two)[0] == pytest.approx(0.8, abs=0.08)
    assert naming.chances(np.array([0]), one, two)[0] < 0.1
    contested = np.array([[1, 1, 2, 2]])
    names = _names(contested)
    assert _chosen(names, name_posterior(names, naming)) == [1]
    right = np.mean(np.array(_chosen(_names(said), name_posterior(_names(said), naming))) == true)
    assert right > 0.97


def test_probabilities_of_a_part_leave_room_for_what_nobody_named() -> None:
    said, _ = _planted()
    naming, _ = _learn(said)
    share = name_posterior(_names(said[:50]), naming)
    total = np.bincount(_names(said[:50]).owner, share)
    assert (total < 1).all()
    assert (share > 0).all()


def test_without_answers_the_most_named_category_is_likeliest() -> None:
    naming, counts = learn_names(
        _names(np.zeros((0, 3), np.int64)), np.zeros(0), np.zeros(0, np.int64), 3, 4, NOTHING
    )
    names = _names(np.array([[0, 0, 3]]))
    assert _chosen(names, name_posterior(names, naming)) == [0]
    assert not counts.values.any()


def test_counts_of_one_batch_serve_another_as_if_both_were_one() -> None:
    said, _ = _planted()
    together, _ = _learn(said)
    _, first = _learn(said[:450])
    after, _ = _learn(said[450:], first)
    worker, true, heard = np.meshgrid(np.arange(4), np.arange(3), np.arange(3), indexing="ij")
    pair = [column.reshape(-1) for column in (worker, true, heard)]
    assert after.chances(*pair) == pytest.approx(together.chances(*pair), abs=0.02)


def test_known_truth_is_what_counts() -> None:
    said = np.full((30, 3), 1)
    naming, counts = _learn(said, truth=np.full(30, 2))
    assert counts.at(triple(np.array([0]), np.array([2]), np.array([1])))[0] == 30
    assert naming.accuracy[0] < 0.3


def test_what_is_known_of_a_worker_does_not_depend_on_others_numbers() -> None:
    said, _ = _planted()
    naming, _ = _learn(said)
    turned, _ = _learn(said[:, ::-1].copy())
    same = naming.chances(np.array([0]), np.array([1]), np.array([1]))
    assert turned.chances(np.array([3]), np.array([1]), np.array([1])) == pytest.approx(same, abs=1e-6)
