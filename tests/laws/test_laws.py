"""The laws that hold for every kind's merge."""

from __future__ import annotations

import copy
import json
import pickle
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consolidation.estimation.tallies import Tallies
from consolidation.kinds import KINDS
from consolidation.kinds.base import Task, merge_answers, study_answers
from consolidation.label import serialise
from shared.errors import AnswerError
from shared.json_node import JsonNode
from tests import strategies
from tests.elements import read_png
from tests.laws.every_kind import UNDER_LAW
from tests.laws.merging import KindUnderLaw, Merged

STEADY = tuple(law.under(method) for law in UNDER_LAW for method in ("majority", "em"))
"""Every kind with votes that other answers do not change: one worker, one vote, or workers of whom nothing is known."""
EVERY = (*STEADY, *(law.under("em", own_skill=True) for law in UNDER_LAW))
"""These, and every kind with the skill that the very answers show."""
every_kind = pytest.mark.parametrize("law", EVERY, ids=str)


def test_every_kind_is_under_the_laws() -> None:
    """A kind added to the table of kinds needs its file in `tests/laws/kinds/`."""
    assert tuple(law.kind for law in UNDER_LAW) == KINDS


@every_kind
@given(data=st.data())
def test_worker_order_changes_nothing(law: KindUnderLaw, data: st.DataObject) -> None:
    elements = data.draw(law.elements)
    names = [f"worker-{place}" for place in range(len(elements))]
    order = data.draw(st.permutations(range(len(elements))))
    straight = law.merge(elements, workers=names)
    shuffled = law.merge([elements[place] for place in order], workers=[names[place] for place in order])
    assert _bytes(shuffled) == _bytes(straight)


@every_kind
@given(data=st.data())
def test_the_same_answers_give_the_same_bytes(law: KindUnderLaw, data: st.DataObject) -> None:
    elements = data.draw(law.elements)
    assert _bytes(law.merge(copy.deepcopy(elements))) == _bytes(law.merge(elements))


@every_kind
@given(data=st.data(), workers=st.integers(1, 5))
def test_unanimity_is_returned_unchanged(law: KindUnderLaw, data: st.DataObject, workers: int) -> None:
    element = data.draw(law.elements)[0]
    merged = law.merge([element] * workers)
    assert law.essence(law.as_element(merged.label, merged.artefacts)) == law.essence(element)
    assert not merged.label.get("candidates")
    assert set(merged.consensus.worker_agreement.values()) == {1.0}


@pytest.mark.parametrize("law", UNDER_LAW, ids=str)
@given(data=st.data(), workers=st.integers(2, 4))
def test_workers_who_agree_on_everything_are_believed_ever_after(
    law: KindUnderLaw, data: st.DataObject, workers: int
) -> None:
    """What was learned of them in one batch leaves nothing of theirs under quorum in the next."""
    law = law.under("em")
    seen = data.draw(law.elements)
    task = Task(law.settings, strategies.CATEGORIES, law.data_object)
    evidence = [
        study.evidence
        for element in seen
        if (study := study_answers(law.kind, law.answers([element] * workers), task)).evidence is not None
    ]
    earlier = law.kind.learn(evidence, Tallies(), task).tallies
    element = seen[0]
    for skill in (law.kind.learn([], earlier, task).skill, law.kind.learn(evidence, earlier, task).skill):
        merged = law.merge([element] * workers, skill=skill)
        assert law.essence(law.as_element(merged.label, merged.artefacts)) == law.essence(element)
        assert not merged.label.get("candidates")


@every_kind
@given(data=st.data())
def test_a_worker_of_weight_zero_counts_as_absent(law: KindUnderLaw, data: st.DataObject) -> None:
    elements = data.draw(law.elements)
    silent = data.draw(law.elements)[0]
    weights = [1.0] * len(elements)
    without = law.merge(elements)
    beside = law.merge([*elements, silent], weights=[*weights, 0.0])
    assert _bytes(beside) == _bytes(without)
    assert [rejection.worker_id for rejection in beside.consensus.rejected] == [f"worker-{len(elements)}"]


