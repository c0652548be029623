"""Mask PNGs as strangers may send them: read by their pixels alone, or refused by name at that worker's cost."""

from __future__ import annotations

import base64
import io
import json
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from consolidation.mask_png import decode_mask
from shared.errors import AnswerError, LimitError
from shared.settings import Limits
from tests.conftest import Aws
from tests.elements import read_png, semantic_element
from tests.payloads import (
    ANN,
    BOB,
    CYD,
    answer,
    base64_text,
    entry,
    label_of,
    png_chunk,
    raw_png,
    reasons_by_worker,
)

Send = Callable[..., list[dict[str, Any]]]
SIZE = (2, 1)
GREEN, BLUE = (0x2C, 0xA0, 0x2C), (0x1F, 0x77, 0xB4)
PALETTE = png_chunk(b"PLTE", bytes((0, 0, 0, *GREEN)))
TRANSPARENT_FIRST = png_chunk(b"tRNS", b"\0")
INDEXED = raw_png(SIZE, 8, 3, b"\0\0\1", before=PALETTE + TRANSPARENT_FIRST)
HUGE_TEXT = zlib.compress(b"x" * 10_000_000)


def pillow_png(mode: str, pixels: list[Any], **options: Any) -> bytes:
    """A 2x1 PNG as Pillow writes it."""
    image = Image.new(mode, SIZE)
    for place, pixel in enumerate(pixels):
        image.putpixel((place, 0), pixel)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def with_wrong_checksum(png: bytes, kind: bytes) -> bytes:
    """The PNG with the checksum of its first chunk of the kind inverted."""
    start = png.index(kind) - 4
    (length,) = struct.unpack_from(">I", png, start)
    end = start + 12 + length
    return png[: end - 4] + bytes(byte ^ 0xFF for byte in png[end - 4 : end]) + png[end:]


def colours_of(png: bytes, size: tuple[int, int] = SIZE) -> list[Any]:
    """The colour of each pixel as the decoder reads it; None where it is transparent."""
    decoded = decode_mask(base64_text(png), size, Limits())
    return [decoded.colours[index] for index in decoded.indices.reshape(-1)]


@pytest.mark.parametrize(
    ("png", "colours"),
    [
        (INDEXED, [None, GREEN]),
        (raw_png(SIZE, 1, 3, b"\0\x40", before=PALETTE), [(0, 0, 0), GREEN]),
        (raw_png(SIZE, 2, 3, b"\0\x10", before=PALETTE), [(0, 0, 0), GREEN]),
        (raw_png(SIZE, 4, 3, b"\0\x01", before=PALETTE), [(0, 0, 0), GREEN]),
        (raw_png(SIZE, 1, 0, b"\0\x40"), [(0, 0, 0), (255, 255, 255)]),
        (raw_png(SIZE, 2, 0, b"\0\x60"), [(85, 85, 85), (170, 170, 170)]),
        (raw_png(SIZE, 8, 0, b"\0\x07\x09"), [(7, 7, 7), (9, 9, 9)]),
        (
            raw_png(SIZE, 8, 0, b"\0\x07\x09", before=png_chunk(b"tRNS", b"\0\x07")),
            [None, (9, 9, 9)],
        ),
        (
            raw_png(SIZE, 1, 0, b"\0\x40", before=png_chunk(b"tRNS", b"\0\1")),
            [(0, 0, 0), None],
        ),
        (raw_png(SIZE, 16, 2, b"\0" + b"\x2c\0\xa0\0\x2c\0" * 2), [GREEN, GREEN]),
        (pillow_png("RGB", [GREEN, BLUE]), [GREEN, BLUE]),
        (pillow_png("RGBA", [(*GREEN, 0), (*BLUE, 255)]), [None, BLUE]),
        (pillow_png("RGBA", [(*GREEN, 128), (*BLUE, 255)]), [GREEN, BLUE]),
        (pillow_png("LA", [(7, 255), (9, 0)]), [(7, 7, 7), None]),
        (
            raw_png(SIZE, 8, 2, b"\0\1\2\3" + bytes(GREEN), before=png_chunk(b"tRNS", b"\0\1\0\2\0\3")),
            [None, GREEN],
        ),
        (
            raw_png(SIZE, 8, 3, b"\0\0" + b"\0\1", before=PALETTE, interlaced=True),
            [(0, 0, 0), GREEN],
        ),
    ],
    ids=[
        *("palette", "1-bit palette", "2-bit palette", "4-bit palette", "1-bit grey", "2-bit grey", "grey"),
        *(
            "grey with a transparent shade",
            "1-bit grey with a transparent shade",
            "16-bit RGB",
            "RGB",
            "RGBA",
        ),
        *("half transparent", "grey with alpha", "RGB with a transparent colour", "interlaced"),
    ],
)
def test_every_kind_of_png_is_read_by_its_colours(png: bytes, colours: list[Any]) -> None:
    assert colours_of(png) == colours


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (png_chunk(b"zTXt", b"Comment\0\0" + HUGE_TEXT), b""),
        (png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + HUGE_TEXT), b""),
        (png_chunk(b"iCCP", b"profile\0\0" + HUGE_TEXT), b""),
        (b"", png_chunk(b"zTXt", b"Comment\0\0" + HUGE_TEXT)),
        (png_chunk(b"tEXt", b"Comment\0" + b"x" * 1_000_000), b""),
        (png_chunk(b"eXIf", b"not exif"), b""),
        (png_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)), png_chunk(b"fdAT", b"\0" * 30)),
        (png_chunk(b"gAMA", b""), png_chunk(b"abcd", b"unknown")),
    ],
    ids=[
        *("zTXt bomb", "iTXt bomb", "profile bomb", "bomb behind the pixels"),
        *("text", "exif", "APNG", "odd chunks"),
    ],
)
def test_chunks_that_hold_no_pixels_never_reach_the_decoder(
    monkeypatch: pytest.MonkeyPatch, before: bytes, after: bytes
) -> None:
    """So that no text, profile or animation is ever expanded."""
    opened: list[bytes] = []

    def remember(file: io.BytesIO, formats: list[str]) -> Image.Image:
        opened.append(file.getvalue())
        return pillow_open(file, formats=formats)

    pillow_open = Image.open
    monkeypatch.setattr(Image, "open", remember)
    png = raw_png(SIZE, 8, 3, b"\0\0\1", before=before + PALETTE, after=after)
    assert colours_of(png) == [(0, 0, 0), GREEN]
    assert opened == [raw_png(SIZE, 8, 3, b"\0\0\1", before=PALETTE)]


