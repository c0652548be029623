"""One file per annotation kind: recognise, parse, merge, write. `KINDS` is the table of kinds."""

from consolidation.kinds.base import Kind
from consolidation.kinds.boxes import BoxesKind
from consolidation.kinds.class_label import ClassKind
from consolidation.kinds.cuboid_tracks import CuboidTracksKind
from consolidation.kinds.cuboids import CuboidsKind
from consolidation.kinds.entities import EntitiesKind
from consolidation.kinds.instance_mask import InstanceMaskKind
from consolidation.kinds.keypoints import KeypointsKind
from consolidation.kinds.lines import LinesKind
from consolidation.kinds.linked_tracks import LinkedTracksKind
from consolidation.kinds.multi_label import MultiLabelKind
from consolidation.kinds.number import NumberKind
from consolidation.kinds.point_labels import PointLabelsKind
from consolidation.kinds.polygons import PolygonsKind
from consolidation.kinds.polylines import PolylinesKind
from consolidation.kinds.ranking import RankingKind
from consolidation.kinds.rating import RatingKind
from consolidation.kinds.rotated_boxes import RotatedBoxesKind
from consolidation.kinds.semantic_mask import SemanticMaskKind
from consolidation.kinds.text import TextKind
from consolidation.kinds.video_frames import VideoDetectionsKind, VideoTracksKind

KINDS: tuple[Kind, ...] = (
    RatingKind(),
    ClassKind(),
    MultiLabelKind(),
    RotatedBoxesKind(),
    BoxesKind(),
    PolygonsKind(),
    PolylinesKind(),
    LinesKind(),
    KeypointsKind(),
    SemanticMaskKind(),
    InstanceMaskKind(),
    EntitiesKind(),
    VideoDetectionsKind(),
    VideoTracksKind(),
    CuboidsKind(),
    CuboidTracksKind(),
    LinkedTracksKind(),
    PointLabelsKind(),
    RankingKind(),
    NumberKind(),
    TextKind(),
)
"""The table of kinds. An element is of the kind that recognises most of its answers; of equals, the first here."""

__all__ = ["KINDS", "Kind"]
