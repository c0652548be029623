"""Small files to put into S3."""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import Any

from PIL import Image


def picture(
    form: str, size: tuple[int, int] = (16, 12), orientation: int | None = None, **options: Any
) -> bytes:
    """An image file."""
    file, exif = io.BytesIO(), Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, form, **{"exif": exif, **options})
    return file.getvalue()


def claimed_png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size; the pixels of another."""
    png = bytearray(picture("PNG"))
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    png[12:33] = header + struct.pack(">I", zlib.crc32(header))
    return bytes(png)


def sequence(prefix: str, *frames: str | dict[str, Any], **changes: Any) -> bytes:
    """A sequence file; a frame by its name, or in full."""
    entries = [
        {"frame-no": number, **(frame if isinstance(frame, dict) else {"frame": frame})}
        for number, frame in enumerate(frames, start=1)
    ]
    document = {"seq-no": 1, "prefix": prefix, "number-of-frames": len(entries), "frames": entries}
    return json.dumps(document | changes).encode()


def cloud(name: str, time: float, **more: Any) -> dict[str, Any]:
    """A frame of a sequence of point clouds."""
    return {"frame": name, "unix-timestamp": time, **more}
