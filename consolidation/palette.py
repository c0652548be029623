"""Colours of categories and instances in mask PNGs."""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Iterable, Sequence

from consolidation.mask_png import Colour

BACKGROUND: Colour = (255, 255, 255)
"""Colour of index 0, as in the masks of Ground Truth's built-in jobs."""

_FIRST: tuple[Colour, ...] = (
    (0x2C, 0xA0, 0x2C),
    (0x1F, 0x77, 0xB4),
    (0xFF, 0x7F, 0x0E),
    (0xD6, 0x27, 0x28),
    (0x94, 0x67, 0xBD),
    (0x8C, 0x56, 0x4B),
    (0xE3, 0x77, 0xC2),
    (0x7F, 0x7F, 0x7F),
    (0xBC, 0xBD, 0x22),
    (0x17, 0xBE, 0xCF),
)
_GOLDEN = 0.618033988749895


def hex_colour(colour: Colour) -> str:
    """`#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def palette_colour(number: int) -> Colour:
    """Colour of part `number` (from 0): the ten that Ground Truth's pages use first, then hues far from each other."""
    if number < len(_FIRST):
        return _FIRST[number]
    hue = (number * _GOLDEN) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.55 + 0.1 * (number % 4), 0.95 - 0.1 * (number % 5))
    return int(255 * red), int(255 * green), int(255 * blue)


def category_colours(categories: Sequence[str], used: Iterable[tuple[str, Colour]]) -> list[Colour]:
    """One distinct colour for each category: the one most workers drew it in, where that is free.

    Args:
        categories: names in order.
        used: (category, colour) of each worker's drawing.

    Returns:
        Colours in the order of `categories`; none is the background's.

    Ties: the smaller colour. A colour that an earlier category has taken is replaced from the common palette.
    """
    drawn = Counter(used)
    taken = {BACKGROUND}
    colours = []
    for category in categories:
        own = sorted((-times, colour) for (name, colour), times in drawn.items() if name == category)
        choice = next((colour for _, colour in own if colour not in taken), None)
        spare = 0
        while choice is None or choice in taken:
            choice, spare = palette_colour(spare), spare + 1
        taken.add(choice)
        colours.append(choice)
    return colours
