"""Builders of video frames, as a page for them submits them."""

from __future__ import annotations

from typing import Any

from tests.elements import Element

Place = tuple[float, float]
LEFT, RIGHT = (10.0, 10.0), (60.0, 10.0)


def box(place: Place, track: str | None = None, label: str = "car", **members: Any) -> Element:
    """A part of 20 by 20 pixels, under the worker's own track if it has one."""
    identity = {"object-id": track} if track else {}
    edges = {"left": place[0], "top": place[1], "width": 20, "height": 20}
    given = {"label-category-attributes": members.pop("attributes", {})}
    return {"label": label, **edges, **given, **identity, **members}


def frame(number: Any, *parts: Element, **members: Any) -> Element:
    """A frame with its boxes."""
    return {
        "frame-no": number,
        "frame": f"{number}.jpg",
        "frame-attributes": {},
        "annotations": list(parts),
        **members,
    }


def video(*frames: Element, key: str = "tracking-annotations", **members: Any) -> Element:
    """An answer."""
    return {key: list(frames), **members}
