"""Polylines against truth: ours beside the mean by index and the drawing nearest to the others, on the same matches."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.curve_scenes import Curve, CurveScene, curve_scene
from consolidation.estimation.curves import sampled
from consolidation.kinds.base import Answer, Task, merge_alone
from consolidation.kinds.parts import decide
from consolidation.kinds.polylines import MergedPolyline, PolylinesKind
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings

SCENES = 60
KIND, SETTINGS = PolylinesKind(), Settings()
CATEGORIES = ("0", "1", "2")
_FINE = 300
_FOUND = 20.0


def run() -> None:
    """Print the table."""
    figures: dict[str, list[tuple[float, ...]]] = {}
    seconds = 0.0
    for seed in range(SCENES):
        scene = curve_scene(seed)
        answers = _answers(scene)
        task = Task(SETTINGS, CATEGORIES)
        began = time.perf_counter()
        merged = merge_alone(KIND, answers, task).merged
        seconds += time.perf_counter() - began
        results = {"ours": [_curve(line) for line in merged.labels], **_plain(answers, task)}
        for method, curves in results.items():
            figures.setdefault(method, []).append(_scored(curves, scene))
        for drawings in scene.drawn:
            figures.setdefault("one worker (mean)", []).append(
                _scored([curve for curve, _ in drawings], scene)
            )
    print(f"{SCENES} scenes of 8 curves, 4 workers; merge {1e3 * seconds / SCENES:.1f} ms a scene\n")
    print("| method | mean distance, px | 95th percentile, px | end points, px | F1 | vertices |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for method, rows in figures.items():
        shown = np.nanmean(np.array(rows), axis=0)
        print(
            f"| {method} | {shown[0]:.2f} | {shown[1]:.2f} | {shown[2]:.1f} | {shown[3]:.3f} | {shown[4]:.1f} |"
        )


def _answers(scene: CurveScene) -> list[Answer]:
    answers = []
    for worker, drawings in enumerate(scene.drawn):
        element = {
            "polylines": [
                {"label": str(category), "vertices": [{"x": x, "y": y} for x, y in curve.tolist()]}
                for curve, category in drawings
            ],
            "inputImageProperties": {"width": scene.size[0], "height": scene.size[1]},
        }
        value = KIND.parse(JsonNode(element, "$", AnswerError), SETTINGS.limits)
        assert not value.faults
        answers.append(Answer(f"worker-{worker}", value))
    return answers


def _curve(line: MergedPolyline) -> Curve:
    return np.array(line.vertices)


def _plain(answers: Sequence[Answer], task: Task) -> Mapping[str, list[Curve]]:
    """The plain ways, on the clusters that ours has."""
    layout = KIND.lay_out(answers, task)
    methods: dict[str, Callable[[Sequence[Curve]], Curve]] = {
        "mean by index": lambda drawn: sampled(drawn, 64).mean(axis=0),
        "mean by index, turned round first": lambda drawn: _turned(sampled(drawn, 64)).mean(axis=0),
        "median by index, turned round first": lambda drawn: np.median(_turned(sampled(drawn, 64)), axis=0),
        "medoid": _medoid,
    }
    accepted = [made for made in decide(KIND.name, layout, answers, task) if made.accepted]
    return {
        name: [method([layout.shapes[member] for member in made.members]) for made in accepted]
        for name, method in methods.items()
    }


def _turned(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    backwards = np.linalg.norm(samples[:, ::-1] - samples[0], axis=2).sum(1) < np.linalg.norm(
        samples - samples[0], axis=2
    ).sum(1)
    return np.where(backwards[:, None, None], samples[:, ::-1], samples)


def _medoid(drawn: Sequence[Curve]) -> Curve:
    apart = [sum(_distance(one, other)[0] for other in drawn) for one in drawn]
    return drawn[int(np.argmin(apart))]


def _distance(one: Curve, other: Curve) -> tuple[float, float]:
    """Mean distance and 95th percentile between two curves, over even places of both."""
    fine = sampled([one, other], _FINE)
    apart = np.hypot(*(fine[0][:, None] - fine[1][None]).transpose(2, 0, 1))
    both = np.concatenate([apart.min(axis=0), apart.min(axis=1)])
    return float(both.mean()), float(np.percentile(both, 95))


def _ends(one: Curve, other: Curve) -> float:
    straight = np.hypot(*(one[[0, -1]] - other[[0, -1]]).T).mean()
    turned = np.hypot(*(one[[-1, 0]] - other[[0, -1]]).T).mean()
    return float(min(straight, turned))


def _scored(curves: Sequence[Curve], scene: CurveScene) -> tuple[float, ...]:
    """Mean distance, 95th percentile and distance of ends over curves found, F1, vertices."""
    apart = sorted(
        (*_distance(curve, right), found, sought)
        for found, curve in enumerate(curves)
        for sought, (right, _) in enumerate(scene.truth)
    )
    pairs: list[tuple[float, float, int, int]] = []
    for mean, worst, found, sought in apart:
        free = all(found != pair[2] and sought != pair[3] for pair in pairs)
        if mean <= _FOUND and free:
            pairs.append((mean, worst, found, sought))
    ends = [_ends(curves[found], scene.truth[sought][0]) for _, _, found, sought in pairs]
    if not pairs:
        return float("nan"), float("nan"), float("nan"), 0.0, float("nan")
    return (
        float(np.mean([pair[0] for pair in pairs])),
        float(np.mean([pair[1] for pair in pairs])),
        float(np.mean(ends)),
        2 * len(pairs) / (len(curves) + len(scene.truth)),
        float(np.mean([len(curve) for curve in curves])),
    )


if __name__ == "__main__":
    run()
