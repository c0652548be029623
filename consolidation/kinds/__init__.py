"""One file per annotation kind: recognise, parse, merge, write. `KINDS` is the table of kinds."""

from consolidation.kinds.base import Kind
from consolidation.kinds.boxes import BoxesKind
from consolidation.kinds.class_label import ClassKind
from consolidation.kinds.instance_mask import InstanceMaskKind
from consolidation.kinds.semantic_mask import SemanticMaskKind

KINDS: tuple[Kind, ...] = (ClassKind(), BoxesKind(), SemanticMaskKind(), InstanceMaskKind())
"""In the order in which they are asked whether an element is theirs; the first that says yes takes it."""

__all__ = ["KINDS", "Kind"]
