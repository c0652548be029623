"""What the laws need to know of the kind `boxes`."""

from typing import Any

from tests import strategies
from tests.elements import Element, boxes_element, renamed_parts
from tests.laws.merging import BY_NAME, Artefacts, KindUnderLaw, Label, support_of_all


def _as_element(label: Label, _: Artefacts) -> Element:
    boxes = [
        (box["class-name"], box["left"], box["top"], box["width"], box["height"])
        for box in label["annotations"]
    ]
    size = label["image_size"][0]
    return boxes_element(boxes, (size["width"], size["height"]))


def _essence(element: Element) -> Any:
    return sorted(
        (box["label"], box["left"], box["top"], box["width"], box["height"])
        for box in element["boundingBoxes"]
    )


def _mirrored(element: Element) -> Element:
    width = element["inputImageProperties"]["width"]
    boxes = [{**box, "left": width - box["left"] - box["width"]} for box in element["boundingBoxes"]]
    return {**element, "boundingBoxes": boxes}


LAW = KindUnderLaw(
    kind=BY_NAME["boxes"],
    elements=strategies.box_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=lambda element: len(element["boundingBoxes"]),
    accounted=support_of_all,
    renamed=lambda element, names: renamed_parts(element, "boundingBoxes", names),
    mirrored=_mirrored,
    keys=("boundingBoxes", "inputImageProperties", "width", "height", "left", "top", "label"),
)
