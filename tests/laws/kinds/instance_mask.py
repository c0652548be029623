"""What the laws need to know of the kind `instance-mask`."""

from typing import Any

from shared.errors import AnswerError
from shared.json_node import JsonNode
from tests import strategies
from tests.elements import Element, instance_element, mirrored_mask, palette_png, read_png, renamed_parts
from tests.laws.merging import BY_NAME, SETTINGS, Artefacts, KindUnderLaw, Label, Merged, supporters

KIND = BY_NAME["instance-mask"]


def _as_element(label: Label, artefacts: Artefacts) -> Element:
    numbers = read_png(artefacts[label["mask-ref"]])
    return instance_element(numbers, [instance["label"] for instance in label["instances"]])


def _essence(element: Element) -> Any:
    """Each instance as its category and its own mask."""
    value = KIND.parse(JsonNode(element, "$", AnswerError), SETTINGS.limits)
    numbers = value.numbers[value.colour_map.indices]
    return sorted(
        (label, palette_png((numbers == place).astype("uint8"), ["#2ca02c"]))
        for place, label in enumerate(value.labels)
        if place and (numbers == place).any()
    )


def _accounted(merged: Merged) -> int:
    return supporters(merged.label["instances"]) + supporters(merged.label["candidates"])


LAW = KindUnderLaw(
    kind=KIND,
    elements=strategies.instance_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=lambda element: len(element["instances"]),
    accounted=_accounted,
    renamed=lambda element, names: renamed_parts(element, "instances", names),
    mirrored=mirrored_mask,
    keys=("instances", "labeledImage", "pngImageData", "inputImageProperties", "width", "height", "color"),
)
