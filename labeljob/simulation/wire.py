"""How the simulated service writes JSON and times; what they mean is left to the modules that fill them."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

from shared.json_node import write_json

HTML_SAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "=": "\\u003d", "'": "\\u0027"}
"""Characters that the service escapes in payloads. None of them is JSON syntax, so each stands inside a string."""


def parse(text: str) -> Any:
    """Parse strict JSON.

    Raises:
        ValueError: it is not JSON, has a number beyond all floats, or is nested too deep.
    """
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError as failure:
        raise ValueError("nested too deep") from failure


def html_safe(document: Any) -> str:
    """JSON text with the service's escapes, as consolidation requests have it."""
    text = write_json(document)
    for character, escape in HTML_SAFE.items():
        text = text.replace(character, escape)
    return text


def file_time(moment: datetime) -> str:
    """A UTC time as file names carry it, with colons: `2026-02-03_10:11:12`."""
    return moment.strftime("%Y-%m-%d_%H:%M:%S")


def answer_time(moment: datetime) -> str:
    """A UTC time as worker responses carry it: `2026-02-03T10:00:01.191Z`."""
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03}Z"


def metadata_time(moment: datetime) -> str:
    """A UTC time as label metadata carry it, with microseconds and no zone: `2026-02-03T10:12:00.123000`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number that JSON can carry on")
    return number
