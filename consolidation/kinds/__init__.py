"""One file per annotation kind: recognise, parse, merge, write. `KINDS` is the table of kinds."""

from consolidation.kinds.base import Kind
from consolidation.kinds.boxes import BoxesKind
from consolidation.kinds.class_label import ClassKind
from consolidation.kinds.instance_mask import InstanceMaskKind
from consolidation.kinds.multi_label import MultiLabelKind
from consolidation.kinds.polygons import PolygonsKind
from consolidation.kinds.rotated_boxes import RotatedBoxesKind
from consolidation.kinds.semantic_mask import SemanticMaskKind

KINDS: tuple[Kind, ...] = (
    ClassKind(),
    MultiLabelKind(),
    RotatedBoxesKind(),
    BoxesKind(),
    PolygonsKind(),
    SemanticMaskKind(),
    InstanceMaskKind(),
)
"""The table of kinds. An element is of the kind that recognises most of its answers; of equals, the first here."""

__all__ = ["KINDS", "Kind"]
