"""Truth and workers estimated together: what a user of crowds expects of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation.choices import (
    Choices,
    Estimate,
    Known,
    calibrated,
    learn_choices,
    posteriors,
)

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


def _coin(right: float, categories: int) -> Floats:
    """A worker who is right with one chance and errs evenly."""
    matrix = np.full((categories, categories), (1 - right) / max(categories - 1, 1))
    np.fill_diagonal(matrix, right)
    return matrix


def _crowd(matrices: list[Floats], items: int, per_item: int = 0, seed: int = 0) -> tuple[Choices, Places]:
    """Answers drawn from workers' confusion matrices; each item is answered by all of them, or by some drawn at random."""
    random = np.random.default_rng(seed)
    workers, categories = len(matrices), len(matrices[0])
    truth = random.integers(0, categories, items)
    asked = np.argsort(random.random((items, workers)), axis=1)[:, : per_item or workers]
    who = np.sort(asked, axis=1).ravel()
    what = np.repeat(np.arange(items), asked.shape[1])
    sums = np.cumsum(np.array(matrices)[who, truth[what]], axis=1)
    said = (random.random((len(who), 1)) > sums).sum(axis=1)
    return Choices(what, who, np.minimum(said, categories - 1), (items, workers, categories)), truth


def _votes(choices: Choices) -> Floats:
    votes = np.zeros((choices.sizes[0], choices.sizes[2]))
    np.add.at(votes, (choices.items, choices.chosen), 1)
    return votes


def _accuracy(estimate: Estimate, truth: Places) -> float:
    return float((estimate.posterior.argmax(axis=1) == truth).mean())


def _part(choices: Choices, items: slice) -> Choices:
    """The answers to some of the items, numbered from 0."""
    first, last, _ = items.indices(choices.sizes[0])
    within = (choices.items >= first) & (choices.items < last)
    return Choices(
        choices.items[within] - first,
        choices.workers[within],
        choices.chosen[within],
        (last - first, *choices.sizes[1:]),
    )


def test_planted_confusion_matrices_are_recovered() -> None:
    swaps = np.array([[0.1, 0.85, 0.05], [0.85, 0.1, 0.05], [0.05, 0.05, 0.9]])
    planted = [_coin(0.9, 3), _coin(0.8, 3), _coin(0.7, 3), _coin(0.6, 3), swaps, _coin(1 / 3, 3)]
    choices, truth = _crowd(planted, 4000)
    estimate = learn_choices(choices)
    assert np.exp(estimate.model.workers[:-1]) == pytest.approx(np.array(planted), abs=0.04)
    assert estimate.reliability[:-1] == pytest.approx([m.diagonal().mean() for m in planted], abs=0.04)
    assert _accuracy(estimate, truth) > (_votes(choices).argmax(axis=1) == truth).mean() + 0.02


@pytest.mark.parametrize("categories", [2, 3, 10])
def test_where_nobody_answers_twice_the_vote_stands(categories: int) -> None:
    changed, ours, voted = [], [], []
    for seed in range(10):
        choices, truth = _crowd([_coin(0.8, categories)] * 90, 30, per_item=3, seed=seed)
        lone = replace(choices, workers=np.arange(90), sizes=(30, 90, categories))
        votes = np.sort(_votes(lone), axis=1)
        clear = votes[:, -1] > votes[:, -2]
        best = learn_choices(lone).posterior.argmax(axis=1)[clear]
        plural = _votes(lone).argmax(axis=1)[clear]
        changed.append((best != plural).mean())
        ours.append((best == truth[clear]).mean())
        voted.append((plural == truth[clear]).mean())
    assert np.mean(changed) < 0.03
    assert np.mean(ours) > np.mean(voted) - 0.01


