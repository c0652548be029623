"""Fused polygons against the truth they were drawn from: `python -m benchmarks.polygon_fusion` prints the table of docs/decisions/0006.

Things are round, angular or bent. Each worker shifts a thing, is off at each place of its border by an amount that changes slowly along it,
clicks vertices of a number and at places of the worker's own, and goes either way round; now and then an outline is grossly wrong.
Every way to fuse is given the outlines of one thing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.real.outlines import covered
from consolidation.estimation.contours import trace
from consolidation.estimation.outline_fusion import fuse
from consolidation.estimation.outline_grid import Region
from consolidation.estimation.outlines import Outline, Outlines, overlaps_between

Floats = npt.NDArray[np.float64]
THINGS, SIDE = 120, 180
SHIFT, HAND, GROSS = 1.5, 1.5, 0.1
"""Pixels of shift, pixels of error along the border, share of outlines that are grossly wrong (where there are three workers or more)."""
ANGULAR = (
    ((40, 40), (140, 40), (140, 140), (40, 140)),
    ((40, 30), (90, 30), (90, 90), (140, 90), (140, 150), (40, 150)),
    ((40, 40), (70, 40), (70, 100), (110, 100), (110, 40), (140, 40), (140, 140), (40, 140)),
)


def thing(random: np.random.Generator, family: str) -> Outline:
    """The border of a thing, in steps of about a pixel, corners among them."""
    angle = np.linspace(0, 2 * math.pi, 400, endpoint=False)
    if family == "round":
        waves = sum(
            np.cos(wave * angle + random.uniform(0, 7)) * random.normal(0, 6 / wave) for wave in range(1, 7)
        )
        radius = np.maximum(random.uniform(30, 55) + waves, 15)
        return np.column_stack([90 + radius * np.cos(angle), 90 + radius * np.sin(angle)])
    if family == "angular":
        corners = np.array(ANGULAR[int(random.integers(len(ANGULAR)))], np.float64)
        turn = random.uniform(0, 2 * math.pi)
        turned = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        return resampled((corners - 90) @ turned + 90, 40)
    along = np.linspace(-1, 1, 200)
    bend, width = random.uniform(1.5, 4), random.uniform(5, 11)
    spine = np.column_stack([90 + 45 * np.sin(bend * along), 90 + 50 * along])
    way = np.gradient(spine, axis=0)
    across = np.column_stack([-way[:, 1], way[:, 0]]) / np.hypot(*way.T)[:, None] * width
    return np.concatenate([spine + across, (spine - across)[::-1]])


def resampled(outline: Outline, each: int) -> Outline:
    """An outline with `each` vertices on every side."""
    share = np.arange(each)[None, :, None] / each
    made: Outline = (outline[:, None] + share * (np.roll(outline, -1, axis=0) - outline)[:, None]).reshape(
        -1, 2
    )
    return made


def draw(truth: Outline, random: np.random.Generator, *, gross: bool) -> Outline:
    """One worker's outline."""
    place = np.linspace(0, 2 * math.pi, len(truth), endpoint=False)
    off = sum(
        np.cos(wave * place[:, None] + random.uniform(0, 7, 2)) * random.normal(0, HAND / 3, 2)
        for wave in range(1, 13)
    )
    made = truth + off + random.normal(0, SHIFT, 2)
    if gross:
        made = (made - 90) * random.choice([0.6, 1.5]) + 90 + random.normal(0, 20, 2)
    turn = np.roll(truth, -3, axis=0) + np.roll(truth, 3, axis=0) - 2 * truth
    corner = np.flatnonzero(np.hypot(*turn.T) > 1)
    clicks = np.unique(
        np.concatenate([random.choice(len(truth), int(random.integers(18, 60)), replace=False), corner[::3]])
    )
    made = np.roll(made[clicks], -int(random.integers(len(clicks))), axis=0)
    return made[:: int(random.choice([1, -1]))]


def vertices(members: Sequence[Outline]) -> Outline:
    """The mean of vertices, resampled to as many, as they come."""
    rows = []
    for member in members:
        ring = np.vstack([member, member[:1]])
        far = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(ring, axis=0).T))])
        places = np.linspace(0, far[-1], 64, endpoint=False)
        rows.append(np.column_stack([np.interp(places, far, ring[:, axis]) for axis in (0, 1)]))
    mean: Outline = np.mean(rows, axis=0)
    return mean


def nearest(members: Sequence[Outline]) -> Outline:
    """The member that overlaps the others most."""
    found = overlaps_between(Outlines.of(members), np.arange(len(members)))
    score = np.bincount(found.first, found.iou, len(members)) + np.bincount(
        found.second, found.iou, len(members)
    )
    return members[int(score.argmax())]


def pixels(members: Sequence[Outline]) -> Outline:
    """The border of the pixels that more than half of the members cover."""
    votes = np.sum([covered(member, SIDE, SIDE) for member in members], axis=0)
    return _bordered(np.where(2 * votes > len(members), -1.0, 1.0))


