"""Skill at pixels: who marks what is there, and how much that counts."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation import pixel_skill as module
from consolidation.estimation.patterns import find_patterns
from consolidation.estimation.pixel_skill import (
    MARKED,
    MOST_PATTERNS,
    RIGHT,
    PixelEvidence,
    PixelSkill,
    learn_pixel_skill,
    object_shares,
    pixel_evidence,
    pixel_votes,
)
from consolidation.estimation.tallies import Tallies

Map = npt.NDArray[np.uint8]
CREW = ("ann", "bob", "cid", "dot")
CATEGORIES = 3


def _disc(radius: float, at: tuple[float, float] = (32, 32), side: int = 64) -> npt.NDArray[np.bool_]:
    y, x = np.mgrid[:side, :side]
    disc: npt.NDArray[np.bool_] = (y - at[0]) ** 2 + (x - at[1]) ** 2 <= radius**2
    return disc


def _scene(seed: int, noise: tuple[float, ...]) -> list[Map]:
    """A disc as several workers draw it, each with so much error in its place and radius; noise 99 is a scribble anywhere."""
    random = np.random.default_rng(seed)
    radius, maps = random.uniform(10, 18), []
    for spread in noise:
        wild = spread == 99
        centre = random.uniform(8, 56, 2) if wild else 32 + random.normal(0, spread, 2)
        drawn = _disc(10 if wild else radius + random.normal(0, spread), tuple(centre))
        maps.append(drawn.astype(np.uint8) * (random.integers(1, CATEGORIES + 1) if wild else 1))
    return [layer.astype(np.uint8) for layer in maps]


def _evidence(maps: list[Map], workers: tuple[str, ...] = CREW, truth: Map | None = None) -> PixelEvidence:
    known = [] if truth is None else [truth]
    patterns = find_patterns([*maps, *known], [CATEGORIES + 1] * (len(maps) + len(known)))
    right = None if truth is None else patterns.table[:, -1]
    own = dataclasses.replace(patterns, table=patterns.table[:, : len(maps)])
    found = pixel_evidence(own, workers, CATEGORIES, right)
    assert found is not None
    return found


def _batch(noise: tuple[float, ...], objects: int = 12) -> list[PixelEvidence]:
    return [_evidence(_scene(seed, noise), CREW[: len(noise)]) for seed in range(objects)]


def test_careful_workers_are_told_from_careless_ones_and_from_scribblers() -> None:
    skill, _ = learn_pixel_skill(_batch((0.3, 1.0, 3.0, 99)), Tallies())
    careful, fair, careless, scribbler = skill.of(CREW)
    assert careful > fair > careless > scribbler
    assert scribbler < 0.2


def test_background_on_which_all_agree_gives_nobody_skill() -> None:
    """The same drawings on a page ten times as wide."""
    maps = _scene(3, (0.5, 1.0, 3.0, 99))
    wide = [np.pad(layer, ((0, 0), (0, 600))) for layer in maps]
    near, _ = learn_pixel_skill([_evidence(maps)], Tallies())
    far, _ = learn_pixel_skill([_evidence(wide)], Tallies())
    assert near.shares == far.shares


def test_nothing_marked_is_no_evidence() -> None:
    empty = [np.zeros((4, 4), np.uint8)] * 3
    assert pixel_evidence(find_patterns(list(empty), [2] * 3), CREW[:3], 1) is None


def test_without_evidence_nobody_is_known() -> None:
    skill, tallies = learn_pixel_skill([], Tallies())
    assert skill.shares == {}
    assert not tallies
    assert skill.of(["anybody"]).tolist() == [skill.typical]


def test_tallies_of_one_half_stand_for_it_when_the_other_is_learned() -> None:
    noise = (0.3, 1.0, 3.0, 99)
    shown = _batch(noise, 24)
    whole, sums = learn_pixel_skill(shown, Tallies())
    _, first = learn_pixel_skill(shown[:12], Tallies())
    second, later = learn_pixel_skill(shown[12:], first)
    assert second.of(CREW) == pytest.approx(whole.of(CREW), abs=0.03)
    for worker in CREW:
        for key in (RIGHT, MARKED):
            assert (first + later).of(worker)[key] == pytest.approx(sums.of(worker)[key], rel=0.05)


def test_tallies_alone_make_skill() -> None:
    _, sums = learn_pixel_skill(_batch((0.3, 3.0, 3.0, 3.0)), Tallies())
    skill, own = learn_pixel_skill([], sums)
    assert skill.of(CREW[:1])[0] > skill.of(CREW[1:]).max()
    assert not own


def test_a_gold_answer_says_who_is_right_against_the_others() -> None:
    """Three draw the same wrong thing, one draws what the gold answer has."""
    wrong, right = _disc(8, (16, 16)).astype(np.uint8), _disc(12).astype(np.uint8)
    maps = [wrong, wrong, wrong, right]
    blind, _ = learn_pixel_skill([_evidence(maps)] * 4, Tallies())
    told, _ = learn_pixel_skill([_evidence(maps, truth=right)] * 4, Tallies())
    assert blind.of(CREW)[3] < blind.of(CREW)[0]
    assert told.of(CREW)[3] > 0.95
    assert told.of(CREW)[:3].max() < 0.2


def test_a_gold_answer_that_nobody_gave_makes_all_wrong() -> None:
    drawn = _disc(12).astype(np.uint8)
    told, _ = learn_pixel_skill([_evidence([drawn] * 4, truth=3 * drawn)] * 4, Tallies())
    assert told.of(CREW).max() < 0.2


def test_a_worker_who_is_careless_on_one_object_counts_less_there() -> None:
    skill, _ = learn_pixel_skill(_batch((0.5, 0.5, 0.5, 0.5)), Tallies())
    steady = _disc(14).astype(np.uint8)
    here = _evidence([steady, steady, steady, _disc(14, (24, 24)).astype(np.uint8)])
    shares = object_shares(here, skill)
    assert shares[3] < skill.of(CREW)[3]
    assert shares[3] < shares[:3].min()


def test_votes_of_equal_workers_are_exactly_one_each() -> None:
    assert pixel_votes(np.full(5, 0.87)).tolist() == [1.0] * 5


def test_votes_grow_with_the_share_and_are_as_many_as_the_workers_who_matter() -> None:
    votes = pixel_votes(np.array([0.05, 0.6, 0.9, 0.97]))
    assert (np.diff(votes) > 0).all()
    assert votes.min() > 0
    assert 1 < votes.sum() < 4


def test_evidence_is_small_whatever_was_drawn() -> None:
    random = np.random.default_rng(0)
    noise = [random.integers(0, 4, (200, 200)).astype(np.uint8) for _ in range(8)]
    workers = tuple(f"worker-{place}" for place in range(8))
    shown = pixel_evidence(find_patterns(list(noise), [4] * 8), workers, CATEGORIES)
    assert shown is not None
    assert len(shown.said) == MOST_PATTERNS


def test_the_order_of_objects_and_workers_changes_no_skill() -> None:
    shown = _batch((0.3, 1.0, 3.0, 99))
    skill, _ = learn_pixel_skill(shown, Tallies())
    again, _ = learn_pixel_skill(shown[::-1], Tallies())
    assert again.of(CREW) == pytest.approx(skill.of(CREW), abs=1e-9)


def test_a_job_is_learned_from_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _batch((0.3, 1.0, 3.0, 99))
    skill, sums = learn_pixel_skill(shown, Tallies())
    monkeypatch.setattr(module, "_TOGETHER", 5)
    again, pieces = learn_pixel_skill(shown, Tallies())
    assert again.of(CREW) == pytest.approx(skill.of(CREW), abs=1e-9)
    assert pieces.of("ann")[RIGHT] == pytest.approx(sums.of("ann")[RIGHT])


def test_skill_of_workers_who_never_met_is_measured_against_their_own_company() -> None:
    """Two crews of three, each with one scribbler."""
    first = [_evidence(_scene(seed, (0.5, 0.5, 99)), ("ann", "bob", "cid")) for seed in range(8)]
    second = [_evidence(_scene(seed, (99, 0.5, 0.5)), ("dot", "eve", "fay")) for seed in range(8, 16)]
    skill, _ = learn_pixel_skill([*first, *second], Tallies())
    assert skill.of(["cid", "dot"]).max() < 0.3
    assert skill.of(["ann", "bob", "eve", "fay"]).min() > 0.7


def test_an_unknown_worker_is_like_the_crowd() -> None:
    skill = PixelSkill({"ann": 0.9}, 0.7)
    assert skill.of(["ann", "zoe"]).tolist() == [0.9, 0.7]