def test_an_adversary_is_turned_round() -> None:
    choices, truth = _crowd([_coin(0.7, 2)] * 4 + [_coin(0.05, 2)], 400)
    estimate = learn_choices(choices)
    assert estimate.reliability[4] < 0.15
    without = replace(
        choices,
        items=choices.items[choices.workers < 4],
        workers=choices.workers[choices.workers < 4],
        chosen=choices.chosen[choices.workers < 4],
    )
    assert _accuracy(estimate, truth) > _accuracy(learn_choices(without), truth) + 0.05


def test_a_spammer_and_a_constant_answerer_say_nothing() -> None:
    constant = np.zeros((3, 3))
    constant[:, 1] = 1
    choices, _ = _crowd([_coin(0.85, 3)] * 4 + [_coin(1 / 3, 3), constant], 1000)
    rows = learn_choices(choices).model.workers
    said = rows[:, :, :].max(axis=1) - rows.min(axis=1)
    assert said[4].max() < 0.5
    assert said[5, 1] < 0.1
    assert said[:4].min() > 2


def test_workers_who_are_alike_are_found_alike_and_others_not() -> None:
    alike, _ = _crowd([_coin(0.8, 4)] * 30, 600, per_item=5)
    apart, _ = _crowd([_coin(right, 4) for right in np.linspace(0.3, 0.98, 30)], 600, per_item=5)
    found, wide = learn_choices(alike).model.differences, learn_choices(apart).model.differences
    assert found.ability < 0.6
    assert wide.ability > 1


def test_counts_of_earlier_batches_stand_for_their_answers() -> None:
    choices, truth = _crowd([_coin(right, 3) for right in np.linspace(0.4, 0.95, 12)], 600, per_item=5)
    whole = learn_choices(choices)
    first, second = _part(choices, slice(0, 300)), _part(choices, slice(300, 600))
    none = np.zeros((3, 3))
    early = learn_choices(first)
    late = learn_choices(second, Known(early.counts, none))
    other_way = learn_choices(first, Known(learn_choices(second).counts, none))
    assert early.counts.sum() + late.counts.sum() == pytest.approx(len(choices.items))
    assert late.reliability == pytest.approx(whole.reliability, abs=0.05)
    assert other_way.reliability == pytest.approx(whole.reliability, abs=0.05)
    assert late.answers == pytest.approx(whole.answers)
    fresh = learn_choices(_part(choices, slice(300, 310)))
    helped = learn_choices(_part(choices, slice(300, 310)), Known(early.counts, none))
    assert _accuracy(helped, truth[300:310]) >= _accuracy(fresh, truth[300:310])


def test_what_is_known_of_others_tells_of_the_typical_worker() -> None:
    choices, _ = _crowd([_coin(0.8, 2)] * 3, 1)
    careless = Known(np.zeros((3, 2, 2)), np.array([[550.0, 450.0], [450.0, 550.0]]))
    assert learn_choices(choices, careless).reliability[-1] == pytest.approx(0.55, abs=0.02)


def test_known_truth_is_kept_and_tells_who_is_right() -> None:
    choices, truth = _crowd([_coin(0.9, 2)] * 2 + [_coin(0.1, 2)] * 3, 200)
    deceived = learn_choices(choices)
    assert _accuracy(deceived, truth) < 0.5
    gold = np.where(np.arange(200) < 30, truth, -1)
    told = learn_choices(replace(choices, truth=gold))
    assert (told.posterior[np.arange(30), truth[:30]] == 1).all()
    assert _accuracy(told, truth) > 0.9
    assert told.reliability[0] > 0.8
    assert told.reliability[4] < 0.2


def test_an_item_that_stands_for_several_counts_as_several() -> None:
    choices, _ = _crowd([_coin(0.9, 3), _coin(0.7, 3), _coin(0.6, 3), _coin(0.8, 3)], 60)
    twice = Choices(
        np.append(choices.items, choices.items + 60),
        np.tile(choices.workers, 2),
        np.tile(choices.chosen, 2),
        (120, 4, 3),
    )
    once = learn_choices(replace(choices, copies=np.full(60, 2.0)))
    assert once.posterior == pytest.approx(learn_choices(twice).posterior[:60])


