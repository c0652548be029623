"""Consensus tracks against the truth, on synthetic sequences: ours, each worker alone, and two simpler ways to link."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.track_metrics import Score, score
from benchmarks.track_scenes import CATEGORIES, CROWDS, Tracker, Tracks, followed, scene
from consolidation.estimation.boxes import iou_matrix
from consolidation.kinds.base import Answer, Task, merge_alone
from consolidation.kinds.video_frames import VideoTracksKind
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings

SEEDS, PACES = range(5), (3, 10, 30)
NAMES = tuple(f"category {number}" for number in range(CATEGORIES))


def run() -> None:
    """Print IDF1, MOTA and switches, means over the seeds."""
    print(
        "| pace, px/frame | crowd | | IDF1 | MOTA | switches | tracks |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    for pace in PACES:
        for name, crowd in CROWDS.items():
            for way, scores in _compared(pace, crowd).items():
                means = [
                    float(np.mean([getattr(one, key) for one in scores]))
                    for key in ("idf1", "mota", "switches", "tracks")
                ]
                print(
                    f"| {pace} | {name} | {way} | {means[0]:.3f} | {means[1]:.3f} | {means[2]:.1f} | {means[3]:.1f} |"
                )


def _compared(pace: float, crowd: Sequence[Tracker]) -> Mapping[str, list[Score]]:
    scores: defaultdict[str, list[Score]] = defaultdict(list)
    for seed in SEEDS:
        truth = scene(seed, pace)
        answers = [followed(truth, worker, 100 * seed + place) for place, worker in enumerate(crowd)]
        alone = [score(answer, truth) for answer in answers]
        scores["best worker"].append(max(alone, key=lambda one: one.idf1))
        parts, ours = _merged(answers)
        scores["ours"].append(score(_as_tracks(parts, ours), truth))
        scores["overlap alone"].append(score(_as_tracks(parts, _by_overlap(parts)), truth))
        scores["frame by frame"].append(score(_as_tracks(parts, _frame_by_frame(parts, answers)), truth))
    return scores


def _merged(answers: Sequence[Tracks]) -> tuple[list[dict[str, Any]], list[int]]:
    """The parts of our label, by frame, and their objects."""
    kind, settings = VideoTracksKind(), Settings()
    parsed = [
        Answer(str(worker), kind.parse(JsonNode(_element(answer), "$", AnswerError), settings.limits))
        for worker, answer in enumerate(answers)
    ]
    task, written = Task(settings, NAMES), dict[str, bytes]()

    def save(body: bytes, extension: str) -> str:
        written[extension] = body
        return f"s3://labels/sequence.{extension}"

    kind.write(merge_alone(kind, parsed, task), task, save)
    document = json.loads(written["json"])
    number = {one["object-id"]: place for place, one in enumerate(document["objects"])}
    parts = [
        {**part, "frame": frame["frame-no"]}
        for frame in document["tracking-annotations"]
        for part in frame["annotations"]
    ]
    return parts, [number[part["object-id"]] for part in parts]


def _element(answer: Tracks) -> dict[str, Any]:
    frames: list[dict[str, Any]] = [
        {"frame-no": frame, "annotations": []} for frame in range(int(answer.frames.max()) + 1)
    ]
    for frame, track, category, (left, top, right, bottom) in zip(
        answer.frames.tolist(),
        answer.tracks.tolist(),
        answer.categories.tolist(),
        answer.boxes.tolist(),
        strict=True,
    ):
        box = {"left": left, "top": top, "width": right - left, "height": bottom - top}
        frames[frame]["annotations"].append({"label": NAMES[category], "object-id": str(track), **box})
    return {"tracking-annotations": frames}


def _edges(part: Mapping[str, float]) -> list[float]:
    return [part["left"], part["top"], part["left"] + part["width"], part["top"] + part["height"]]


def _as_tracks(parts: Sequence[Mapping[str, Any]], numbers: Sequence[int]) -> Tracks:
    return Tracks(
        np.array([part["frame"] for part in parts]),
        np.array(numbers),
        np.zeros(len(parts), np.int64),
        np.array([_edges(part) for part in parts], float),
    )


def _by_overlap(parts: Sequence[Mapping[str, Any]]) -> list[int]:
    """Every part joins the track whose last box, at most ten frames back, it overlaps most, from an IoU of 0.2 on."""
    open_tracks: dict[int, tuple[int, list[float]]] = {}

    def affinity(frame: int, members: Sequence[int], names: Sequence[int]) -> npt.NDArray[np.float64]:
        boxes = np.array([_edges(parts[member]) for member in members]).reshape(-1, 4).astype(float)
        last = np.array([open_tracks[name][1] for name in names]).reshape(-1, 4).astype(float)
        fresh = np.array([frame - open_tracks[name][0] <= 10 for name in names], bool)
        iou = iou_matrix(boxes, last) * fresh
        return np.where(iou >= 0.2, iou, 0)

    def joined(frame: int, member: int, name: int) -> None:
        open_tracks[name] = frame, _edges(parts[member])

    return _assigned(parts, affinity, joined)


def _frame_by_frame(parts: Sequence[Mapping[str, Any]], answers: Sequence[Tracks]) -> list[int]:
    """Every part joins the track to which most of its workers' own tracks went last."""
    went: dict[tuple[int, int], int] = {}
    makers = [_makers(part, answers) for part in parts]

    def affinity(_: int, members: Sequence[int], names: Sequence[int]) -> npt.NDArray[np.float64]:
        votes = np.zeros((len(members), len(names)))
        place = {name: column for column, name in enumerate(names)}
        for row, member in enumerate(members):
            for maker in makers[member]:
                if maker in went:
                    votes[row, place[went[maker]]] += 1
        return votes

    def joined(_: int, member: int, name: int) -> None:
        went.update(dict.fromkeys(makers[member], name))

    return _assigned(parts, affinity, joined)


def _makers(part: Mapping[str, Any], answers: Sequence[Tracks]) -> list[tuple[int, int]]:
    """(worker, the worker's own track) of each worker who supports a part: the worker's box that overlaps it most."""
    makers = []
    for worker in map(int, part["support"]["worker-ids"]):
        answer = answers[worker]
        rows = np.flatnonzero(answer.frames == part["frame"])
        best = rows[int(iou_matrix(np.array([_edges(part)]), answer.boxes[rows])[0].argmax())]
        makers.append((worker, int(answer.tracks[best])))
    return makers


def _assigned(
    parts: Sequence[Mapping[str, Any]],
    affinity: Callable[[int, Sequence[int], Sequence[int]], npt.NDArray[np.float64]],
    joined: Callable[[int, int, int], None],
) -> list[int]:
    """One frame after the other, best pair first, one part per track and frame; what is left begins a track."""
    numbers = [-1] * len(parts)
    by_frame: defaultdict[int, list[int]] = defaultdict(list)
    for place, part in enumerate(parts):
        by_frame[part["frame"]].append(place)
    tracks = 0
    for frame, members in sorted(by_frame.items()):
        values = affinity(frame, members, range(tracks))
        while values.size and values.max() > 0:
            row, name = np.unravel_index(int(values.argmax()), values.shape)
            numbers[members[row]] = int(name)
            values[row, :] = values[:, name] = 0
        for member in members:
            if numbers[member] < 0:
                numbers[member], tracks = tracks, tracks + 1
            joined(frame, member, numbers[member])
    return numbers


if __name__ == "__main__":
    run()