@every_kind
@given(data=st.data())
def test_inputs_are_not_modified(law: KindUnderLaw, data: st.DataObject) -> None:
    answers = law.answers(data.draw(law.elements))
    before = pickle.dumps(answers)
    task = Task(law.settings, strategies.CATEGORIES, law.data_object, law.skill)
    merge_answers(law.kind, answers, task)
    assert pickle.dumps(answers) == before


@pytest.mark.parametrize("law", STEADY, ids=str)
@given(data=st.data())
def test_a_worker_who_agrees_does_not_lower_the_confidence(law: KindUnderLaw, data: st.DataObject) -> None:
    elements = data.draw(law.elements)
    assume(len(elements) > 1)
    merged = law.merge(elements)
    agreeing = law.as_element(merged.label, merged.artefacts)
    joined = law.merge([*elements, agreeing])
    before, after = merged.consensus.confidence, joined.consensus.confidence
    assert before is not None
    assert after is not None
    assert 0 <= before <= 1
    assert after >= before - 1e-12


@pytest.mark.parametrize("law", [law for law in EVERY if law.renamed], ids=str)
@given(data=st.data())
def test_renaming_categories_renames_the_label(law: KindUnderLaw, data: st.DataObject) -> None:
    elements = data.draw(law.elements)
    names = {name: f"new {name}" for name in strategies.CATEGORIES}
    assert law.renamed is not None
    other = law.merge(
        [law.renamed(element, names) for element in elements], label_categories=list(names.values())
    )
    straight = law.merge(elements)
    label = json.loads(json.dumps(other.resolved()).replace("new ", ""))
    assert (label, _images(other)) == (straight.resolved(), _images(straight))


@pytest.mark.parametrize("law", [law for law in EVERY if law.mirrored], ids=str)
@given(data=st.data())
def test_mirroring_the_image_mirrors_the_label(law: KindUnderLaw, data: st.DataObject) -> None:
    elements = data.draw(law.elements)
    assert law.mirrored is not None
    straight = law.merge(elements)
    mirrored = law.merge([law.mirrored(element) for element in elements])
    assert mirrored.consensus.confidence == pytest.approx(straight.consensus.confidence)
    assert mirrored.consensus.agreement == pytest.approx(straight.consensus.agreement)
    if "mask-ref" in straight.label:
        one = read_png(straight.artefacts[straight.label["mask-ref"]])
        other = read_png(mirrored.artefacts[mirrored.label["mask-ref"]])
        assert (other[:, ::-1] == one).all()
    else:
        expected = law.essence(law.mirrored(law.as_element(straight.label, straight.artefacts)))
        found = law.essence(law.as_element(mirrored.label, mirrored.artefacts))
        law.close(found, expected)


@every_kind
@given(data=st.data())
def test_every_part_is_a_label_a_candidate_or_a_rejection(law: KindUnderLaw, data: st.DataObject) -> None:
    elements = data.draw(law.elements)
    merged = law.merge(elements)
    rejected = len(merged.consensus.rejected)
    assert law.accounted(merged) + rejected == sum(law.parts(element) for element in elements)


@every_kind
@given(data=st.data())
def test_labels_are_plain_json(law: KindUnderLaw, data: st.DataObject) -> None:
    label = law.merge(data.draw(law.elements)).label
    _assert_plain(label)
    assert json.loads(serialise(label)) == label


@every_kind
@given(data=st.data())
def test_only_documented_errors_come_out_of_parsing(law: KindUnderLaw, data: st.DataObject) -> None:
    element = data.draw(strategies.near_json(law.keys))
    law.kind.recognise(element)
    with suppress(AnswerError):
        law.kind.parse(JsonNode(element, "$", AnswerError), law.settings.limits)


def _bytes(merged: Merged) -> tuple[bytes, dict[str, bytes]]:
    return serialise(merged.label), merged.artefacts


def _images(merged: Merged) -> dict[str, bytes]:
    return {uri: body for uri, body in merged.artefacts.items() if not uri.endswith(".json")}


def _assert_plain(value: Any) -> None:
    assert type(value) in {dict, list, str, int, float, bool, type(None)}
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for member in members:
        _assert_plain(member)
