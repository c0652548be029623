"""One form element of a label, shown as its kind asks for: one module for each family of kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from labeljob.report.fields.choices import show_class, show_multi_label, show_rating
from labeljob.report.fields.clouds import show_cuboids, show_point_labels
from labeljob.report.fields.entries import LabelledElement
from labeljob.report.fields.masks import show_instances, show_regions
from labeljob.report.fields.shapes import show_shapes
from labeljob.report.fields.texts import show_entities, show_text
from labeljob.report.fields.tracks import show_detections, show_linked_tracks, show_tracks
from labeljob.report.fields.values import show_number, show_ranking
from labeljob.report.view import Field
from shared.errors import GtConsensusError

SHOWN: Mapping[str, Callable[[LabelledElement], Field]] = {
    "class": show_class,
    "multi-label": show_multi_label,
    "rating": show_rating,
    "boxes": show_shapes,
    "rotated-boxes": show_shapes,
    "polygons": show_shapes,
    "polylines": show_shapes,
    "lines": show_shapes,
    "keypoints": show_shapes,
    "semantic-mask": show_regions,
    "instance-mask": show_instances,
    "entities": show_entities,
    "text": show_text,
    "number": show_number,
    "ranking": show_ranking,
    "cuboids": show_cuboids,
    "point-labels": show_point_labels,
    "video-detections": show_detections,
    "video-tracks": show_tracks,
    "cuboid-tracks": show_tracks,
    "linked-tracks": show_linked_tracks,
}
"""By the kind that the label's `consolidation` block names."""


def show_field(element: LabelledElement) -> Field:
    """The view of one form element's label value; what cannot be read becomes a note, never an error."""
    value = element.node.value
    show = SHOWN.get(element.kind or "")
    if isinstance(value, dict) and "error" in value:
        return Field(element.name, "no label")
    if not isinstance(value, dict) or show is None:
        return Field(element.name, "see the label as written")
    try:
        return show(element)
    except (GtConsensusError, ValueError, ArithmeticError) as failure:
        note = f"This label cannot be drawn: {failure}"
        return Field(element.name, "see the label as written", notes=(note,))
