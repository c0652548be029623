"""Semantic and instance masks, by their rule books."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Limits
from tests.elements import COLOURS, instance_element, read_png, semantic_element
from tests.laws.merging import BY_NAME, Merged, merge

SEMANTIC, INSTANCE = BY_NAME["semantic-mask"], BY_NAME["instance-mask"]


def _mask(merged: Merged) -> list[list[int]]:
    pixels: list[list[int]] = read_png(merged.artefacts[merged.label["mask-ref"]]).tolist()
    return pixels


def test_each_pixel_takes_the_category_with_most_votes() -> None:
    elements = [
        semantic_element([[1, 1, 0, 2]], ("ant", "bee")),
        semantic_element([[1, 0, 0, 2]], ("ant", "bee")),
        semantic_element([[1, 1, 0, 1]], ("ant", "bee")),
    ]
    merged = merge(SEMANTIC, elements, label_categories=("ant", "bee"))
    assert _mask(merged) == [[1, 1, 0, 2]]
    colour_map = merged.label["internal-color-map"]
    assert {value: region["class-name"] for value, region in colour_map.items()} == {
        "0": "BACKGROUND",
        "1": "ant",
        "2": "bee",
    }
    assert [colour_map[value]["pixels"] for value in "012"] == [1, 2, 1]
    assert colour_map["2"]["support"]["workers"] == 2


def test_colours_mean_what_each_worker_says_not_where_they_stand() -> None:
    """Two workers drew the same thing in swapped colours and a swapped order of categories."""
    one = semantic_element([[1, 2]], ("ant", "bee"), COLOURS[:2])
    other = semantic_element([[2, 1]], ("bee", "ant"), (COLOURS[4], COLOURS[5]))
    merged = merge(SEMANTIC, [one, other], label_categories=("ant", "bee"))
    assert _mask(merged) == [[1, 2]]
    assert merged.consensus.agreement == 1.0


def test_the_masks_palette_is_the_colour_map() -> None:
    merged = merge(
        SEMANTIC, [semantic_element([[0, 1, 2]], ("ant", "bee"))] * 2, label_categories=("ant", "bee")
    )
    with Image.open(io.BytesIO(merged.artefacts[merged.label["mask-ref"]])) as image:
        rgb = np.asarray(image.convert("RGB")).tolist()[0]
    colours = [region["hex-color"] for region in merged.label["internal-color-map"].values()]
    assert ["#{:02x}{:02x}{:02x}".format(*pixel) for pixel in rgb] == colours == ["#ffffff", *COLOURS[:2]]


def test_a_category_that_wins_no_pixel_is_a_candidate() -> None:
    elements = [semantic_element([[0, 0, 1, 1]], ["ant"])] + [semantic_element([[0, 0, 0, 0]], ["ant"])] * 2
    merged = merge(SEMANTIC, elements, label_categories=["ant"])
    candidate = merged.label["candidates"][0]
    assert (candidate["class-name"], candidate["pixels"]) == ("ant", 2)
    assert candidate["bounding-box"] == {"left": 2, "top": 0, "width": 2, "height": 1}
    assert candidate["support"]["worker-ids"] == ["worker-0"]
    assert merged.consensus.reasons == ("quorum:candidate-1",)


def test_two_empty_masks_agree_fully() -> None:
    merged = merge(SEMANTIC, [semantic_element([[0, 0]], ["ant"])] * 2)
    assert merged.consensus.agreement == 1.0
    assert list(merged.label["internal-color-map"]) == ["0"]


def test_pixels_that_the_tie_rule_decided_are_counted() -> None:
    elements = [semantic_element([[1, 1, 1]], ["ant"]), semantic_element([[1, 0, 0]], ["ant"])]
    merged = merge(SEMANTIC, elements)
    assert _mask(merged) == [[1, 0, 0]]
    assert merged.label["tied-pixels"] == 2


def test_the_disagreement_map_shows_where_votes_split() -> None:
    elements = [semantic_element([[1, 1]], ["ant"])] * 3 + [semantic_element([[1, 0]], ["ant"])]
    merged = merge(SEMANTIC, elements)
    assert read_png(merged.artefacts[merged.label["disagreement-ref"]]).tolist() == [[0, 64]]


def _png(image: Image.Image, **options: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return base64.b64encode(buffer.getvalue()).decode()


def _as_mode(mode: str) -> Image.Image:
    """A row of pixels: background, then #2ca02c."""
    rgba = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    rgba.putpixel((1, 0), (0x2C, 0xA0, 0x2C, 255))
    if mode == "RGBA":
        return rgba
    rgb = Image.new("RGB", (2, 1), (255, 255, 255))
    rgb.putpixel((1, 0), (0x2C, 0xA0, 0x2C))
    return rgb if mode == "RGB" else rgb.quantize(2)


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "P"])
def test_every_form_of_png_is_read_by_colour(mode: str) -> None:
    element = semantic_element([[0, 1]], ["ant"])
    element["labeledImage"]["pngImageData"] = _png(_as_mode(mode))
    assert _mask(merge(SEMANTIC, [element] * 2)) == [[0, 1]]


