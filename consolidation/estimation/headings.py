"""One cuboid from several of the same thing, although people turn them: back to front, or length and width exchanged.

A box in space has four descriptions: its own, and those turned by one, two or three quarters, with length and width exchanged for
odd ones. Which of them a worker gives is the worker's view of where the front is, and says nothing about the place of the faces. So the
two are fused apart: each member is turned by the quarters that bring its faces nearest to the others', sizes and angles are fused
there, and then the members vote, each for the quarter it came from: first on the side that is the length, then on the end that is the
front.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from consolidation.estimation.cuboids import HEIGHT, LENGTH, PITCH, ROLL, WIDTH, YAW, Cuboids
from consolidation.estimation.medians import weighted_medians
from consolidation.estimation.votes import winners

_LEVEL = 1e-9
Floats = npt.NDArray[np.float64]
Quarters = npt.NDArray[np.int64]


def fuse(
    cuboids: Cuboids,
    weights: Floats,
    skill: Floats,
    median: Callable[[Floats, Floats], Floats] = weighted_medians,
) -> tuple[Cuboids, npt.NDArray[np.bool_]]:
    """One cuboid for each of C groups of M members.

    Centre and sizes are weighted medians; so are the angles, on the circle, as differences to the group's most central member. They are
    taken twice: in that member's description, by which a tie is decided, and in the one that the members elect.

    Args:
        cuboids: float64, shape (C, M, 9), M >= 1, of one thing each; as in `estimation.cuboids`. Not modified.
        weights: float64, shape (C, M): votes, > 0. skill: float64, shape (C, M): what breaks ties.
        median: `weighted_medians`, or `smooth_medians` where weights differ by degrees.

    Returns:
        float64, shape (C, 9): angles in (-pi, pi]; members that are all alike give themselves. bool, shape (C,): whether the heading was
        a tie.

    Ties of the side: higher summed skill, then the longer side, then the one that points more along y. Ties of the end: higher summed
    skill, then forward (towards +y), then towards +x. Time and memory O(C * M^2).
    """
    anchor, quarters = _aligned(cuboids, weights)
    sketch = _median(turned(cuboids, -quarters), anchor, weights, median)
    front, tied = _front(sketch, quarters, weights, skill)
    return _median(turned(cuboids, front[:, None] - quarters), anchor, weights, median), tied


def steady(cuboids: Cuboids, tied: npt.NDArray[np.bool_]) -> Cuboids:
    """The cuboids of one object over time, those of a tied heading turned as the object stands in the nearest frame without a tie.

    Args:
        cuboids: float64, shape (T, 9), T >= 1, in the order of time. Not modified.
        tied: bool, shape (T,): whether the heading was a tie. Where all are, the first one leads.

    Returns:
        float64, shape (T, 9). What was no tie is as it was.

    From frame to frame an object is followed by the nearest description of its faces. Ties between frames equally near: the earlier
    one. Time and memory O(T log T).
    """
    decided = np.flatnonzero(~tied) if not tied.all() else np.zeros(1, np.int64)
    places = np.flatnonzero(tied)
    after = np.searchsorted(decided, places)
    right = decided[np.minimum(after, len(decided) - 1)]
    left = decided[np.maximum(after - 1, 0)]
    nearest = np.where(np.abs(places - left) <= np.abs(right - places), left, right)
    _, step = _described(cuboids[1:], cuboids[:-1])
    position = np.concatenate([[0], np.cumsum(step)])
    made = cuboids.copy()
    made[places] = turned(cuboids[places], position[nearest] - position[places])
    return made


def on_circle(angles: Floats) -> Floats:
    """The same angles in (-pi, pi]; what lies there already is not touched.

    Args:
        angles: float64, any shape, radians. Not modified.
    """
    inside = (angles > -np.pi) & (angles <= np.pi)
    wound = np.pi - np.mod(np.pi - angles, 2 * np.pi)
    return np.where(inside, angles, np.where(wound > -np.pi, wound, np.pi))


def turned(cuboids: Cuboids, quarters: Quarters) -> Cuboids:
    """The same boxes in the description that is turned by so many quarters, counter-clockwise about their own vertical.

    Args:
        cuboids: float64, shape (..., 9). Not modified.
        quarters: int64, shape (...,): any number; what a box is not turned by at all leaves it as it is.

    Returns:
        float64, shape (..., 9): angles in (-pi, pi]. Roll and pitch follow exactly, as the box stays where it is.
    """
    by = np.mod(quarters, 4)
    made = cuboids.copy()
    half, odd = by >= 2, by % 2 == 1
    made[half, YAW] += np.pi
    made[half, ROLL] *= -1
    made[half, PITCH] *= -1
    made[odd] = _turned_by_one(made[odd])
    changed = by > 0
    made[changed, ROLL : YAW + 1] = on_circle(made[changed, ROLL : YAW + 1]) + 0.0  # no -0.0
    return made


def _turned_by_one(cuboids: Cuboids) -> Cuboids:
    """Turned by a quarter: Rz(yaw) Ry(pitch) Rx(roll) Rz(90) is Rz(yaw + 90) Rx(pitch) Ry(-roll), taken apart again."""
    made = cuboids.copy()
    made[:, LENGTH], made[:, WIDTH] = cuboids[:, WIDTH], cuboids[:, LENGTH]
    roll, pitch = cuboids[:, ROLL], cuboids[:, PITCH]
    made[:, ROLL] = np.arctan2(np.sin(pitch), np.cos(pitch) * np.cos(roll))
    made[:, PITCH] = -np.arcsin(np.cos(pitch) * np.sin(roll))
    made[:, YAW] += np.pi / 2 + np.arctan2(-np.sin(pitch) * np.sin(roll), np.cos(roll))
    return made


def _median(
    members: Cuboids, anchor: Quarters, weights: Floats, median: Callable[[Floats, Floats], Floats]
) -> Cuboids:
    """The weighted median of members that are described alike, angles as differences to the anchor's."""
    central = members[np.arange(len(members)), anchor, ROLL : YAW + 1]
    level = members.copy()
    level[..., ROLL : YAW + 1] = on_circle(members[..., ROLL : YAW + 1] - central[:, None])
    middle = median(level, weights)
    middle[:, ROLL : YAW + 1] = on_circle(middle[:, ROLL : YAW + 1] + central)
    return middle


