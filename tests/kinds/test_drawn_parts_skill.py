"""What a user sees of polygons and polylines under `em`: exact hands count for more, those that lean are set right."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Kind, Task, merge_answers, study_answers
from consolidation.kinds.polygons import PolygonsKind
from consolidation.kinds.polylines import PolylinesKind
from consolidation.kinds.skill import GOLD
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings

TASK = Task(replace(Settings(), method="em"), ("thing",))
Points = list[tuple[float, float]]
Elements = Mapping[str, Points]


def _round(radius: float, random: np.random.Generator, noise: float) -> Points:
    """An outline around (100, 100) whose border is off by an amount that changes slowly along it."""
    angle = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    waves = [np.cos(wave * angle + random.uniform(0, 7)) for wave in range(1, 5)]
    off = np.sum(waves, axis=0) * noise / 2
    return [(100 + r * math.cos(a), 100 + r * math.sin(a)) for a, r in zip(angle, radius + off, strict=True)]


def _wave(random: np.random.Generator, noise: float) -> Points:
    """A line along y = 50 that wanders."""
    x = np.linspace(10, 300, 30)
    waves = [np.sin(wave * x / 60 + random.uniform(0, 7)) for wave in range(1, 5)]
    off = np.sum(waves, axis=0) * noise / 2
    return list(zip(x.tolist(), (50 + off).tolist(), strict=True))


def _answers(kind: Kind, drawn: Elements) -> list[Answer]:
    answers = []
    for worker, points in drawn.items():
        part = {"label": "thing", "vertices": [{"x": x, "y": y} for x, y in points]}
        node = JsonNode({kind.name: [part]}, "$", AnswerError)
        answers.append(Answer(worker, kind.parse(node, TASK.settings.limits), gold=worker == GOLD))
    return answers


def _evidence(kind: Kind, batch: Sequence[Elements]) -> list[Any]:
    return [study_answers(kind, _answers(kind, drawn), TASK).evidence for drawn in batch]


def _vertices(kind: Kind, drawn: Elements, skill: Any) -> Any:
    """The vertices of the first part, a candidate perhaps."""
    merged = merge_answers(kind, _answers(kind, drawn), replace(TASK, skill=skill)).merged
    first = (*merged.labels, *merged.candidates)[0]
    return np.array(first.outline if isinstance(kind, PolygonsKind) else first.vertices)


def _radius(kind: Kind, drawn: Elements, skill: Any) -> float:
    return float(np.hypot(*(_vertices(kind, drawn, skill) - 100).T).mean())


def _off(kind: Kind, drawn: Elements, skill: Any) -> float:
    """How far the part's vertices lie from the truth, on average."""
    vertices = _vertices(kind, drawn, skill)
    if isinstance(kind, PolygonsKind):
        return float(np.abs(np.hypot(*(vertices - 100).T) - 50).mean())
    return float(np.abs(vertices[:, 1] - 50).mean())


def _draw(kind: Kind, random: np.random.Generator, noise: float) -> Points:
    return _round(50, random, noise) if isinstance(kind, PolygonsKind) else _wave(random, noise)


def _crowd(kind: Kind, random: np.random.Generator, things: int) -> list[dict[str, Points]]:
    noises = {"ann": 0.5, "bob": 0.5, "cat": 6.0, "dan": 6.0}
    return [{worker: _draw(kind, random, noise) for worker, noise in noises.items()} for _ in range(things)]


@pytest.mark.parametrize("kind", [PolygonsKind(), PolylinesKind()], ids=lambda kind: kind.name)
def test_over_a_batch_the_drawings_of_sloppy_workers_count_less(kind: Kind) -> None:
    random = np.random.default_rng(1)
    learned = kind.learn(_evidence(kind, _crowd(kind, random, 15)), Tallies(), TASK)
    stranger = kind.learn([], Tallies(), TASK)
    pairs = [{"ann": _draw(kind, random, 0.5), "cat": _draw(kind, random, 6.0)} for _ in range(10)]
    with_skill = np.mean([_off(kind, drawn, learned.skill) for drawn in pairs])
    without = np.mean([_off(kind, drawn, stranger.skill) for drawn in pairs])
    assert with_skill < 0.6 * without