def test_what_inflates_beyond_the_last_pixel_is_ignored() -> None:
    """Twenty megabytes behind the two pixels of the header."""
    assert colours_of(raw_png(SIZE, 8, 3, b"\0\0\1" + b"\0" * 20_000_000, before=PALETTE)) == [
        (0, 0, 0),
        GREEN,
    ]


def test_an_animation_counts_as_its_still_image() -> None:
    frames = [Image.new("P", SIZE, shade) for shade in (0, 1)]
    for frame in frames:
        frame.putpalette(bytes((*GREEN, *BLUE)))
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    assert b"acTL" in buffer.getvalue()
    assert colours_of(buffer.getvalue()) == [GREEN, GREEN]


JPEG = io.BytesIO()
Image.new("RGB", SIZE, GREEN).save(JPEG, "JPEG")

REFUSED = {
    "cut off in the pixels": (INDEXED[: INDEXED.index(b"IDAT") + 6], "the PNG is cut off"),
    "cut off before its end": (INDEXED[:-12], "the PNG is cut off"),
    "signature only": (INDEXED[:8], "the PNG is cut off"),
    "wrong header checksum": (with_wrong_checksum(INDEXED, b"IHDR"), "cannot be decoded"),
    "wrong palette checksum": (with_wrong_checksum(INDEXED, b"PLTE"), "cannot be decoded"),
    "pixels that do not inflate": (
        INDEXED.replace(
            zlib.compress(b"\0\0\1"), b"\x78\x9c" + b"\xff" * (len(zlib.compress(b"\0\0\1")) - 2)
        ),
        "cannot be decoded",
    ),
    "JPEG in disguise": (JPEG.getvalue(), "the image is not a PNG"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "the image is not a PNG"),
    "no chunk before the header": (
        INDEXED[:8] + PALETTE + INDEXED[8:],
        "the PNG has no header",
    ),
    "two headers": (
        INDEXED[:33] + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 300, 200, 8, 3, 0, 0, 0)) + INDEXED[33:],
        "the PNG has two headers",
    ),
    "no palette": (raw_png(SIZE, 8, 3, b"\0\0\1"), "uses colour number 1, its palette has 0"),
    "index out of range": (
        raw_png(SIZE, 8, 3, b"\0\0\5", before=PALETTE),
        "uses colour number 5, its palette has 2",
    ),
    "bit depth of 3": (raw_png(SIZE, 3, 3, b"\0\0\1", before=PALETTE), "its chunks are malformed"),
    "short transparency": (
        raw_png(SIZE, 8, 2, b"\0\1\2\3\4\5\6", before=png_chunk(b"tRNS", b"\0")),
        "the PNG cannot be decoded: ",  # what follows depends on Pillow's version
    ),
    "another size": (raw_png((3, 1), 8, 3, b"\0\0\1\1", before=PALETTE), "the PNG is 3x1, the image is 2x1"),
    "no pixels": (raw_png((0, 0), 8, 3, b"", before=PALETTE), "the PNG is 0x0, the image is 2x1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_png_costs_its_worker_and_is_named_in_the_label(
    aws: Aws, consolidated: Send, name: str
) -> None:
    """Through the Lambda: the two other workers' masks are merged."""
    png, reason = REFUSED[name]
    good = semantic_element([[0, 1]], ["road"])
    bad = {**good, "labeledImage": {"pngImageData": base64_text(png)}}
    label = label_of(
        consolidated([entry("0", answer(ANN, m=good), answer(BOB, m=bad), answer(CYD, m=good))]), "0"
    )
    assert read_png(aws.get(label["mask-ref"])).tolist() == [[0, 1]]
    assert list(reasons_by_worker(label)) == [BOB]
    assert reason in reasons_by_worker(label)[BOB]


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_reads_the_same_every_time(name: str) -> None:
    """The same event gives the same bytes, so no reason may hold an address or a time."""
    png, _ = REFUSED[name]
    told = set()
    for _ in range(2):
        with pytest.raises(AnswerError) as refusal:
            decode_mask(base64_text(png), SIZE, Limits())
        told.add(refusal.value.reason)
    assert len(told) == 1
    assert " at 0x" not in told.pop()