def test_a_worker_counts_once_per_item_with_the_last_answer() -> None:
    choices, _ = _crowd([_coin(0.8, 2)] * 5, 50)
    again = Choices(
        np.append(choices.items, choices.items),
        np.append(choices.workers, choices.workers),
        np.append(1 - choices.chosen, choices.chosen),
        choices.sizes,
    )
    assert (learn_choices(again).posterior == learn_choices(choices).posterior).all()


def test_order_of_answers_items_and_workers_changes_nothing() -> None:
    choices, _ = _crowd([_coin(right, 4) for right in np.linspace(0.3, 0.9, 9)], 200, per_item=4)
    random = np.random.default_rng(5)
    items, workers, order = random.permutation(200), random.permutation(9), random.permutation(800)
    mixed = Choices(
        items[choices.items][order], workers[choices.workers][order], choices.chosen[order], choices.sizes
    )
    straight, other = learn_choices(choices), learn_choices(mixed)
    assert other.posterior[items] == pytest.approx(straight.posterior)
    assert other.reliability[workers] == pytest.approx(straight.reliability[:-1])


def test_nothing_to_learn_from_gives_typical_workers() -> None:
    nobody = np.zeros(0, np.int64)
    estimate = learn_choices(Choices(nobody, nobody, nobody, (2, 0, 3)))
    assert estimate.posterior == pytest.approx(np.full((2, 3), 1 / 3))
    assert estimate.reliability == pytest.approx([0.8])


def test_a_category_nobody_chose_is_possible_but_unlikely() -> None:
    choices, _ = _crowd([_coin(0.8, 2)] * 4, 50)
    wider = learn_choices(replace(choices, sizes=(50, 4, 3)))
    assert (wider.posterior[:, 2] > 0).all()
    assert wider.posterior[:, 2].max() < 0.05


def test_answers_under_a_fixed_model_and_of_strangers() -> None:
    choices, _ = _crowd([_coin(right, 3) for right in (0.9, 0.8, 0.7, 0.5)], 300)
    estimate = learn_choices(choices)
    assert posteriors(choices, estimate.model) == pytest.approx(estimate.posterior)
    strangers = Choices(np.zeros(2, np.int64), np.array([-1, 3]), np.array([1, 2]), (1, 4, 3))
    assert posteriors(strangers, estimate.model)[0].argmax() == 1
    one, two = (
        posteriors(
            Choices(np.zeros(n, np.int64), np.full(n, -1), np.ones(n, np.int64), (1, 4, 3)), estimate.model
        )
        for n in (1, 2)
    )
    assert two[0, 1] > one[0, 1]


def test_confidence_of_simulated_crowds_is_near_their_accuracy() -> None:
    """Workers who err independently deserve more than is shown; those who err alike, on the same items, deserve no less."""
    random = np.random.default_rng(2)
    gaps = []
    for hard in (0.0, 0.25):
        choices, truth = _crowd([_coin(r, 2) for r in np.linspace(0.65, 0.95, 20)], 1500, per_item=5)
        misled = (random.random(1500) < hard)[choices.items] & (random.random(len(choices.items)) < 0.5)
        chosen = np.where(misled, 1 - truth[choices.items], choices.chosen)
        posterior = learn_choices(replace(choices, chosen=chosen)).posterior
        shown = calibrated(posterior, np.full(1500, 5)).max(axis=1).mean()
        gaps.append(float((posterior.argmax(axis=1) == truth).mean() - shown))
    assert 0 < gaps[0] < 0.12
    assert -0.05 < gaps[1] < 0.05


def test_calibration_keeps_the_order_and_never_claims_certainty() -> None:
    posterior = np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0]])
    shown = calibrated(posterior, np.array([9, 9]))
    assert shown.sum(axis=1) == pytest.approx(1)
    assert (shown[0].argsort() == posterior[0].argsort()).all()
    assert 0 < shown[1, 1] < shown[1, 0] < 0.97
    assert calibrated(posterior, np.array([3, 3]))[0, 0] > shown[0, 0]