def _leaning(random: np.random.Generator, widths: Mapping[str, float], things: int) -> list[Elements]:
    return [
        {worker: _round(50 + wide, random, 0.4) for worker, wide in widths.items()} for _ in range(things)
    ]


def test_a_worker_who_always_draws_four_pixels_too_wide_is_set_right() -> None:
    random = np.random.default_rng(2)
    kind = PolygonsKind()
    batch = _leaning(random, {"ann": 0, "bob": 0, "cat": 0, "wide": 4}, 15)
    skill = kind.learn(_evidence(kind, batch), Tallies(), TASK).skill
    pair = {"ann": _round(50, random, 0.4), "wide": _round(54, random, 0.4)}
    assert _radius(kind, pair, kind.learn([], Tallies(), TASK).skill) == pytest.approx(52, abs=0.4)
    assert _radius(kind, pair, skill) < 51.3


@pytest.mark.parametrize("way", [1, -1], ids=["wide", "tight"])
def test_gold_answers_show_that_everybody_draws_too_wide_or_tight(way: int) -> None:
    crowd = {"ann": 4 * way, "bob": 4 * way, "cat": 5 * way}
    random = np.random.default_rng(3)
    kind = PolygonsKind()
    known = [{**drawn, GOLD: _round(50, random, 0.0)} for drawn in _leaning(random, crowd, 12)]
    learned = kind.learn(_evidence(kind, known), Tallies(), TASK)
    later = kind.learn([], learned.tallies, TASK)
    drawn = _leaning(random, crowd, 1)[0]
    for skill in (learned.skill, later.skill):
        assert _radius(kind, drawn, skill) == pytest.approx(50, abs=0.8)


@pytest.mark.parametrize("kind", [PolygonsKind(), PolylinesKind()], ids=lambda kind: kind.name)
def test_of_unknown_workers_the_label_is_that_of_the_majority(kind: Kind) -> None:
    drawn = _crowd(kind, np.random.default_rng(4), 1)[0]
    unknown = replace(TASK, skill=kind.learn([], Tallies(), TASK).skill)
    plain = replace(TASK, settings=replace(TASK.settings, method="majority"))
    written = [
        json.dumps(
            kind.write(merge_answers(kind, _answers(kind, drawn), task), task, lambda body, extension: "")
        )
        for task in (unknown, plain)
    ]
    assert written[0] == written[1]


@pytest.mark.parametrize("kind", [PolygonsKind(), PolylinesKind()], ids=lambda kind: kind.name)
def test_what_an_earlier_batch_showed_is_as_good_as_seeing_it(kind: Kind) -> None:
    evidence = _evidence(kind, _crowd(kind, np.random.default_rng(5), 16))
    together = kind.learn(evidence, Tallies(), TASK).skill.hands
    earlier = kind.learn(evidence[:8], Tallies(), TASK).tallies
    after = kind.learn(evidence[8:], earlier, TASK).skill.hands
    for worker, variance in together.variances.items():
        assert after.variances[worker] == pytest.approx(variance, rel=0.35)


@pytest.mark.parametrize("kind", [PolygonsKind(), PolylinesKind()], ids=lambda kind: kind.name)
def test_merging_what_was_studied_and_merging_anew_give_the_same(kind: Kind) -> None:
    batch = _crowd(kind, np.random.default_rng(6), 4)
    studies = [study_answers(kind, _answers(kind, drawn), TASK) for drawn in batch]
    task = replace(TASK, skill=kind.learn([one.evidence for one in studies], Tallies(), TASK).skill)
    for study, drawn in zip(studies, batch, strict=True):
        labels = [
            kind.write(merge_answers(kind, _answers(kind, drawn), one), one, lambda body, extension: "")
            for one in (task, replace(task, arranged=study.arranged))
        ]
        assert labels[0] == labels[1]


def test_one_outline_elsewhere_does_no_harm_under_skill() -> None:
    random = np.random.default_rng(7)
    kind = PolygonsKind()
    skill = kind.learn(
        _evidence(kind, _leaning(random, {"ann": 0, "bob": 0, "cat": 0}, 10)), Tallies(), TASK
    ).skill
    drawn = {worker: _round(50, random, 0.4) for worker in ("ann", "bob")}
    moved = {**drawn, "cat": [(x + 15, y - 10) for x, y in _round(65, random, 0.4)]}
    assert _off(kind, moved, skill) < 1.0
