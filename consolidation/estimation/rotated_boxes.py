"""Rotated boxes as arrays: corners, and fusion that knows that one box has several descriptions.

A rotated box is [left, top, right, bottom, angle]: an axis-aligned box in pixels, and degrees by which it is turned clockwise on the screen
about its own centre. Half a turn changes nothing; nor does a quarter with width and height exchanged. So a member is first described as is
nearest to the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from consolidation.estimation.medians import weighted_medians
from consolidation.estimation.votes import winner

Floats = npt.NDArray[np.float64]
_SIGNS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2


def on_half_circle(angle: Floats) -> Floats:
    """Angles in degrees as they are modulo 180, in (-90, 90]; what lies there already is not touched."""
    inside = (angle > -90) & (angle <= 90)
    return np.where(inside, angle, 90 - np.mod(90 - angle, 180))


def corners(rotated: Floats) -> Floats:
    """Corners of boxes, clockwise on the screen.

    Args:
        rotated: float64, shape (P, 5). Not modified.

    Returns:
        float64, shape (P, 4, 2): x and y in pixels.
    """
    centre, size = _parts(rotated)
    return centre[:, None] + turned(_SIGNS * size[:, None], rotated[:, 4, None])


def turned(points: Floats, angle: Floats) -> Floats:
    """Points turned about the origin, clockwise on the screen; exactly where the angle is a multiple of 90.

    Args:
        points: float64, shape (..., 2). angle: float64, shape (...) or one that broadcasts to it: degrees.
    """
    quarter = np.round(angle / 90)
    rest = np.deg2rad(angle - quarter * 90)
    turns = np.mod(quarter, 4).astype(np.int64)
    cos, sin = np.cos(rest), np.sin(rest)
    cos, sin = np.choose(turns, [cos, -sin, -cos, sin]), np.choose(turns, [sin, cos, -sin, -cos])
    x, y = points[..., 0], points[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def quarter_turned(rotated: Floats) -> Floats:
    """The same boxes with width and height exchanged and the angle a quarter farther.

    Args:
        rotated: float64, shape (P, 5). Not modified.
    """
    centre, size = _parts(rotated)
    half = size[:, ::-1] / 2
    return np.column_stack([centre - half, centre + half, on_half_circle(rotated[:, 4] + 90)])


def fuse(rotated: Floats, weights: Floats, skill: Floats) -> Floats:
    """One rotated box from several of the same thing.

    Members are described as is nearest to the most central of them, the one that is nearest to the others. The angle is the weighted
    median of their angles, as differences to its; the edges are the weighted medians of their edges in the frame turned by that angle.
    Members along the axes so give what `estimation.boxes.fuse` gives. Which side is the width is what most members say.

    Args:
        rotated: float64, shape (M, 5), M >= 1, of some width and height. Not modified.
        weights: float64, shape (M,): votes, > 0. skill: float64, shape (M,): what breaks ties.

    Returns:
        float64, shape (5,): angle in (-90, 90].

    Ties of the description: higher summed skill, then the angle nearer to 0. Time and memory O(M^2).
    """
    distance, exchanged = _compared(rotated, rotated)
    anchor = int(np.round(distance @ weights, 9).argmin())
    other = exchanged[:, anchor]
    members = np.where(other[:, None], quarter_turned(rotated), rotated)
    away = on_half_circle(members[:, 4] - rotated[anchor, 4])
    angle = rotated[anchor, 4] + weighted_medians(away[:, None], weights)[0]
    made = _fused_at(members, weights, float(on_half_circle(angle)))
    votes, skills = (np.array([share[~other].sum(), share[other].sum()]) for share in (weights, skill))
    level = int(abs(made[4]) > 45)  # the description that the tie rule prefers stands first
    best, _ = winner(np.roll(votes, -level), np.roll(skills, -level))
    return quarter_turned(made[None])[0] if (best + level) % 2 else made


def edges_in(frame: Floats, rotated: Floats) -> Floats:
    """Edges of boxes in the plane turned like another, about whose centre; described as is nearest to it.

    Args:
        frame: float64, shape (5,). rotated: float64, shape (M, 5). Not modified.

    Returns:
        float64, shape (M, 4): left, top, right, bottom in pixels; those of the image where the frame is not turned.
    """
    _, exchanged = _compared(rotated, frame[None])
    members = np.where(exchanged, quarter_turned(rotated), rotated)
    if frame[4] == 0:
        return members[:, :4]
    centre, size = _parts(members)
    origin = (frame[:2] + frame[2:4]) / 2
    level = turned(centre - origin, np.array(-frame[4])) + origin
    return np.column_stack([level - size / 2, level + size / 2])


def box_of(frame: Floats, edges: Floats) -> Floats:
    """The box, float64, shape (5,), that has these edges, float64, shape (4,), in the plane of `edges_in`; turned as the frame is."""
    if frame[4] == 0:
        return np.append(edges, 0.0)
    origin = (frame[:2] + frame[2:4]) / 2
    middle = origin + turned((edges[:2] + edges[2:]) / 2 - origin, frame[4])
    half = (edges[2:] - edges[:2]) / 2
    return np.concatenate([middle - half, middle + half, frame[4:]])


def _fused_at(members: Floats, weights: Floats, angle: float) -> Floats:
    """The medians of the edges in the frame turned by an angle."""
    if angle == 0:
        return np.append(weighted_medians(members[:, :4], weights), 0.0)
    centre, size = _parts(members)
    origin = centre[0]
    level = turned(centre - origin, np.array(-angle))
    left, top, right, bottom = weighted_medians(
        np.column_stack([level - size / 2, level + size / 2]), weights
    )
    middle = origin + turned(np.array([left + right, top + bottom]) / 2, np.array(angle))
    half = np.array([right - left, bottom - top]) / 2
    return np.concatenate([middle - half, middle + half, [angle]])


def _compared(rotated: Floats, others: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """How far boxes are from others, and whether width and height have to be exchanged to describe one like the other.

    The distance is that of the middles of their sides, summed as squares, in descriptions as near as can be.

    Returns:
        float64, shape (P, Q): squared pixels. bool, shape (P, Q).
    """
    centre, size = _parts(rotated)
    other_centre, other_size = _parts(others)
    apart = np.deg2rad(rotated[:, None, 4] - others[None, :, 4])
    along = np.abs(np.cos(apart)) * (size @ other_size.T)
    across = np.abs(np.sin(apart)) * (size[:, ::-1] @ other_size.T)
    shape = (size**2).sum(axis=1)[:, None] + (other_size**2).sum(axis=1) - 2 * np.maximum(along, across)
    place = ((centre[:, None] - other_centre[None]) ** 2).sum(axis=2)
    return 4 * place + shape / 2, across > along


def _parts(rotated: Floats) -> tuple[Floats, Floats]:
    """Centres and sizes, float64, shape (P, 2) each."""
    return (rotated[:, :2] + rotated[:, 2:4]) / 2, rotated[:, 2:4] - rotated[:, :2]
