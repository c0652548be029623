"""Index maps as pictures: small PNGs in `data:` URIs, and outlines as SVG paths."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from consolidation.mask_png import Colour
from shared.errors import ContractError

IndexMap = npt.NDArray[np.unsignedinteger[Any]]
_HATCH_PERIOD = 6
_HATCH_WIDTH = 2
_MOST_PIXELS = 100_000_000


def read_index_png(body: bytes) -> IndexMap:
    """The index map of an artefact.

    Returns:
        uint8 or uint16, shape (H, X).

    Raises:
        ContractError: it is no indexed or grey PNG, or has more than 100 million pixels.
    """
    try:
        with Image.open(io.BytesIO(body), formats=["PNG"]) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise ContractError(f"the mask is {image.width}x{image.height} pixels, too many to draw")
            indices = np.asarray(image)
    except (OSError, SyntaxError, Image.DecompressionBombError) as failure:
        raise ContractError(f"the mask cannot be decoded: {failure}") from failure
    if indices.ndim != 2:
        raise ContractError("the mask is no indexed PNG")
    return indices.astype(np.uint8 if indices.dtype.itemsize == 1 else np.uint16)


def picture(indices: IndexMap, colours: Sequence[Colour], *, opacity: float, hatched: bool = False) -> str:
    """An index map as a PNG, transparent where it is 0.

    Args:
        indices: shape (H, X). Not modified.
        colours: of the indices from 1 on; they repeat when there are fewer than indices.
        opacity: of what is drawn, in [0, 1].
        hatched: slanted stripes instead of areas.

    Returns:
        A `data:` URI.
    """
    used = min(max(len(colours), 1), 255)
    small = np.where(indices > 0, (indices.astype(np.int64) - 1) % used + 1, 0).astype(np.uint8)
    if hatched:
        rows, columns = np.ogrid[: small.shape[0], : small.shape[1]]
        small[(rows + columns) % _HATCH_PERIOD >= _HATCH_WIDTH] = 0
    image = Image.fromarray(small, mode="P")
    image.putpalette([0, 0, 0, *(channel for colour in colours[:used] for channel in colour)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=bytes([0, *[round(255 * opacity)] * used]), optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def outline(covered: npt.NDArray[np.bool_]) -> str:
    """The border of an area as closed SVG paths along the pixels' edges.

    Args:
        covered: shape (H, X). Not modified.

    Returns:
        Path data in pixels, empty when nothing is covered.

    Time O(H*X) for the edges, O(border) for the paths.
    """
    following = _edges(covered)
    paths = []
    while following:
        start = next(iter(following))
        loop, place = [start], following[start].pop()
        while place != start:
            _drop_if_empty(following, loop[-1])
            loop.append(place)
            place = following[place].pop()
        _drop_if_empty(following, loop[-1])
        paths.append(_path(loop))
    return "".join(paths)


def outlines_within(indices: IndexMap, longest: int) -> tuple[str, int]:
    """The borders of all of a map's areas, coarser where they would be too long.

    Args:
        indices: shape (H, X), 0 is background. Not modified.
        longest: most characters of path data.

    Returns:
        Path data in pixels of a map with every k-th row and column, and k; empty when even k = 8 is too long.
    """
    for step in (1, 2, 4, 8):
        sampled = indices[::step, ::step]
        if np.count_nonzero(np.diff(sampled.astype(np.int32), axis=1)) > longest:
            continue
        paths = "".join(outline(sampled == value) for value in np.unique(sampled).tolist() if value)
        if len(paths) <= longest:
            return paths, step
    return "", 1


_Point = tuple[int, int]


def _edges(covered: npt.NDArray[np.bool_]) -> dict[_Point, list[_Point]]:
    """Border edges of the covered pixels, clockwise: ends by start."""
    padded = np.pad(covered, 1)
    inside = padded[1:-1, 1:-1]
    neighbours = (padded[:-2, 1:-1], padded[1:-1, 2:], padded[2:, 1:-1], padded[1:-1, :-2])
    corners = (((0, 0), (1, 0)), ((1, 0), (1, 1)), ((1, 1), (0, 1)), ((0, 1), (0, 0)))
    following: defaultdict[_Point, list[_Point]] = defaultdict(list)
    for neighbour, ((from_x, from_y), (to_x, to_y)) in zip(neighbours, corners, strict=True):
        for y, x in np.argwhere(inside & ~neighbour).tolist():
            following[x + from_x, y + from_y].append((x + to_x, y + to_y))
    return dict(following)


def _drop_if_empty(following: dict[_Point, list[_Point]], place: _Point) -> None:
    if not following.get(place, True):
        del following[place]


def _path(loop: Sequence[_Point]) -> str:
    """A closed loop of unit steps as path data: one command for each straight run but the last, which `z` draws."""
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(loop, (*loop[1:], loop[0]), strict=True)]
    commands = [f"M{loop[0][0]} {loop[0][1]}"]
    run = 0
    for place, step in enumerate(steps):
        run += 1
        if place + 1 == len(steps) or steps[place + 1] != step:
            commands.append(f"h{run * step[0]}" if step[0] else f"v{run * step[1]}")
            run = 0
    return "".join(commands[:-1]) + "z"
