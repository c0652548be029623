"""Image files by their headers: size in pixels, orientation, whether they are whole. No pixel is decoded."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

_OPENERS = {"JPEG": JpegImageFile, "PNG": PngImageFile}
"""The readers themselves: `Image.open` would refuse large images, which are to be named."""
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82"}
_ORIENTATION = 0x0112
UPRIGHT = 1


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the start of an image file says.

    Attributes:
        width, height: pixels as stored.
        orientation: of EXIF, 1-8; 1 is upright.
    """

    width: int
    height: int
    orientation: int


def read_header(form: str, start: bytes) -> ImageHeader:
    """Read the header of a `JPEG` or `PNG` file.

    Raises:
        ValueError: it is damaged, or `start` ends before it does.
    """
    try:
        with _OPENERS[form](io.BytesIO(start)) as image:
            size, exif = image.size, image.info.get("exif", b"")
    except Exception as failure:  # Pillow raises a dozen kinds of errors for damaged files
        raise ValueError(f"{failure}") from failure
    return ImageHeader(*size, _orientation(exif))


def _orientation(body: bytes) -> int:
    """What EXIF says; browsers show an image with damaged EXIF as it is stored."""
    exif = Image.Exif()
    try:
        exif.load(body)
        return int(exif.get(_ORIENTATION, UPRIGHT))
    except Exception:  # noqa: BLE001 - as above
        return UPRIGHT


def ends_whole(form: str, end: bytes) -> bool:
    """Whether the last bytes of a file hold the mark that ends it; a few bytes more may follow."""
    return _ENDS[form] in end