def test_pixels_of_a_colour_without_meaning_are_background_and_reported() -> None:
    element = semantic_element([[1, 2]], ["ant", "bee"])
    del element["labelMappings"]["bee"]
    merged = merge(SEMANTIC, [element, semantic_element([[1, 0]], ["ant"])])
    assert _mask(merged) == [[1, 0]]
    assert (
        "1 pixels in 1 colours that the answer gives no meaning (#1f77b4)"
        in merged.consensus.rejected[0].reason
    )


def test_two_workers_instances_are_found_again_in_each_other() -> None:
    one = instance_element([[1, 1, 0, 2, 2, 2]], ["ant", "bee"])
    other = instance_element([[2, 2, 0, 1, 1, 0]], ["bee", "ant"], COLOURS[3:5])
    merged = merge(INSTANCE, [one, other], label_categories=("ant", "bee"))
    assert _mask(merged) == [[1, 1, 0, 2, 2, 0]]
    assert [(made["label"], made["pixels"]) for made in merged.label["instances"]] == [("ant", 2), ("bee", 2)]


def test_a_pixel_needs_more_than_half_of_those_who_marked_the_instance() -> None:
    rows = ([[1, 1, 1, 0]], [[0, 1, 1, 1]], [[0, 1, 1, 0]], [[0, 0, 0, 0]])
    merged = merge(INSTANCE, [instance_element(row, ["ant"]) for row in rows])
    assert _mask(merged) == [[0, 1, 1, 0]]
    assert merged.label["instances"][0]["support"]["workers"] == 3


def test_candidates_keep_their_masks_even_where_they_overlap() -> None:
    rows = ([[1, 1, 1, 1, 0, 0]], [[0, 0, 0, 1, 1, 1]], [[0] * 6], [[0] * 6], [[0] * 6])
    merged = merge(INSTANCE, [instance_element(row, ["ant"]) for row in rows])
    assert _mask(merged) == [[0] * 6]
    masks = [
        (read_png(merged.artefacts[made["mask-ref"]]) == made["instance"]).astype(int).tolist()
        for made in merged.label["candidates"]
    ]
    assert sorted(masks) == sorted([rows[0], rows[1]])


def test_an_instance_without_pixels_or_with_anothers_colour_costs_only_itself() -> None:
    element = instance_element([[1, 1]], ["ant"])
    element["instances"] += [{"color": "#000001", "label": "ghost"}, {"color": COLOURS[0], "label": "twin"}]
    value = INSTANCE.parse(JsonNode(element, "$", AnswerError), Limits())
    assert value.faults == (
        ("$.instances[2]", "has the colour #2ca02c of another instance"),
        ("$.instances[1]", "has no pixel in the PNG"),
    )


def test_more_than_255_instances_fit_a_16_bit_mask() -> None:
    """A palette ends at 256 colours, so workers send RGB and the label is 16-bit."""
    image = Image.new("RGB", (300, 1))
    for place in range(300):
        image.putpixel((place, 0), (1 + place // 200, 1 + place % 200, 7))
    element = {
        "inputImageProperties": {"width": 300, "height": 1},
        "instances": [
            {"label": "ant", "color": f"#{1 + place // 200:02x}{1 + place % 200:02x}07"}
            for place in range(300)
        ],
        "labeledImage": {"pngImageData": _png(image)},
    }
    merged = merge(INSTANCE, [element, element])
    assert sorted(read_png(merged.artefacts[merged.label["mask-ref"]]).reshape(-1).tolist()) == list(
        range(1, 301)
    )
    assert len(merged.label["instances"]) == 300