def _aligned(cuboids: Cuboids, weights: Floats) -> tuple[npt.NDArray[np.int64], Quarters]:
    """The most central member of each group, to which the others are nearest in all, and the quarter in which each lies from it."""
    distance, quarters = _described(cuboids[:, :, None], cuboids[:, None, :])
    anchor = (distance * weights[:, None, :]).sum(axis=-1).argmin(axis=-1)
    return anchor, quarters[np.arange(len(cuboids)), :, anchor]


def _described(cuboids: Cuboids, others: Cuboids) -> tuple[Floats, Quarters]:
    """How far cuboids are turned from others, in descriptions as near as can be.

    Two descriptions are the nearer, the less the middles of their side faces are apart, the centres laid on each other.

    Returns:
        float64: the summed squares of these distances, times 4. int64: the quarter in which the cuboid's length lies from the other's.
    """
    size, other = cuboids[..., LENGTH:HEIGHT], others[..., LENGTH:HEIGHT]
    apart = cuboids[..., YAW] - others[..., YAW]
    along = np.abs(np.cos(apart)) * (size * other).sum(axis=-1)
    across = np.abs(np.sin(apart)) * (size[..., ::-1] * other).sum(axis=-1)
    distance = (size**2).sum(axis=-1) + (other**2).sum(axis=-1) - 2 * np.maximum(along, across)
    straight = np.where(np.cos(apart) >= 0, 0, 2)
    return distance, np.where(across > along, np.where(np.sin(apart) >= 0, 1, 3), straight)


def _front(
    sketch: Cuboids, quarters: Quarters, weights: Floats, skill: Floats
) -> tuple[Quarters, npt.NDArray[np.bool_]]:
    """The quarter in which the members say the front lies, and whether the tie rule had to decide."""
    quarter = np.arange(4)
    chosen = quarters[:, :, None] == quarter
    votes, skills = (chosen * weights[:, :, None]).sum(axis=1), (chosen * skill[:, :, None]).sum(axis=1)
    yaw, length, width = sketch[:, YAW], sketch[:, LENGTH], sketch[:, WIDTH]
    upright = np.abs(np.sin(yaw)) >= np.abs(np.cos(yaw))
    first = np.where((length > width) | ((length == width) & upright), 0, 1)
    sides = np.column_stack([first, 1 - first])
    side, unsure = _preferred(votes[:, :2] + votes[:, 2:], skills[:, :2] + skills[:, 2:], sides)
    heading = yaw + side * (np.pi / 2)
    forward = np.where(np.abs(np.sin(heading)) > _LEVEL, np.sin(heading), np.cos(heading)) > 0
    ends = np.column_stack([np.where(forward, side, side + 2), np.where(forward, side + 2, side)])
    front, split = _preferred(votes, skills, ends)
    return front, unsure | split


def _preferred(votes: Floats, skill: Floats, options: Quarters) -> tuple[Quarters, npt.NDArray[np.bool_]]:
    """Of each row's options, the one with most votes; of equals the one with more skill, then the one that stands first."""
    best, tied = winners(
        np.take_along_axis(votes, options, axis=1), np.take_along_axis(skill, options, axis=1)
    )
    return np.take_along_axis(options, best[:, None], axis=1)[:, 0], tied
