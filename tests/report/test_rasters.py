"""Index maps as pictures."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

from labeljob.report.rasters import outline, outlines_within, picture, read_index_png
from shared.errors import ContractError


def painted(path: str, shape: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Fill a path by the even-odd rule."""
    filled = np.zeros(shape, bool)
    for loop in path.split("z")[:-1]:
        points = [[int(value) for value in re.findall(r"\d+", loop.partition("h")[0].partition("v")[0])]]
        for command, steps in re.findall(r"([hv])(-?\d+)", loop):
            x, y = points[-1]
            points.append([x + int(steps), y] if command == "h" else [x, y + int(steps)])
        image = Image.new("1", (4 * shape[1], 4 * shape[0]))
        ImageDraw.Draw(image).polygon([(4 * x - 1, 4 * y - 1) for x, y in points], fill=1)
        filled ^= np.asarray(image)[2::4, 2::4]
    return filled


@pytest.mark.parametrize(
    ("rows", "path"),
    [
        pytest.param(["..", ".."], "", id="nothing"),
        pytest.param(["...", ".#.", "..."], "M1 1h1v1h-1z", id="one pixel"),
        pytest.param(["##", "##"], "M0 0h2v2h-2z", id="everything"),
    ],
)
def test_the_outline_runs_along_the_edges_of_the_pixels(rows: list[str], path: str) -> None:
    """One command for each straight run."""
    covered = np.array([[pixel == "#" for pixel in row] for row in rows])
    assert outline(covered) == path


@given(arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_an_outline_encloses_just_the_pixels_covered(
    covered: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
) -> None:
    """Holes and pixels that touch at a corner too."""
    assert np.array_equal(painted(outline(covered), covered.shape), covered)


def test_an_outline_that_is_too_long_is_made_coarser_and_at_last_left_out() -> None:
    """A mask of noise must not fill the page."""
    block = np.eye(8, dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    noise = np.random.default_rng(0).integers(0, 2, (64, 64)).astype(np.uint8)
    assert outlines_within(block, 10_000)[1] == 1
    assert outlines_within(noise, 6_000)[1] in {2, 4}
    assert outlines_within(noise, 50) == ("", 1)


def test_a_picture_has_the_colours_and_is_transparent_at_0() -> None:
    """Indices beyond the colours begin again."""
    data = picture(np.array([[0, 1, 2, 3]], np.uint8), [(1, 2, 3), (4, 5, 6)], opacity=0.5)
    with Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))) as image:
        pixels = np.asarray(image.convert("RGBA")).tolist()
    assert pixels == [[[0, 0, 0, 0], [1, 2, 3, 128], [4, 5, 6, 128], [1, 2, 3, 128]]]


@pytest.mark.parametrize("body", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\nxx"])
def test_what_is_no_png_is_an_error_that_says_so(body: bytes) -> None:
    """Not an exception of the library."""
    with pytest.raises(ContractError, match="cannot be decoded"):
        read_index_png(body)


def test_a_colour_picture_is_no_mask() -> None:
    """Only index maps have meaning."""
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, "PNG")
    with pytest.raises(ContractError, match="no indexed PNG"):
        read_index_png(buffer.getvalue())
