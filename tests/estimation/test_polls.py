"""Many questions, each answered by few."""

from __future__ import annotations

import numpy as np
import pytest

from consolidation.estimation.polls import NOBODY, poll
from consolidation.estimation.votes import count_votes, winner


def test_most_votes_win_and_nobody_wins_what_nobody_answers() -> None:
    questions, choices = np.array([0, 0, 0, 2]), np.array([1, 0, 1, 3])
    assert poll(questions, choices, np.ones(4), np.ones(4), 4).tolist() == [1, NOBODY, 3, NOBODY]


@pytest.mark.parametrize(("skill", "expected"), [([1.0, 2.0], 5), ([2.0, 1.0], 7), ([1.0, 1.0], 5)])
def test_ties_go_to_skill_then_to_the_lower_choice(skill: list[float], expected: int) -> None:
    both = np.zeros(2, np.int64)
    assert poll(both, np.array([7, 5]), np.ones(2), np.array(skill), 1).tolist() == [expected]


def test_no_answers_at_all() -> None:
    nothing = np.zeros(0, np.int64)
    assert poll(nothing, nothing, np.zeros(0), np.zeros(0), 2).tolist() == [NOBODY, NOBODY]


def test_each_question_is_decided_as_it_would_be_alone() -> None:
    random = np.random.default_rng(0)
    questions, choices = random.integers(0, 40, 200), random.integers(0, 3, 200)
    votes, skill = random.choice([0.5, 1.0], 200), random.choice([1.0, 2.0], 200)
    found = poll(questions, choices, votes, skill, 40)
    for question in np.unique(questions).tolist():
        asked = questions == question
        given = (count_votes(choices[asked], counted[asked], 3) for counted in (votes, skill))
        assert found[question] == winner(*given)[0]
