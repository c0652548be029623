"""From a scene and the kind's own label to a picture."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from consolidation.kinds import KINDS
from consolidation.kinds.base import Answer, Kind, Task, merge_alone
from labeljob.report.outlines import outline_of, rectangle
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Settings
from shared.storage import artefact_name
from tools.kind_pictures.answers import TEXT, cloud
from tools.kind_pictures.scenes import SCENES, Scene
from tools.kind_pictures.svg import CATEGORIES, INK, ROW, SOFT, WORKERS, Panel, figure

Label = dict[str, Any]
_LISTS = ("boundingBoxes", "polygons", "polylines", "lines", "keypoints")
_METRE = 12
_NARROW = 8
"""Pixels of a letter, about."""


def picture(name: str) -> str:
    """The SVG of a kind.

    Raises:
        KeyError: there is no scene for it.
    """
    kind = next(kind for kind in KINDS if kind.name == name)
    scene = SCENES[name]
    artefacts: dict[str, bytes] = {}
    label = _label(kind, scene, artefacts)
    return figure(_panels(name, scene, label, artefacts), scene.caption)


def _label(kind: Kind, scene: Scene, artefacts: dict[str, bytes]) -> Label:
    settings = Settings()
    answers = [
        Answer(f"worker-{place}", kind.parse(JsonNode(element, "$", AnswerError), settings.limits))
        for place, element in enumerate(scene.answers, start=1)
    ]
    task = Task(settings, tuple(scene.label_categories), scene.data_object)

    def save(body: bytes, extension: str) -> str:
        artefacts[artefact_name(body, extension)] = body
        return artefact_name(body, extension)

    return kind.write(merge_alone(kind, answers, task), task, save)


def _panels(name: str, scene: Scene, label: Label, artefacts: Mapping[str, bytes]) -> list[Panel]:
    first = scene.answers[0]
    if name == "cuboids":
        return _from_above(scene.answers, label["annotations"])
    if "labels-ref" in label:
        return _points(scene, label, artefacts[label["labels-ref"]])
    if "seq-label-ref" in label:
        return _sequence(name, scene, json.loads(artefacts[label["seq-label-ref"]]))
    if "mask-ref" in label:
        return _masks(scene, artefacts[label["mask-ref"]])
    if isinstance(first, dict) and any(key in first for key in _LISTS):
        return _shapes(name, scene, label)
    return _spans(scene, label) if name == "entities" else _words(scene, label)


def _shapes(name: str, scene: Scene, label: Label) -> list[Panel]:
    closed = name not in {"polylines", "lines"}
    before = Panel("three workers", 240, 150)
    for place, element in enumerate(scene.answers):
        parts = next(element[key] for key in _LISTS if key in element)
        for part in parts:
            _draw(before, part, WORKERS[place], closed=closed)
    after = Panel("label, candidates dashed", 240, 150)
    for part in label["annotations"]:
        colour = CATEGORIES[part["class_id"]]
        _draw(after, part, colour, closed=closed, thick=True)
        _tag(after, part, f"{part['class-name']} {part['confidence']:.2f}", colour)
    for part in label["candidates"]:
        _draw(after, part, SOFT, closed=closed, thick=True, dashed=True)
        _tag(after, part, f"{part['class-name']}, 1 of 3", SOFT)
    return [before, after]


def _draw(
    panel: Panel,
    part: Mapping[str, Any],
    colour: str,
    *,
    closed: bool,
    thick: bool = False,
    dashed: bool = False,
) -> None:
    outline = outline_of(JsonNode(part), closed=closed)
    if outline:
        panel.outline(outline, colour, thick=thick, dashed=dashed)


def _tag(panel: Panel, part: Mapping[str, Any], words: str, colour: str) -> None:
    outline = outline_of(JsonNode(part), closed=True)
    if outline:
        left, top, _, height = outline.extent
        below = top + height + 13
        y = top - 5 if top > ROW else min(below, panel.height - 4)
        panel.words(min(left, panel.width - _NARROW * len(words) * 0.85), y, words, colour, small=True)


def _masks(scene: Scene, body: bytes) -> list[Panel]:
    panels = []
    for place, element in enumerate(scene.answers, start=1):
        panel = Panel(f"worker {place}", 144, 90)
        panel.image("data:image/png;base64," + element["labeledImage"]["pngImageData"], 144, 90)
        panels.append(panel)
    with Image.open(io.BytesIO(body)) as image:
        values, palette = np.array(image), np.array(image.getpalette()).reshape(-1, 3)
    seen = np.dstack([palette[values], np.where(values > 0, 255, 0)]).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(seen, "RGBA").save(buffer, "PNG")
    panel = Panel("label", 144, 90)
    panel.image("data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode(), 144, 90)
    return [*panels, panel]


def _spans(scene: Scene, label: Label) -> list[Panel]:
    letter = 7.25
    panel = Panel("three workers (lines) and the label (areas)", letter * len(TEXT) + 20, 96)
    for entity in label["annotations"]["entities"]:
        colour = CATEGORIES[list(scene.label_categories).index(entity["label"])]
        left = 10 + letter * entity["startOffset"]
        panel.area(left - 1, 24, letter * (entity["endOffset"] - entity["startOffset"]) + 2, 20, colour, 0.25)
        panel.words(left, 19, f"{entity['label']} {entity['confidence']:.2f}", colour, small=True)
    for place, letter_shown in enumerate(TEXT):
        panel.words(10 + letter * place, 38, letter_shown, even=True)
    for place, element in enumerate(scene.answers):
        for entity in element["entities"]:
            left = 10 + letter * entity["startOffset"]
            panel.area(
                left,
                52 + 12 * place,
                letter * (entity["endOffset"] - entity["startOffset"]) - 1,
                4,
                WORKERS[place],
            )
    return [panel]


def _sequence(name: str, scene: Scene, document: Label) -> list[Panel]:
    if name == "cuboid-tracks":
        return _from_above([_all_of(answer) for answer in scene.answers], _all_of(document)["annotations"])
    if name == "linked-tracks":
        sensors = [{key: answer[key] for key in ("lidar", "camera-0")} for answer in scene.answers]
        above = _from_above(
            [_all_of(one["lidar"]) for one in sensors], _all_of(document["lidar"])["annotations"]
        )
        above[1].title = "label: lidar"
        (camera,) = _frames([one["camera-0"] for one in sensors], document["camera-0"])
        camera.title = "label: camera-0"
        return [*above, camera]
    return _frames(scene.answers, document)


def _all_of(document: Label) -> Label:
    """The parts of all frames together."""
    key = next(key for key in document if key.endswith("-annotations"))
    return {"annotations": [part for frame in document[key] for part in frame["annotations"]]}


def _frames(answers: Sequence[Label], document: Label) -> list[Panel]:
    key = next(key for key in document if key.endswith("-annotations"))
    panels = []
    names = sorted({_named(part, document) for frame in document[key] for part in frame["annotations"]})
    for place, frame in enumerate(document[key]):
        panel = Panel(f"frame {place}", 200, 130)
        for worker, element in enumerate(answers):
            for part in element[key][place]["annotations"]:
                _draw(panel, part, WORKERS[worker], closed=True)
        for part in frame["annotations"]:
            colour = CATEGORIES[names.index(_named(part, document))]
            _draw(panel, part, colour, closed=True, thick=True)
            _tag(panel, part, _named(part, document), colour)
        panels.append(panel)
    return panels


def _named(part: Mapping[str, Any], document: Label) -> str:
    return str(part.get("object-name") or document["class-map"][str(part["class-id"])])


def _points(scene: Scene, label: Label, body: bytes) -> list[Panel]:
    panels = []
    streams = [zlib.decompress(base64.b64decode(element["pointLabels"])) for element in scene.answers]
    for title, numbers in zip(
        ("worker 1", "worker 2", "worker 3", "label"), [*streams, zlib.decompress(body)], strict=True
    ):
        panel = Panel(title, 220, 90)
        names = scene.answers[0]["color-map"] if title != "label" else label["color-map"]
        for (x, y), number in zip(cloud().tolist(), numbers, strict=True):
            panel.area(x, y, 4, 4, names[str(number)]["hex-color"])
        panels.append(panel)
    return panels


def _from_above(answers: Sequence[Label], made: Sequence[Label]) -> list[Panel]:
    before, after = Panel("three workers, from above", 240, 160), Panel("label", 240, 160)
    for place, element in enumerate(answers):
        for part in element["annotations"]:
            _plan(before, part, WORKERS[place], thick=False)
    for part in made:
        colour = CATEGORIES[int(part["class-id"])]
        _plan(after, part, colour, thick=True)
        x, y = part["center-x"] * _METRE, 160 - part["center-y"] * _METRE
        after.words(x - 24, y + 40, f"{part['object-name']} {part['confidence']:.2f}", colour, small=True)
    return [before, after]


def _plan(panel: Panel, part: Mapping[str, Any], colour: str, *, thick: bool) -> None:
    """A cuboid from above with a stroke to its front."""
    x, y = part["center-x"] * _METRE, panel.height - part["center-y"] * _METRE
    length, width = part["length"] * _METRE, part["width"] * _METRE
    panel.outline(
        rectangle((x - length / 2, y - width / 2, length, width), -np.degrees(part["yaw"])),
        colour,
        thick=thick,
    )
    front = rectangle((x, y, length, 0), -np.degrees(part["yaw"]))
    ahead = (x + length / 2 * np.cos(part["yaw"]), y - length / 2 * np.sin(part["yaw"]))
    panel.outline(
        type(front)(((x, y), (float(ahead[0]), float(ahead[1]))), closed=False), colour, thick=thick
    )


def _words(scene: Scene, label: Label) -> list[Panel]:
    """Answers and label as lines of words."""
    said = [_said(element) for element in scene.answers]
    made = _made(label)
    panels = []
    for title, lines in (("three workers", said), ("label", made)):
        wide = max(len(line) for line in lines) * _NARROW + 24
        panel = Panel(title, max(wide, 130), ROW * max(len(said), len(made)) + 14)
        for place, line in enumerate(lines):
            colour = WORKERS[place] if lines is said else INK
            panel.words(10, ROW * (place + 1) + 2, line, colour, bold=lines is made and place == 0)
        panels.append(panel)
    return panels


def _said(element: Any) -> str:
    if isinstance(element, dict) and "label" in element:
        return str(element["label"])
    if isinstance(element, dict) and "labels" in element:
        return ", ".join(element["labels"])
    if isinstance(element, dict):
        return ", ".join(name for name, ticked in element.items() if ticked)
    return " > ".join(element) if isinstance(element, list) else str(element)


def _made(label: Label) -> list[str]:
    if "votes" in label and "value" not in label:
        return [
            label["class-name"],
            *(f"p({name}) = {chance:.2f}" for name, chance in label["probabilities"].items()),
        ]
    if "class-names" in label:
        chances = [f"p({name}) = {chance:.2f}" for name, chance in label["confidence-map"].items()]
        return [", ".join(label["class-names"]), *chances]
    if "ranking" in label:
        return [" > ".join(entry["item"] for entry in label["ranking"])]
    lines = [str(label["value"])]
    if "spread" in label:
        lines.append(f"spread {label['spread']:g}")
    return [*lines, f"confidence {label['confidence']:.2f}"]


def pictured() -> Sequence[str]:
    """The kinds that have a scene, in the order of the table of kinds."""
    return [kind.name for kind in KINDS if kind.name in SCENES]