@pytest.mark.parametrize(
    ("data", "colours"),
    [
        (f"data:image/png;base64,{base64_text(INDEXED)}", [None, GREEN]),
        ("\n".join(base64_text(INDEXED)[place : place + 20] for place in range(0, 999, 20)), [None, GREEN]),
        (base64_text(INDEXED).rstrip("="), [None, GREEN]),
    ],
    ids=["data: URI", "wrapped lines", "without padding"],
)
def test_base64_is_read_in_the_forms_that_browsers_give(data: str, colours: list[Any]) -> None:
    decoded = decode_mask(data, SIZE, Limits())
    assert [decoded.colours[index] for index in decoded.indices.reshape(-1)] == colours


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "the image is not a PNG"),
        ("data:image/png;base64,", "the image is not a PNG"),
        ("data:image/png", "the image is not a PNG"),
        ("not base64!", "is not base64"),
        ("\u2603" * 40, "is not base64"),
        ("https://example.com/mask.png", "is not base64"),
    ],
)
def test_what_is_not_base64_of_a_png_is_refused(data: str, reason: str) -> None:
    with pytest.raises(AnswerError, match=reason):
        decode_mask(data, SIZE, Limits())


def test_pixels_are_counted_from_the_header_before_any_is_decoded() -> None:
    """A header of ten thousand million pixels, and hardly any data."""
    png = raw_png((100_000, 100_000), 8, 3, b"\0", before=PALETTE)
    with pytest.raises(LimitError, match="100000x100000, allowed are 100000000 pixels") as refusal:
        decode_mask(base64_text(png), (100_000, 100_000), Limits())
    assert refusal.value.limit == "limits.pixels"


@pytest.mark.parametrize(
    ("limits", "name"),
    [({"pixels": 1}, "limits.pixels"), ({"png-bytes": 20}, "limits.png-bytes")],
)
def test_a_mask_over_a_limit_is_refused_and_the_limit_named(
    consolidated: Send, configure: Callable[..., None], limits: dict[str, int], name: str
) -> None:
    configure({"limits": limits})
    label = label_of(consolidated([entry("0", answer(ANN, m=semantic_element([[0, 1]], ["road"])))]), "0")
    assert f"(setting {name})" in reasons_by_worker(label)[ANN]


def _mutated(png: bytes, random_numbers: random.Random) -> bytes:
    """One to three bytes changed; mostly with checksums put right, so that the change reaches the decoder."""
    changed = bytearray(png)
    for _ in range(random_numbers.randint(1, 3)):
        changed[random_numbers.randrange(8, len(changed))] = random_numbers.randrange(256)
    if random_numbers.random() < 0.2:
        return bytes(changed)
    mended, place = bytes(changed[:8]), 8
    while place + 12 <= len(changed):
        (length,) = struct.unpack_from(">I", changed, place)
        mended += png_chunk(
            bytes(changed[place + 4 : place + 8]), bytes(changed[place + 8 : place + 8 + length])
        )
        place += 12 + length
    return mended


@pytest.mark.parametrize(
    "png",
    [
        INDEXED,
        pillow_png("RGB", [GREEN, BLUE]),
        raw_png(SIZE, 8, 2, b"\0\1\2\3\4\5\6", before=png_chunk(b"tRNS", b"\0\1\0\2\0\3")),
        raw_png(SIZE, 4, 0, b"\0\x12"),
    ],
    ids=["palette", "RGB", "transparent colour", "grey"],
)
def test_a_damaged_png_is_read_or_refused_and_nothing_else(png: bytes) -> None:
    """Two thousand random damages: only the documented error, and never another size than the header's."""
    random_numbers = random.Random(1)
    for _ in range(2_000):
        damaged = _mutated(png, random_numbers)
        try:
            decoded = decode_mask(base64_text(damaged), SIZE, Limits())
        except AnswerError:
            continue
        assert decoded.indices.shape == (1, 2), base64.b64encode(damaged)
        assert decoded.pixels.sum() == 2, base64.b64encode(damaged)
        json.dumps(decoded.colours)
