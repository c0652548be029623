"""What semantic and instance masks have in common: reading `labeledImage`, coding workers' maps as pixel patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from consolidation.estimation.patterns import Codes, Patterns, find_patterns
from consolidation.kinds.parts import ImageSize, parse_image_size
from consolidation.mask_png import Colour, ColourMap, decode_mask
from shared.errors import LimitError
from shared.json_node import JsonNode
from shared.settings import Limits

_MANY_COLOURS = 256
_PLAIN_BACKGROUNDS = {(0, 0, 0), (255, 255, 255)}


def parse_mask(element: JsonNode, limits: Limits) -> tuple[ImageSize, ColourMap]:
    """Read the declared image size and the PNG of an answer.

    Raises:
        AnswerError: no size, no PNG, or a PNG that cannot be used. LimitError: too large.
    """
    size = parse_image_size(element)
    if size is None:
        raise element.fail("has no inputImageProperties, so the mask's size cannot be checked")
    data = element["labeledImage"]["pngImageData"]
    return size, decode_mask(data.string(), size, limits)


def number_colours(
    colour_map: ColourMap, numbers: Mapping[Colour, int]
) -> tuple[npt.NDArray[np.uint16], dict[int, int], list[tuple[str, str]]]:
    """Give every colour of a mask the number of the category or instance that was drawn in it.

    Colours are looked up by value, never by their place in the palette. Transparent pixels are background (0), and so is a colour
    that nothing was drawn in; unless it is plain black or white in a mask without transparency, that is reported as a fault.

    Args:
        colour_map: of one worker.
        numbers: number for each colour named in the answer; 0 is background.

    Returns:
        uint16, shape (colours,): number of each of the map's colours. Pixels of each number. Faults as (path, reason).

    Time and memory O(colours).
    """
    pixels = colour_map.pixels
    opaque = all(
        colour is not None for colour, drawn in zip(colour_map.colours, pixels, strict=True) if drawn
    )
    number = np.zeros(len(colour_map.colours), np.uint16)
    counts: dict[int, int] = {}
    unnamed: list[str] = []
    stray = 0
    for place, colour in enumerate(colour_map.colours):
        found = 0 if colour is None else numbers.get(colour, 0)
        number[place] = found
        counts[found] = counts.get(found, 0) + int(pixels[place])
        plain = opaque and colour in _PLAIN_BACKGROUNDS
        if colour is not None and colour not in numbers and pixels[place] and not plain:
            unnamed.append("#{:02x}{:02x}{:02x}".format(*colour))
            stray += int(pixels[place])
    if not unnamed:
        return number, counts, []
    shown = ", ".join(unnamed[:3]) + (" ..." if len(unnamed) > 3 else "")
    reason = f"{stray} pixels in {len(unnamed)} colours that the answer gives no meaning ({shown}) count as background"
    return number, counts, [("$.labeledImage.pngImageData", reason)]


def meaning_patterns(maps: Sequence[Codes], meanings: Sequence[npt.NDArray[np.integer[Any]]]) -> Patterns:
    """Pixel patterns over what the workers meant, coded from their colours.

    Args:
        maps: of each worker, all of one shape: the number of each pixel's colour. Not modified.
        meanings: for each map, shape (colours,): what each of its colours stands for.

    Returns:
        Patterns whose table holds meanings. Two patterns may be alike, where a worker used two colours for one thing: only the table is
        remapped, no pixel, but for a map of so many colours that most can mean nothing.
    """
    layers: list[Codes] = []
    tables: list[npt.NDArray[np.integer[Any]]] = []
    for indices, meaning in zip(maps, meanings, strict=True):
        few = len(meaning) <= _MANY_COLOURS
        layers.append(indices if few else meaning.astype(np.uint16)[indices])
        tables.append(meaning if few else np.arange(int(meaning.max()) + 1))
    coded = find_patterns(layers, [len(table) for table in tables])
    columns = [table[coded.table[:, worker]] for worker, table in enumerate(tables)]
    return replace(coded, table=np.column_stack(columns).astype(np.uint16))


def check_cells(cells: int, limits: Limits) -> None:
    """Refuse work that noise in masks has made too large for memory.

    Raises:
        LimitError: more cells than `limits.cells`.
    """
    if cells > limits.cells:
        raise LimitError(
            f"the masks make a table of {cells} cells (pixel patterns times categories), allowed are {limits.cells}; "
            "real masks make thousands: some worker's mask is noise",
            limit="limits.cells",
        )
