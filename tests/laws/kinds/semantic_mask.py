"""What the laws need to know of the kind `semantic-mask`."""

from collections.abc import Mapping
from typing import Any

from shared.errors import AnswerError
from shared.json_node import JsonNode
from tests import strategies
from tests.elements import Element, mirrored_mask, read_png, semantic_element
from tests.laws.merging import BY_NAME, SETTINGS, Artefacts, KindUnderLaw, Label, Merged, merge, supporters

KIND = BY_NAME["semantic-mask"]


def _as_element(label: Label, artefacts: Artefacts) -> Element:
    return semantic_element(read_png(artefacts[label["mask-ref"]]), list(strategies.CATEGORIES))


def _essence(element: Element) -> Any:
    """The category of every pixel, whatever its colour."""
    merged = merge(KIND, [element])
    return read_png(merged.artefacts[merged.label["mask-ref"]]).tolist()


def _parts(element: Element) -> int:
    return len(KIND.parse(JsonNode(element, "$", AnswerError), SETTINGS.limits).pixels)


def _accounted(merged: Merged) -> int:
    regions = [region for value, region in merged.label["internal-color-map"].items() if value != "0"]
    return supporters(regions) + supporters(merged.label["candidates"])


def _renamed(element: Element, names: Mapping[str, str]) -> Element:
    mappings = {names[name]: value for name, value in element["labelMappings"].items()}
    return {**element, "labelMappings": mappings}


LAW = KindUnderLaw(
    kind=KIND,
    elements=strategies.semantic_elements(),
    as_element=_as_element,
    essence=_essence,
    parts=_parts,
    accounted=_accounted,
    renamed=_renamed,
    mirrored=mirrored_mask,
    keys=(
        "labelMappings",
        "labeledImage",
        "pngImageData",
        "inputImageProperties",
        "width",
        "height",
        "color",
    ),
)
