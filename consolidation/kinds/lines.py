"""Lines: two end points each, with a label category."""

from __future__ import annotations

from typing import ClassVar

from consolidation.kinds.polylines import PolylinesKind


class LinesKind(PolylinesKind):
    """Lines: `crowd-line`.

    Recognised: an object with an array `lines`.
    Everything else is as with `polylines` (see there), of which a line is one with two vertices: the end points are fused each for
    itself, once all lines run the same way. A line of other than two vertices is rejected alone.
    """

    name: ClassVar[str] = "lines"
    vertices: ClassVar[tuple[int, float]] = (2, 2)
