"""Which marked parts are real, and how many workers find and invent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from consolidation.estimation.presence import (
    FOUND,
    INVENTED,
    UNKNOWN,
    Marks,
    existence_posterior,
    learn_presence,
)


def _marks(marked: Sequence[set[int]], workers: int, truth: Sequence[int] | None = None) -> Marks:
    """Parts that a crew of so many workers marked or not."""
    pairs = [(part, worker) for part, who in enumerate(marked) for worker in sorted(who)]
    part, worker = np.array(pairs, np.int64).reshape(-1, 2).T
    nobody = np.zeros(len(marked), np.int64)
    seats = np.arange(workers)
    known = nobody + UNKNOWN if truth is None else np.array(truth, np.int64)
    return Marks(part, worker, nobody, np.zeros_like(seats), seats, known)


def _planted(
    found: Sequence[float], invented: Sequence[float], parts: int = 3000
) -> tuple[list[set[int]], list[bool]]:
    """Marked parts of which half are real, by workers of these chances."""
    rng = np.random.default_rng(7)
    marked, real = [], []
    for number in range(parts):
        chances = found if number % 2 else invented
        who = {worker for worker, chance in enumerate(chances) if rng.random() < chance}
        if who:
            marked.append(who)
            real.append(bool(number % 2))
    return marked, real


def _learned(marked: Sequence[set[int]], workers: int) -> tuple[list[float], list[float], list[float]]:
    made = learn_presence(_marks(marked, workers), np.zeros((workers, 4)))
    return made.rates.found.tolist(), made.rates.invented.tolist(), made.real.tolist()


def test_the_chances_of_workers_are_recovered_though_nobody_sees_what_nobody_marked() -> None:
    found, invented = [0.9, 0.7, 0.5, 0.6], [0.05, 0.1, 0.2, 0.3]
    marked, real = _planted(found, invented)
    seen, made_up, _ = _learned(marked, 4)
    assert seen[:4] == pytest.approx(found, abs=0.05)
    assert made_up[:4] == pytest.approx(invented, abs=0.1)
    right = [(chance > 0.5) == truth for chance, truth in zip(_learned(marked, 4)[2], real, strict=True)]
    majority = [(len(who) > 2) == truth for who, truth in zip(marked, real, strict=True)]
    assert sum(right) > sum(majority)


def test_what_a_spammer_marks_alone_is_not_real() -> None:
    marked = [{0, 1, 2}] * 30 + [{3}] * 30
    assert _learned(marked, 4)[2][-1] < 0.01


def test_misses_are_told_from_inventions() -> None:
    marked, real = _planted([0.6] * 5, [0.05] * 5)
    chances = _learned(marked, 5)[2]
    two = [chance for chance, who in zip(chances, marked, strict=True) if len(who) == 2]
    assert min(two) > 0.5
    assert np.mean(two) == pytest.approx(
        np.mean([truth for truth, who in zip(real, marked, strict=True) if len(who) == 2]), abs=0.1
    )


def test_an_expert_alone_carries_a_part_against_four_poor_workers_as_far_as_much_is_known_of_them() -> None:
    rng = np.random.default_rng(3)
    poor = [{0} | {worker for worker in range(1, 5) if rng.random() < 0.35} for _ in range(200)]
    noise = [{worker} for worker in range(1, 5) for _ in range(40)]
    alone = {0}
    little = _learned([*poor[:2], alone], 5)[2][-1]
    much = _learned([*poor, *noise, alone], 5)[2][-1]
    assert little < 0.2
    assert much > 0.7


@pytest.mark.parametrize("workers", [2, 3, 4, 5, 8, 9])
def test_of_unknown_workers_more_than_half_decide(workers: int) -> None:
    unknown = learn_presence(_marks([], workers), np.zeros((workers, 4))).rates
    assert unknown.found.tolist() == [FOUND] * (workers + 1)
    assert unknown.invented.tolist() == pytest.approx([INVENTED] * (workers + 1))
    marked = [set(range(many)) for many in range(1, workers + 1)]
    own = type(unknown)(unknown.found[:workers], unknown.invented[:workers], unknown.odds)
    real = existence_posterior(_marks(marked, workers), own).tolist()
    assert [chance > 0.5 for chance in real] == [2 * len(who) > workers for who in marked]


@pytest.mark.parametrize("workers", [2, 4])
def test_a_part_that_half_of_the_workers_marked_is_not_made_real_by_itself(workers: int) -> None:
    assert _learned([set(range(workers // 2))], workers)[2][0] < 0.5


def test_gold_parts_are_clamped_and_those_nobody_found_count() -> None:
    marks = _marks([{0, 1}, {0}, {1}, set()] * 20, 2, [1, 0, 1, 1] * 20)
    made = learn_presence(marks, np.zeros((2, 4)))
    assert made.real.tolist() == [1, 0, 1, 1] * 20
    assert made.counts[:, :2].tolist() == [[20, 60], [40, 60]]
    assert made.rates.found[1] > made.rates.found[0]


def test_counts_of_one_batch_serve_another_as_if_both_were_one() -> None:
    marked, _ = _planted([0.9, 0.6, 0.7], [0.05, 0.2, 0.3])
    half = len(marked) // 2
    together = learn_presence(_marks(marked, 3), np.zeros((3, 4))).rates
    first = learn_presence(_marks(marked[:half], 3), np.zeros((3, 4)))
    after = learn_presence(_marks(marked[half:], 3), first.counts).rates
    assert after.found == pytest.approx(together.found, abs=0.03)
    assert after.invented == pytest.approx(together.invented, abs=0.03)


def test_a_posterior_is_never_surer_than_that_the_crowd_may_be_misled() -> None:
    rates = learn_presence(_marks([set(range(9))] * 500, 9), np.zeros((9, 4))).rates
    own = type(rates)(rates.found[:9], rates.invented[:9], rates.odds)
    assert 0.95 < existence_posterior(_marks([set(range(9))], 9), own)[0] < 0.9951


def test_parts_of_a_lone_worker_teach_nothing() -> None:
    made = learn_presence(_marks([{0}] * 50, 1), np.zeros((1, 4)))
    assert not made.counts.any()
    assert made.rates.found.tolist() == [FOUND, FOUND]


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_workers_who_mark_all_the_same_find_what_is_real(workers: int) -> None:
    """They might all invent the same, which nobody could tell; it is not what is believed, nor what later batches are told."""
    marks = _marks([set(range(workers))] * 50, workers)
    made = learn_presence(marks, np.zeros((workers, 4)))
    assert made.real.min() > 0.95
    later = learn_presence(marks, made.counts)
    assert later.real.min() > 0.95
    assert later.rates.odds > 1