def distances(members: Sequence[Outline]) -> Outline:
    """The zero contour of the mean of signed distances at pixels."""
    return _bordered(np.mean([_signed_distance(member) for member in members], axis=0))


def median_distances(members: Sequence[Outline]) -> Outline:
    """The zero contour of the median of signed distances at pixels."""
    return _bordered(np.median([_signed_distance(member) for member in members], axis=0))


def rays(members: Sequence[Outline]) -> Outline:
    """The median radius along 128 rays from the members' common middle; the farthest crossing where a ray meets a member more than once."""
    middle = np.mean([member.mean(axis=0) for member in members], axis=0)
    angle = np.linspace(0, 2 * math.pi, 128, endpoint=False)
    ray = np.column_stack([np.cos(angle), np.sin(angle)])
    radii = []
    for member in members:
        start, way = member - middle, np.roll(member, -1, axis=0) - member
        cross = ray[:, :1] * way[:, 1] - ray[:, 1:] * way[:, 0]
        cross = np.where(cross == 0, 1e-12, cross)
        radius = (start[:, 0] * way[:, 1] - start[:, 1] * way[:, 0]) / cross
        share = (start[:, 0] * ray[:, 1:] - start[:, 1] * ray[:, :1]) / cross
        radii.append(np.where((share >= 0) & (share < 1) & (radius > 0), radius, 0).max(axis=1))
    made: Outline = middle + np.median(radii, axis=0)[:, None] * ray
    return made


def ours(members: Sequence[Outline]) -> Outline:
    """What the kind `polygons` makes of them."""
    return fuse(Outlines.of(members), [range(len(members))], np.ones(len(members)))[0]


WAYS: dict[str, Callable[[Sequence[Outline]], Outline]] = {
    "ours": ours,
    "pixel vote": pixels,
    "mean of signed distances": distances,
    "median of signed distances": median_distances,
    "median along rays": rays,
    "member nearest to the others": nearest,
    "mean of vertices": vertices,
    "one worker": lambda members: members[0],
}


def _signed_distance(member: Outline) -> Floats:
    x, y = (axis.reshape(-1, 1) for axis in np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5))
    away = _distance(np.column_stack([x, y]), member).reshape(SIDE, SIDE)
    return np.where(covered(member, SIDE, SIDE), -away, away)


def _distance(points: Floats, outline: Outline) -> Floats:
    """Distance of points from a border."""
    best = np.full(len(points), np.inf)
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        way = end - start
        along = np.clip((points - start) @ way / max(float(way @ way), 1e-12), 0, 1)
        best = np.minimum(best, np.hypot(*(points - start - along[:, None] * way).T))
    return best


def _bordered(field: Floats) -> Outline:
    """The zero contour of values at the middles of pixels."""
    padded = np.pad(field, 1, constant_values=1.0)
    right, down = np.zeros_like(padded), np.zeros_like(padded)
    with np.errstate(divide="ignore", invalid="ignore"):
        right[:, :-1] = padded[:, :-1] / (padded[:, :-1] - padded[:, 1:])
        down[:-1] = padded[:-1] / (padded[:-1] - padded[1:])
    region = Region(padded[None] < 0, right[None], down[None], np.full((1, 2), -0.5), np.ones((1, 2)))
    made = trace(region)[0]
    return np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]) if made is None else made


def scores(made: Outline, truth: Outline) -> tuple[float, float]:
    """IoU, and the mean distance of the fused border from the true one, in pixels."""
    found = overlaps_between(Outlines.of([made, truth]), np.arange(2))
    ring = resampled(made, max(1, 400 // len(made)))
    return float(found.iou[0]) if len(found.iou) else 0.0, float(_distance(ring, truth).mean())


def main() -> None:
    """Print the table."""
    print("| things | workers | way | IoU | IoU over 0.9 | border off, px | vertices | ms |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for family in ("round", "angular", "bent"):
        for workers in (2, 3, 5):
            random = np.random.default_rng([len(family), workers])
            scenes = []
            for _ in range(THINGS):
                truth = thing(random, family)
                gross = random.random(workers) < GROSS
                drawn = [draw(truth, random, gross=bool(bad) and workers > 2) for bad in gross]
                scenes.append((truth, drawn))
            for name, way in WAYS.items():
                begun = time.process_time()
                made = [way(drawn) for _, drawn in scenes]
                spent = (time.process_time() - begun) / THINGS * 1e3
                iou, off = np.array(
                    [scores(one, truth) for one, (truth, _) in zip(made, scenes, strict=True)]
                ).T
                print(
                    f"| {family} | {workers} | {name} | {iou.mean():.4f} | {(iou > 0.9).mean():.3f} "
                    f"| {off.mean():.2f} | {np.mean([len(one) for one in made]):.0f} | {spent:.1f} |"
                )


if __name__ == "__main__":
    main()
