"""What a batch teaches of workers who place things, and what comes of it: keypoints, cuboids and sequences under `em`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from consolidation.estimation.tallies import Tallies
from consolidation.kinds.base import Answer, Consensus, Kind, Task, merge_answers, study_answers
from consolidation.kinds.skill import GOLD, Learned
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings
from tests.elements import Element
from tests.laws.kinds.cuboids import cuboid
from tests.laws.merging import BY_NAME
from tests.video_elements import box, frame, video

TASK = Task(Settings(method="em"), ("left", "right"))
Batch = Sequence[Mapping[str, Any]]
NAMES = ("left", "right")


def _answers(kind: Kind, elements: Mapping[str, Any]) -> list[Answer]:
    return [
        Answer(
            worker, kind.parse(JsonNode(element, "$", AnswerError), TASK.settings.limits), gold=worker == GOLD
        )
        for worker, element in elements.items()
    ]


def _learned(kind: Kind, batch: Batch, known: Tallies | None = None) -> Learned:
    studies = [study_answers(kind, _answers(kind, elements), TASK) for elements in batch]
    return kind.learn([study.evidence for study in studies], known or Tallies(), TASK)


def _merged(kind: Kind, elements: Mapping[str, Any], learned: Learned) -> Consensus:
    return merge_answers(kind, _answers(kind, elements), replace(TASK, skill=learned.skill))


def _points(places: Mapping[str, tuple[float, float]]) -> Element:
    return {
        "keypoints": [{"label": name, "x": float(x), "y": float(y)} for name, (x, y) in places.items()],
        "inputImageProperties": {"width": 1000, "height": 1000},
    }


def _faces(count: int, deviations: Mapping[str, float], seed: int = 0) -> Batch:
    """Images with two points each, which the workers place with these deviations."""
    random = np.random.default_rng(seed)
    return [
        {
            worker: _points(
                {
                    "left": tuple(random.normal([300, 400], deviation)),
                    "right": tuple(random.normal([700, 400], deviation)),
                }
            )
            for worker, deviation in deviations.items()
        }
        for _ in range(count)
    ]


KEYPOINTS, CUBOIDS, TRACKS = BY_NAME["keypoints"], BY_NAME["cuboids"], BY_NAME["video-tracks"]
NOISY = {"ada": 1.0, "ben": 1.0, "cem": 12.0}
ONE_FACE = {
    "ada": _points({"left": (300, 400)}),
    "ben": _points({"left": (302, 400)}),
    "cem": _points({"left": (316, 400)}),
}


def _x(consensus: Consensus) -> float:
    return float(consensus.merged.labels[0].x)


def test_a_worker_who_was_inexact_elsewhere_counts_less_here() -> None:
    """Of two points nobody can say which is better, unless one of the workers is known."""
    two = {worker: ONE_FACE[worker] for worker in ("ada", "cem")}
    plain = _merged(KEYPOINTS, two, KEYPOINTS.learn([], Tallies(), TASK))
    skilled = _merged(KEYPOINTS, two, _learned(KEYPOINTS, _faces(20, NOISY)))
    assert _x(plain) == 308
    assert 300 <= _x(skilled) < 304


def test_a_worker_who_is_not_known_counts_as_a_usual_one() -> None:
    learned = _learned(KEYPOINTS, _faces(20, {"ada": 3.0, "ben": 3.0, "cem": 3.0}))
    two = {"new": ONE_FACE["ada"], "other": ONE_FACE["cem"]}
    assert _x(_merged(KEYPOINTS, two, learned)) == pytest.approx(308, abs=1)


def test_two_who_swap_left_and_right_are_outvoted_by_two_who_never_do() -> None:
    """A tie of votes for every name, which the tie rule would give to the first category."""

    def face(*, swapped: bool) -> Element:
        first, second = reversed(NAMES) if swapped else NAMES
        return _points({first: (300, 400), second: (700, 400)})

    usual = {"ada": False, "ben": False, "cem": False, "dora": True, "eve": True}
    batch = [{worker: face(swapped=swapped) for worker, swapped in usual.items()} for _ in range(15)]
    torn = {worker: face(swapped=usual[worker]) for worker in ("ada", "ben", "dora", "eve")}
    found = _merged(KEYPOINTS, torn, _learned(KEYPOINTS, batch)).merged.labels
    assert {point.decision.label: point.x for point in found} == {"left": 300, "right": 700}


def test_what_two_batches_teach_adds_up() -> None:
    workers = {"ada": 2.0, "ben": 3.0, "cem": 4.0, "dora": 5.0}
    first, second = _faces(30, workers, 1), _faces(40, workers, 2)
    early = _learned(KEYPOINTS, first)
    later = _learned(KEYPOINTS, second, early.tallies).skill.places.variance
    both = _learned(KEYPOINTS, [*first, *second]).skill.places.variance
    assert later == pytest.approx(both, rel=0.15)


def test_the_order_of_workers_does_not_matter() -> None:
    batch = _faces(8, NOISY)
    turned = [dict(reversed(list(elements.items()))) for elements in batch]
    assert _learned(KEYPOINTS, turned).tallies.to_wire() == _learned(KEYPOINTS, batch).tallies.to_wire()


def test_gold_answers_tell_who_is_exact_where_workers_alone_cannot() -> None:
    """Two workers only: which of them is inexact, their distance does not say."""
    batch = _faces(15, {"ada": 1.0, "cem": 12.0, GOLD: 0.0})
    variance = _learned(KEYPOINTS, batch).skill.places.variance
    assert GOLD not in variance
    assert variance["cem"] > 5 * variance["ada"]


def test_skill_may_decide_which_of_two_image_sizes_counts() -> None:
    """The study saw no skill, and took the smaller image for the right one: nothing of that may be left."""

    def sized(x: float, width: int) -> Element:
        return {**_points({"left": (x, 10)}), "inputImageProperties": {"width": width, "height": 1000}}

    torn = {"ada": sized(10, 1000), "ben": sized(10, 1000), "cem": sized(500, 2000), "dora": sized(500, 2000)}
    answers = _answers(KEYPOINTS, torn)
    arranged = study_answers(KEYPOINTS, answers, TASK).arranged
    trusted = [
        replace(answer, skill=0.9 if answer.worker_id in {"cem", "dora"} else 0.5) for answer in answers
    ]
    skill = _learned(KEYPOINTS, _faces(5, NOISY)).skill
    found = merge_answers(KEYPOINTS, trusted, replace(TASK, skill=skill, arranged=arranged))
    assert [point.x for point in found.merged.labels] == [500]
    assert [rejection.worker_id for rejection in found.rejected] == ["ada", "ben"]


def test_a_cuboid_lies_nearer_to_where_the_exact_worker_puts_it() -> None:
    random = np.random.default_rng(0)

    def scene(deviations: Mapping[str, float]) -> dict[str, Any]:
        return {
            worker: [
                cuboid("left", *(place + random.normal(0, deviation, 2)), 1.0, 4.0, 2.0, 1.5, 0.0, 0.0, 0.3)
                for place in ((0.0, 0.0), (30.0, 0.0), (60.0, 0.0))
            ]
            for worker, deviation in deviations.items()
        }

    learned = _learned(CUBOIDS, [scene({"ada": 0.02, "ben": 0.02, "cem": 0.4}) for _ in range(20)])
    off = scene({"ada": 0.0, "cem": 0.0})
    two = {
        "ada": off["ada"],
        "cem": [{**one, "center-x": one["center-x"] + 0.4} for one in off["cem"]],
    }
    plain = _merged(CUBOIDS, two, CUBOIDS.learn([], Tallies(), TASK)).merged.labels
    assert [one.cuboid[0] for one in plain] == pytest.approx([0.2, 30.2, 60.2])
    skilled = _merged(CUBOIDS, two, learned).merged.labels
    assert [one.cuboid[0] for one in skilled] == pytest.approx([0, 30, 60], abs=0.1)


def _film(*things: tuple[float, float], frames: int = 12) -> Element:
    return video(
        *(
            frame(number, *(box(place, str(track), "left") for track, place in enumerate(things)))
            for number in range(frames)
        )
    )


def test_what_only_careless_workers_see_in_a_video_is_a_candidate() -> None:
    """Two of four see it: no quorum. Who finds everything and invents nothing is believed, who invents is not."""
    real, ghost = (10.0, 10.0), (200.0, 200.0)
    shown = {"ada": _film(real), "ben": _film(real), "cem": _film(real), "dora": _film(real, ghost)}
    missed = {"ada": _film(real), "ben": _film(real), "cem": _film(), "dora": _film(ghost)}
    learned = _learned(TRACKS, [shown, missed, shown, missed, shown, missed])
    found = _merged(TRACKS, missed, learned).merged
    assert [thing.sightings[0].shape[:2] for thing in found.things if thing.accepted] == [real]
    plain = _merged(TRACKS, missed, TRACKS.learn([], Tallies(), TASK)).merged
    assert not any(thing.accepted for thing in plain.things)


def test_a_long_track_teaches_no_more_than_a_few_frames_do() -> None:
    """Frames of one thing are no answers of their own."""

    def counted(frames: int) -> float:
        film = {worker: _film((10.0, 10.0), frames=frames) for worker in ("ada", "ben", "cem")}
        return _learned(TRACKS, [film]).tallies.of("ada")["real",]

    assert counted(200) == pytest.approx(counted(5))
    assert counted(2) < counted(5)
