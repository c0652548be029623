"""Where parts are, when workers have biases and noises of their own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation.placing import PlaceCounts, Places, Placing, learn_places

Floats = npt.NDArray[np.float64]


def _places(offset: Floats) -> Places:
    """Offsets of shape (C, W, D): every worker marked every part."""
    parts, workers, coordinates = offset.shape
    middle = np.median(offset, axis=1, keepdims=True)
    return Places(
        np.repeat(np.arange(parts), workers),
        np.tile(np.arange(workers), parts),
        (offset - middle).reshape(-1, coordinates),
    )


def _planted(bias: list[float], noise: list[float], parts: int = 600, seed: int = 1) -> Floats:
    """Marks around 0."""
    rng = np.random.default_rng(seed)
    marks: Floats = (
        np.array(bias)[None, :, None]
        + rng.normal(0, 1, (parts, len(bias), 2)) * np.array(noise)[None, :, None]
    )
    return marks


def _learn(
    offset: Floats, known: PlaceCounts | None = None, workers: int | None = None
) -> tuple[Placing, PlaceCounts]:
    many = workers or offset.shape[1]
    return learn_places(_places(offset), np.ones(len(offset)), known or PlaceCounts.none(many, 2))


BIAS, NOISE = [0.0, 0.05, -0.08, 0.02], [0.01, 0.02, 0.03, 0.06]


def test_biases_and_noises_are_recovered_relative_to_the_steadiest() -> None:
    placing, _ = _learn(_planted(BIAS, NOISE))
    assert placing.normal
    assert placing.bias[:4, 0] - placing.bias[0, 0] == pytest.approx(BIAS, abs=0.01)
    assert abs(placing.bias[0]).max() < 0.01
    assert np.sqrt(placing.variance[:4].mean(axis=1)) == pytest.approx(NOISE, rel=0.4)


def test_parts_are_placed_better_than_by_median_or_mean() -> None:
    placing, _ = _learn(_planted(BIAS, NOISE))
    offset = _planted(BIAS, NOISE, seed=2)
    places = _places(offset)
    middle = np.median(offset, axis=1)
    made = np.abs(middle + placing.centres(places)).mean()
    assert made < 0.6 * np.abs(middle).mean()
    assert made < 0.7 * np.abs(offset.mean(axis=1)).mean()


def test_a_gross_outlier_does_no_harm() -> None:
    placing, _ = _learn(_planted(BIAS, NOISE))
    offset = _planted(BIAS, NOISE, parts=200, seed=3)
    before = np.median(offset, axis=1) + placing.centres(_places(offset))
    offset[:, 3] += 5.0
    after = np.median(offset, axis=1) + placing.centres(_places(offset))
    assert np.abs(after - before).max() < 0.02


def test_where_marks_mostly_agree_and_some_are_far_off_skill_has_no_say() -> None:
    rng = np.random.default_rng(4)
    offset = rng.normal(0, 0.002, (300, 4, 2)) + (rng.random((300, 4, 1)) < 0.2) * rng.normal(
        0, 0.3, (300, 4, 2)
    )
    assert not _learn(offset)[0].normal


def test_two_workers_alone_give_the_mean() -> None:
    offset = _planted([0.05, -0.03], [0.01, 0.03])
    placing, _ = _learn(offset)
    assert np.abs(placing.centres(_places(offset))).max() < 1e-6


def test_gold_fixes_what_no_bias_is() -> None:
    offset = _planted([0.1, 0.1, 0.1], [0.01, 0.01, 0.01])
    with_gold = np.concatenate([offset, np.zeros((len(offset), 1, 2))], axis=1)
    placing, counts = _learn(with_gold, workers=3)
    assert placing.bias[:3] == pytest.approx(np.full((3, 2), 0.1), abs=0.01)
    assert counts.gold.tolist() == [600, 600, 600]
    later, _ = _learn(_planted([0.1, 0.1, 0.1], [0.01, 0.01, 0.01], seed=9), counts)
    assert later.bias[:3] == pytest.approx(np.full((3, 2), 0.1), abs=0.02)


def test_counts_of_one_batch_serve_another_as_if_both_were_one() -> None:
    offset = _planted(BIAS, NOISE)
    together, _ = _learn(offset)
    _, first = _learn(offset[:300])
    after, own = _learn(offset[300:], first)
    assert after.bias == pytest.approx(together.bias, abs=0.004)
    assert np.sqrt(after.variance) == pytest.approx(np.sqrt(together.variance), rel=0.1)
    assert (first + own).placed.sum() == pytest.approx(_learn(offset)[1].placed.sum(), rel=0.02)


def test_a_few_marks_leave_the_median() -> None:
    assert not _learn(_planted([0.0, 0.0, 0.0], [0.02] * 3, parts=1))[0].normal
