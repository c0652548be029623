"""Fused cuboids against the truth they were drawn from: `python -m benchmarks.cuboid_fusion` prints the table of docs/decisions/0010.

A scene has cars, trucks and pedestrians apart from each other. Each worker draws them with an error of hand, now and then a gross
one, now and then back to front or with length and width exchanged, misses some and invents some. Every way to fuse is given the clusters
that the kind found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from consolidation.estimation.cuboids import LENGTH, ROLL, YAW, iou_of_pairs
from consolidation.estimation.headings import fuse, on_circle, turned
from consolidation.kinds.base import Answer, Task
from consolidation.kinds.cuboids import CuboidsAnswer, CuboidsKind
from consolidation.kinds.parts import decide
from shared.settings import Settings

Floats = npt.NDArray[np.float64]
SIZES = {"car": (4.5, 1.9, 1.6), "truck": (9.0, 2.6, 3.2), "pedestrian": (0.8, 0.7, 1.75)}
SCENES, THINGS, SPACING = 200, 30, 15.0
CENTRE, SIZE, ANGLE = 0.08, 0.04, math.radians(2.5)
"""Error of hand: metres, share of a side, radians."""
GROSS, FLIPPED, EXCHANGED, MISSED, INVENTED = 0.05, 0.10, 0.05, 0.10, 0.05
TASK = Task(Settings(), tuple(SIZES))
KIND = CuboidsKind()


def scene(random: np.random.Generator) -> tuple[Floats, list[str]]:
    """Things in the cells of a grid: cuboids, shape (THINGS, 9), and their categories."""
    labels = random.choice(list(SIZES), THINGS, p=[0.6, 0.15, 0.25]).tolist()
    cells = np.stack(np.divmod(random.permutation(36)[:THINGS], 6), axis=1) * SPACING
    place = cells + random.uniform(-2, 2, (THINGS, 2))
    sizes = np.array([SIZES[label] for label in labels]) * random.normal(1, 0.08, (THINGS, 3))
    yaw = random.uniform(-math.pi, math.pi, THINGS)
    cuboids: Floats = np.column_stack([place, sizes[:, 2] / 2, sizes, np.zeros((THINGS, 2)), yaw])
    return cuboids, labels


def draw(truth: Floats, labels: list[str], random: np.random.Generator) -> CuboidsAnswer:
    """One worker's view of a scene."""
    made = truth[random.permutation(len(truth))]
    order = [int(np.flatnonzero((truth == row).all(axis=1))[0]) for row in made]
    gross = np.where(random.random(len(made)) < GROSS, 6.0, 1.0)[:, None]
    made[:, :LENGTH] += random.normal(0, CENTRE, (len(made), 3)) * gross
    made[:, LENGTH:ROLL] *= np.exp(random.normal(0, SIZE, (len(made), 3)) * gross)
    made[:, YAW] += random.normal(0, ANGLE, len(made)) * gross[:, 0]
    chance = random.random(len(made))
    quarters = np.select(
        [chance < FLIPPED, chance < FLIPPED + EXCHANGED], [2, random.choice([1, 3], len(made))], 0
    )
    made = turned(made, quarters)
    made[:, YAW] = on_circle(made[:, YAW])
    seen = random.random(len(made)) > MISSED
    invented = made[random.random(len(made)) < INVENTED] + np.array([0, SPACING / 2, 0, 0, 0, 0, 0, 0, 0])
    cuboids = np.vstack([made[seen], invented])
    names = [labels[place] for place, kept in zip(order, seen, strict=True) if kept]
    return CuboidsAnswer(cuboids, (*names, *["car"] * len(invented)), tuple({} for _ in range(len(cuboids))))


def ours(members: Floats) -> Floats:
    """The kind's own."""
    votes = np.ones((1, len(members)))
    found: Floats = fuse(members[None], votes, votes)[0][0]
    return found


def mean(members: Floats) -> Floats:
    """The mean of every number."""
    found: Floats = members.mean(axis=0)
    return found


def circular_mean(members: Floats) -> Floats:
    """The mean of centre and sizes, the direction of the summed headings."""
    found: Floats = members.mean(axis=0)
    found[YAW] = math.atan2(np.sin(members[:, YAW]).sum(), np.cos(members[:, YAW]).sum())
    return found


def medoid(members: Floats) -> Floats:
    """The member with the highest mean IoU with the others."""
    count = len(members)
    one, other = np.divmod(np.arange(count * count), count)
    iou = iou_of_pairs(members[one], members[other]).reshape(count, count)
    found: Floats = members[iou.sum(axis=1).argmax()]
    return found


def one_worker(members: Floats) -> Floats:
    """Whoever comes first."""
    found: Floats = members[0]
    return found


WAYS: Mapping[str, Callable[[Floats], Floats]] = {
    "ours": ours,
    "mean of every number": mean,
    "mean, headings as directions": circular_mean,
    "medoid": medoid,
    "one worker": one_worker,
}


def clusters(workers: int, random: np.random.Generator) -> Iterator[tuple[Floats, Floats]]:
    """(members, truth) of each label of a scene; members in the order of the workers."""
    truth, labels = scene(random)
    answers = [Answer(f"worker-{place}", draw(truth, labels, random)) for place in range(workers)]
    layout = KIND.lay_out(answers, TASK)
    for made in decide(KIND.name, layout, answers, TASK):
        if made.accepted:
            members = sorted(made.members, key=lambda member: layout.parts[member].worker)
            cuboids = layout.shapes.cuboids[members]
            nearest = np.linalg.norm(truth[:, :2] - np.median(cuboids[:, :2], axis=0), axis=1).argmin()
            yield cuboids, truth[nearest]


def measure(workers: int, scenes: int = SCENES, seed: int = 0) -> dict[str, Floats]:
    """For each way: centre error in metres, axis error in degrees, share of headings more than 45 degrees off, IoU; means over labels."""
    random = np.random.default_rng(seed)
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in WAYS}
    for _ in range(scenes):
        for members, truth in clusters(workers, random):
            for name, way in WAYS.items():
                found[name].append(_errors(way(members), truth))
    return {name: np.array(errors).mean(axis=0) for name, errors in found.items()}


def _errors(cuboid: Floats, truth: Floats) -> tuple[float, float, float, float]:
    apart = abs(float(on_circle(cuboid[YAW] - truth[YAW])))
    return (
        float(np.linalg.norm(cuboid[:LENGTH] - truth[:LENGTH])),
        math.degrees(min(apart, math.pi - apart)),
        float(apart > math.pi / 4),
        float(iou_of_pairs(cuboid[None], truth[None])[0]),
    )


def run() -> None:
    """Print the table."""
    print("| workers | way | centre, m | axis, degrees | heading wrong | IoU |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for workers in (3, 5):
        for name, (centre, axis, wrong, iou) in measure(workers).items():
            print(f"| {workers} | {name} | {centre:.3f} | {axis:.1f} | {100 * wrong:.1f} % | {iou:.3f} |")


if __name__ == "__main__":
    run()
