"""Multi-label, ranking and text under the method `em`: who chooses, orders and writes rightly is learned over a batch."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Kind, Task, merge_answers, study_answers
from consolidation.kinds.multi_label import MultiLabelKind
from consolidation.kinds.ranking import RankingKind
from consolidation.kinds.skill import GOLD, Learned
from consolidation.kinds.text import TextKind
from shared.errors import AnswerError
from shared.json_node import Json, JsonNode
from shared.settings import Settings

CATEGORIES = ("ant", "bee", "cat", "dog", "eel", "fox")
TASK = Task(Settings(method="em"), CATEGORIES)
Said = Mapping[str, Json]
Draw = Callable[[random.Random], Any]


def _labels(*names: str) -> Json:
    return {"labels": list(names)}


def _some(rng: random.Random, chance: float = 0.3) -> Json:
    return _labels(*(name for name in CATEGORIES if rng.random() < chance))


def _order(rng: random.Random) -> Json:
    return rng.sample(CATEGORIES, len(CATEGORIES))


def _sentence(rng: random.Random) -> Json:
    return " ".join(f"word{rng.randrange(500)}" for _ in range(8))


KINDS = pytest.mark.parametrize(
    ("kind", "draw"),
    [
        pytest.param(MultiLabelKind(), _some, id="multi-label"),
        pytest.param(RankingKind(), _order, id="ranking"),
        pytest.param(TextKind(), _sentence, id="text"),
    ],
)


def _answers(kind: Kind, said: Said) -> list[Answer]:
    return [
        Answer(
            worker,
            kind.parse(JsonNode(element, "$", AnswerError), TASK.settings.limits),
            gold=worker == GOLD,
        )
        for worker, element in said.items()
    ]


def _learned(kind: Kind, batch: Sequence[Said], known: Tallies | None = None) -> Learned:
    studies = [study_answers(kind, _answers(kind, said), TASK) for said in batch]
    evidence = [study.evidence for study in studies if study.evidence is not None]
    return kind.learn(evidence, known or Tallies(), TASK)


def _label(kind: Kind, said: Said, learned: Learned | None) -> dict[str, Any]:
    task = replace(TASK, settings=Settings(method="majority")) if learned is None else TASK
    task = replace(task, skill=learned.skill if learned else None)
    return kind.write(merge_answers(kind, _answers(kind, said), task), task, lambda *_: "")


def _value(kind: Kind, said: Said, learned: Learned | None) -> Any:
    label = _label(kind, said, learned)
    found = next(label[key] for key in ("class-names", "ranking", "value") if key in label)
    return [one["item"] for one in found] if kind.name == "ranking" else found


def _batch(draw: Draw, objects: int = 40) -> list[Said]:
    """`a` and `b` say what is true, three others anything."""
    rng = random.Random(5)
    batch: list[Said] = []
    for _ in range(objects):
        truth = draw(rng)
        batch.append({"a": truth, "b": truth, **{f"wild-{number}": draw(rng) for number in range(3)}})
    return batch


@KINDS
def test_two_who_know_outweigh_three_who_do_not(kind: Kind, draw: Draw) -> None:
    batch = _batch(draw)
    learned = _learned(kind, batch)
    found = [_value(kind, said, learned) for said in batch]
    truth = [_value(kind, {"a": said["a"]}, None) for said in batch]
    voted = [_value(kind, said, None) for said in batch]
    right = sum(one == true for one, true in zip(found, truth, strict=True))
    assert right >= 0.9 * len(batch)
    by_vote = sum(one == true for one, true in zip(voted, truth, strict=True))
    assert right >= by_vote
    assert right > by_vote or kind.name == "text"  # two who write the same are the medoid among others' junk
    assert learned.reliability_of("a") > 0.85
    assert learned.reliability_of("wild-1") < 0.65


@KINDS
def test_gold_answers_show_who_is_right(kind: Kind, draw: Draw) -> None:
    rng = random.Random(2)
    batch: list[Said] = []
    for _ in range(40):
        truth, wrong = draw(rng), draw(rng)
        batch.append({GOLD: truth, "able": truth, "copy-1": wrong, "copy-2": wrong})
    learned = _learned(kind, batch)
    assert learned.reliability_of("able") > 0.85
    assert learned.reliability_of("copy-1") < 0.65
    truth, wrong = draw(rng), draw(rng)
    said = {"able": truth, "copy-1": wrong}
    assert _value(kind, said, learned) == _value(kind, {"able": truth}, None)


@KINDS
def test_two_batches_are_as_one(kind: Kind, draw: Draw) -> None:
    batch = _batch(draw)
    first = _learned(kind, batch[:20])
    one, two = _learned(kind, batch), _learned(kind, batch[20:], first.tallies)
    for person in ("a", "wild-0"):
        assert two.reliability_of(person) == pytest.approx(one.reliability_of(person), abs=0.1)
    found = [_value(kind, said, two) == _value(kind, said, one) for said in batch]
    assert sum(found) >= 0.9 * len(batch)


@KINDS
def test_what_is_known_tells_of_a_lone_object(kind: Kind, draw: Draw) -> None:
    *earlier, said = _batch(draw)
    learned = _learned(kind, [said], _learned(kind, earlier).tallies)
    assert _value(kind, said, learned) == _value(kind, {"a": said["a"]}, None)


@KINDS
def test_what_all_say_alike_stands(kind: Kind, draw: Draw) -> None:
    rng = random.Random(3)
    learned = _learned(kind, _batch(draw))
    answer = draw(rng)
    for workers in (["a", "wild-0", "new"], ["wild-0", "wild-1", "wild-2"]):
        found = _value(kind, dict.fromkeys(workers, answer), learned)
        assert found == _value(kind, {"a": answer}, None)


@KINDS
def test_the_order_of_workers_and_objects_changes_nothing(kind: Kind, draw: Draw) -> None:
    batch = _batch(draw, 10)
    turned = [dict(reversed(list(said.items()))) for said in batch]
    one, other = _learned(kind, batch), _learned(kind, turned)
    assert one.tallies == other.tallies
    assert [_label(kind, said, one) for said in batch] == [_label(kind, said, other) for said in turned]


@pytest.mark.parametrize("kind", [MultiLabelKind(), RankingKind()], ids=["multi-label", "ranking"])
def test_a_lone_object_is_voted_on(kind: Kind) -> None:
    rng = random.Random(4)
    draw = _some if kind.name == "multi-label" else _order
    said = {name: draw(rng) for name in "abcde"}
    assert _label(kind, said, _learned(kind, [said])) == _label(kind, said, None)


def test_who_ticks_too_much_and_who_ticks_too_little_is_known() -> None:
    rng = random.Random(6)
    kind, batch = MultiLabelKind(), list[Said]()
    for _ in range(60):
        truth = [name for name in CATEGORIES if rng.random() < 0.3]
        more = [name for name in CATEGORIES if name in truth or rng.random() < 0.5]
        less = [name for name in truth if rng.random() < 0.4]
        batch.append(
            {"a": _labels(*truth), "b": _labels(*truth), "c": _labels(*truth)}
            | {"much": _labels(*more), "little": _labels(*less)}
        )
    learned = _learned(kind, batch)
    assert _value(kind, {"a": _labels("ant"), "much": _labels("ant", "bee")}, learned) == ["ant"]
    assert _value(kind, {"a": _labels("ant"), "little": _labels()}, learned) == ["ant"]
    silent = [
        _label(kind, {"a": _labels("ant"), worker: _labels()}, learned)["confidence-map"]["ant"]
        for worker in ("little", "b")
    ]
    assert silent[0] > silent[1]


def test_a_quorum_asks_for_more_under_em_too() -> None:
    kind, batch = MultiLabelKind(), _batch(_some)
    learned = _learned(kind, batch)
    said = {"a": _labels("ant"), "b": _labels()}
    lenient, strict = (
        replace(TASK, settings=Settings(quorum=quorum), skill=learned.skill) for quorum in (0.0, 0.9)
    )
    assert [vote.accepted for vote in merge_answers(kind, _answers(kind, said), lenient).merged.votes] == [
        True
    ]
    assert [vote.accepted for vote in merge_answers(kind, _answers(kind, said), strict).merged.votes] == [
        False
    ]


def test_a_worker_who_ranks_upside_down_is_read_backwards() -> None:
    rng = random.Random(8)
    kind, batch = RankingKind(), list[Said]()
    for _ in range(30):
        truth = rng.sample(CATEGORIES, 6)
        batch.append({"a": truth, "b": truth, "c": truth, "turned": truth[::-1], "turned-too": truth[::-1]})
    learned = _learned(kind, batch)
    assert learned.reliability_of("turned") < 0.2
    order = ["fox", "ant", "dog", "bee", "eel", "cat"]
    said = {
        "new": ["ant", "fox", "dog", "bee", "eel", "cat"],
        "turned": order[::-1],
        "turned-too": order[::-1],
    }
    assert _value(kind, said, learned) == order
    assert _value(kind, {"turned": order}, learned) == order


def test_whom_others_bear_out_is_believed_where_all_differ() -> None:
    rng = random.Random(9)
    kind, batch = TextKind(), list[Said]()
    for _ in range(30):
        truth = [f"word{rng.randrange(500)}" for _ in range(10)]
        spoiled = {
            name: " ".join("oops" + name if rng.random() < chance else word for word in truth)
            for name, chance in (("careful", 0.02), ("sloppy", 0.4), ("sloppier", 0.5))
        }
        batch.append(spoiled)
    learned = _learned(kind, batch)
    assert learned.reliability_of("careful") > learned.reliability_of("sloppy") > 0.45
    said = {"careful": "turn left here", "sloppier": "turn lift here", "sloppy": "turn loft here"}
    assert _value(kind, said, learned) == "turn left here"


def test_junk_leaves_the_confidence_to_those_who_read() -> None:
    rng = random.Random(10)
    kind, batch = TextKind(), list[Said]()
    for _ in range(30):
        truth = _sentence(rng)
        batch.append({"a": truth, "b": truth, "c": truth, "junk": _sentence(rng)})
    learned = _learned(kind, batch)
    voted, found = (_label(kind, batch[0], how)["confidence"] for how in (None, learned))
    assert found > voted > 0.7
