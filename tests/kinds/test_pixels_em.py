"""Semantic masks, point labels and instances under the method `em`: batches whose workers differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Consensus, Kind, Task, merge_answers, study_answers
from consolidation.kinds.skill import GOLD, Learned
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings
from tests.elements import instance_element, semantic_element
from tests.laws.kinds.point_labels import points_element
from tests.laws.merging import BY_NAME

Map = npt.NDArray[np.uint8]
SEMANTIC, POINTS, INSTANCE = (BY_NAME[name] for name in ("semantic-mask", "point-labels", "instance-mask"))
NAMES = ("ant", "bee")
TASK = Task(Settings(method="em"), NAMES)
PLAIN = Task(Settings(method="majority"), NAMES)
SIDE = 48


def _disc(radius: float, y: float = 24, x: float = 24) -> npt.NDArray[np.bool_]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    disc: npt.NDArray[np.bool_] = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    return disc


def _answers(kind: Kind, elements: Mapping[str, Any]) -> list[Answer]:
    return [
        Answer(
            worker, kind.parse(JsonNode(element, "$", AnswerError), TASK.settings.limits), gold=worker == GOLD
        )
        for worker, element in elements.items()
    ]


def _learned(kind: Kind, batch: Sequence[Sequence[Answer]]) -> Learned:
    evidence = [study_answers(kind, answers, TASK).evidence for answers in batch]
    return kind.learn([shown for shown in evidence if shown is not None], Tallies(), TASK)


def _merged(kind: Kind, answers: Sequence[Answer], learned: Learned) -> Consensus:
    return merge_answers(kind, answers, replace(TASK, skill=learned.skill))


def _semantic(maps: Mapping[str, Map]) -> list[Answer]:
    return _answers(SEMANTIC, {worker: semantic_element(drawn, NAMES) for worker, drawn in maps.items()})


def _scribbled(seed: int) -> dict[str, Map]:
    """Two careful workers, and two who scribble anywhere."""
    random = np.random.default_rng(seed)
    radius = random.uniform(9, 14)
    careful = {name: _disc(radius + random.normal(0, 0.3)).astype(np.uint8) for name in ("ann", "bob")}
    wild = {
        name: _disc(5, *random.uniform(5, 43, 2)).astype(np.uint8) * random.integers(1, 3)
        for name in ("cid", "dot")
    }
    return {name: drawn.astype(np.uint8) for name, drawn in {**careful, **wild}.items()}


def test_who_scribbles_no_longer_ties_with_who_works() -> None:
    """Two scribblers leave blank what two careful workers drew: a tie that plain voting gives to the background."""
    batch = [_semantic(_scribbled(seed)) for seed in range(8)]
    learned = _learned(SEMANTIC, batch)
    drawn, blank = _disc(12).astype(np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    divided = _semantic({"ann": drawn, "bob": drawn, "cid": blank, "dot": blank})
    assert not merge_answers(SEMANTIC, divided, PLAIN).merged.indices.any()
    assert (_merged(SEMANTIC, divided, learned).merged.indices == drawn).all()
    assert max(learned.reliability[name] for name in ("cid", "dot")) < 0.3


def test_strokes_of_a_scribbler_vanish_over_a_batch() -> None:
    batch = [_semantic(_scribbled(seed)) for seed in range(8)]
    learned = _learned(SEMANTIC, batch)
    for answers in batch:
        indices = _merged(SEMANTIC, answers, learned).merged.indices
        careful = np.stack([answers[place].value.colour_map.indices for place in (0, 1)])
        assert not indices[(careful == 0).all(axis=0)].any()


def test_one_who_draws_too_wide_yields_to_two_who_do_not() -> None:
    """Over a batch; on an object where one of the two is missing what is there, the wide one still counts."""
    random = np.random.default_rng(0)
    maps = [
        {
            name: _disc(radius + wide).astype(np.uint8)
            for name, wide in (("ann", 0), ("bob", 0.4), ("wide", 4))
        }
        for radius in random.uniform(8, 14, 6)
    ]
    learned = _learned(SEMANTIC, [_semantic(drawn) for drawn in maps])
    for drawn in maps:
        indices = _merged(SEMANTIC, _semantic(drawn), learned).merged.indices
        assert abs(int(indices.sum()) - int(drawn["bob"].sum())) <= 0.1 * drawn["bob"].sum()
    assert learned.reliability["wide"] < min(learned.reliability[name] for name in ("ann", "bob"))
    missed = _semantic(
        {
            "ann": _disc(10).astype(np.uint8),
            "bob": _disc(0).astype(np.uint8),
            "wide": _disc(14).astype(np.uint8),
        }
    )
    assert _merged(SEMANTIC, missed, learned).merged.indices[24, 30] == 1


@pytest.mark.parametrize("seed", range(3))
def test_unknown_workers_vote_plainly(seed: int) -> None:
    random = np.random.default_rng(seed)
    maps = {name: random.integers(0, 3, (12, 17)).astype(np.uint8) for name in ("ann", "bob", "cid", "dot")}
    unknown = SEMANTIC.learn([], Tallies(), TASK)
    plain, skilled = (
        merge_answers(SEMANTIC, _semantic(maps), PLAIN),
        _merged(SEMANTIC, _semantic(maps), unknown),
    )
    assert (skilled.merged.indices == plain.merged.indices).all()
    assert replace(skilled, merged=None) == replace(plain, merged=None)


@pytest.mark.parametrize("kind", [SEMANTIC, INSTANCE], ids=lambda kind: kind.name)
def test_what_was_arranged_changes_nothing(kind: Kind) -> None:
    maps = _scribbled(5)
    elements = {
        name: semantic_element(drawn, NAMES) if kind is SEMANTIC else instance_element(drawn, NAMES)
        for name, drawn in maps.items()
    }
    answers = _answers(kind, elements)
    study, learned = study_answers(kind, answers, TASK), _learned(kind, [answers])
    afresh = replace(TASK, skill=learned.skill)
    one, other = (
        merge_answers(kind, answers, task) for task in (afresh, replace(afresh, arranged=study.arranged))
    )
    assert _plain(one.merged) == _plain(other.merged)
    assert (one.confidence, one.agreement) == (other.confidence, other.agreement)


def _plain(merged: Any) -> Any:
    layers = (merged.indices,) if hasattr(merged, "indices") else merged.layers
    return [layer.tolist() for layer in layers]


def test_two_workers_alone_show_nothing_of_each_other() -> None:
    maps = _scribbled(1)
    assert (
        study_answers(SEMANTIC, _semantic({name: maps[name] for name in ("ann", "cid")}), TASK).evidence
        is None
    )


def test_a_gold_answer_tells_even_of_one_worker() -> None:
    right, wrong = _disc(12).astype(np.uint8), _disc(6, 10, 10).astype(np.uint8)
    elements = {
        "ann": semantic_element(right, NAMES),
        "bob": semantic_element(wrong, NAMES),
        GOLD: semantic_element(right, NAMES),
    }
    learned = _learned(SEMANTIC, [_answers(SEMANTIC, elements)] * 3)
    assert set(learned.reliability) == {"ann", "bob"}
    assert learned.reliability["ann"] > 0.9
    assert learned.reliability["bob"] < 0.2


def test_points_are_weighed_by_the_skill_of_their_workers() -> None:
    random = np.random.default_rng(0)
    batch = []
    for _ in range(6):
        truth = random.integers(0, 3, 400)
        said = {
            name: np.where(random.random(400) < chance, truth, random.integers(0, 3, 400))
            for name, chance in (("ann", 0.97), ("bob", 0.95), ("cid", 0.0), ("dot", 0.0))
        }
        batch.append((truth, said))
    crews = [
        _answers(
            POINTS,
            {name: points_element(values.tolist(), {1: "ant", 2: "bee"}) for name, values in said.items()},
        )
        for _, said in batch
    ]
    learned = _learned(POINTS, crews)
    right = [
        float((_merged(POINTS, crew, learned).merged.values == truth).mean())
        for crew, (truth, _) in zip(crews, batch, strict=True)
    ]
    voted = [
        float((merge_answers(POINTS, crew, PLAIN).merged.values == truth).mean())
        for crew, (truth, _) in zip(crews, batch, strict=True)
    ]
    assert min(right) > 0.95 > max(voted)


def test_an_instance_takes_the_outline_of_those_who_draw_well() -> None:
    """Over a batch two of four draw sloppily; where these two agree with each other, they no longer hold the outline up."""
    random = np.random.default_rng(0)
    batch = []
    for _ in range(8):
        drawn = {name: _disc(12 + random.normal(0, 0.2)) for name in ("ann", "bob")}
        drawn |= {
            name: _disc(12 + random.normal(0, 3), *(24 + random.normal(0, 3, 2))) for name in ("cid", "dot")
        }
        batch.append(_instances(drawn))
    learned = _learned(INSTANCE, batch)
    last = _instances({"ann": _disc(12), "bob": _disc(12), "cid": _disc(8), "dot": _disc(8)})
    plain = merge_answers(INSTANCE, last, PLAIN).merged.labels[0].pixels
    skilled = _merged(INSTANCE, last, learned).merged.labels[0].pixels
    assert plain == _disc(8).sum()
    assert skilled == _disc(12).sum()


def _instances(drawn: Mapping[str, npt.NDArray[np.bool_]]) -> list[Answer]:
    return _answers(
        INSTANCE, {name: instance_element(mask.astype(np.uint8), ["ant"]) for name, mask in drawn.items()}
    )


def test_outline_errors_add_up_over_batches() -> None:
    random = np.random.default_rng(0)
    batch = [
        _instances(
            {
                name: _disc(12 + random.normal(0, spread))
                for name, spread in (("ann", 0.2), ("bob", 1), ("cid", 3))
            }
        )
        for _ in range(8)
    ]
    whole, first, second = (_learned(INSTANCE, part) for part in (batch, batch[:3], batch[3:]))
    for worker in ("ann", "bob", "cid"):
        for key in (("outline-error",), ("outlines",)):
            both = first.tallies.of(worker)[key] + second.tallies.of(worker)[key]
            assert whole.tallies.of(worker)[key] == pytest.approx(both)
