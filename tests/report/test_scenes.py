"""Shapes on images, cuboids, point clouds and sequences of frames on the report page."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from labeljob.report import read_job, sequences
from labeljob.report.canvas import MarkedPart, ground_canvas
from labeljob.report.drawings import DrawnParts
from labeljob.report.outlines import from_above, outline_of, rectangle
from labeljob.report.sequences import read_sequences
from shared.errors import ContractError
from shared.json_node import JsonNode
from shared.settings import Settings
from tests.report.conftest import KeptJob, MakeReport, PageReader, labelled, report_of, shown, workers

SIZE = {"width": 200, "height": 100}


def line(label: str, *points: tuple[float, float]) -> dict[str, Any]:
    """A part with vertices."""
    return {"label": label, "vertices": [{"x": x, "y": y} for x, y in points]}


def judged(entry: Mapping[str, Any]) -> str:
    """The confidence and the support of an entry of a label, as the page shows them."""
    return f"{entry['confidence']} {entry['support']['workers']} of {entry['support']['of']} workers"


def label_of(job: KeptJob) -> dict[str, Any]:
    """The only label of a job."""
    label: dict[str, Any] = job.objects[0].label
    return label


def paths(page: PageReader, role: str) -> list[str]:
    """Path data of what is drawn in a role."""
    return [named["d"] for named in page.all("path", class_=role)]


def test_lines_are_drawn_open_with_their_ends_in_words() -> None:
    """The number stands at the end."""
    drawn = {"polylines": [line("kerb", (10, 90), (60, 50), (150, 20))], "inputImageProperties": SIZE}
    job = labelled(workers(drawn, drawn))
    page, (kerb,) = shown(job), label_of(job)["annotations"]
    assert paths(page, "label") == ["M10 90L60 50L150 20"]
    assert f"1 kerb {judged(kerb)} 3 vertices, 158.9 long, from 10, 90 to 150, 20" in page.card(1)
    (tag,) = page.all("text", class_="label")
    assert 150 < float(tag["x"]) < 160


def test_keypoints_are_crosses_with_spread_visibility_and_group() -> None:
    """A worker's point that says that there is none is not drawn."""

    def face(x: int) -> dict[str, Any]:
        eye = {"label": "eye", "x": x, "y": 40, "visibility": 1, "group": 7}
        gone = {"label": "ear", "x": 0, "y": 0, "visibility": 0}
        return {"keypoints": [eye, gone], "inputImageProperties": SIZE}

    page = shown(labelled(workers(face(90), face(94))))
    assert "at 92, 40, spread 2, hidden, group 1" in page.card(1)
    assert len(paths(page, "worker")) == 2
    assert paths(page, "label")[0].count("M") == 2


def test_a_box_that_is_turned_is_drawn_turned() -> None:
    """Clockwise, about its centre."""
    entry = {"left": 0, "top": 10, "width": 40, "height": 20, "angle": 90}
    outline = outline_of(JsonNode(entry), closed=True)
    assert outline is not None
    assert outline.extent == pytest.approx((10, 0, 20, 40))
    assert rectangle((0, 10, 40, 20)).extent == (0, 10, 40, 20)


def cuboid(label: str, x: float, y: float, yaw: float, **more: Any) -> dict[str, Any]:
    """A car-sized cuboid."""
    place = {"center-x": x, "center-y": y, "center-z": 0.8, "length": 4, "width": 2, "height": 1.5}
    return {"label": label, **place, "yaw": yaw, **more}


def test_a_cuboid_is_seen_from_above_with_a_stroke_to_its_front() -> None:
    """X to the right, y upwards: at a quarter turn the front is above the centre."""
    ahead, upwards = from_above(10, 5, 4, 2, 0), from_above(10, 5, 4, 2, math.pi / 2)
    assert ahead.extent == pytest.approx((8, -6, 4, 2))
    assert [*ahead.strokes[0]] == [(10, -5), (12, -5)]
    assert upwards.strokes[0][1] == pytest.approx((10, -7))


def test_cuboids_stand_on_a_grid_with_their_measures() -> None:
    """Candidates are dashed; the caption says what is where."""
    both = [cuboid("car", 10, 5, 0.5), cuboid("van", 20, 5, 0)]
    job = labelled(workers(both, both[:1], both[:1]))
    page, (car,) = shown(job), label_of(job)["annotations"]
    card = page.card(1)
    measures = "10.00, 5.00, 0.80 4.00 × 2.00 × 1.50 28.6°"  # noqa: RUF001 - as people read it
    assert f"1 car {judged(car)} {measures}" in card
    assert "c1 van candidate" in card
    assert "Seen from above: x from 6.1 to 23.7 m to the right" in card
    assert len(paths(page, "candidate")) == 1
    assert len(paths(page, "grid")) == 1
    assert page.all("rect", class_="image") == []


def test_world_coordinates_of_millions_of_metres_keep_their_centimetres() -> None:
    """Drawings are in single precision; the picture begins near zero, wherever the scene lies."""
    part = MarkedPart("1", "car", from_above(4_000_000.25, 5_000_000.5, 4, 2, 0), "#000000", candidate=False)
    worker = DrawnParts((from_above(4_000_000.75, 5_000_000.5, 4, 2, 0),), ("car",))
    canvas = ground_canvas("a", [part], {"ann": worker}, {"ann": "#111111"})
    drawn = {shape.role: shape.path for shape in canvas.shapes}
    assert drawn["label"].split("L")[0] == "M0.54 0.54"
    assert drawn["worker"].split("L")[0] == "M1.04 0.54"
    assert "x from 3999997.7 to 4000003.3 m" in canvas.caption


def points(*values: int) -> dict[str, Any]:
    """Labels of a small cloud."""
    stream = base64.b64encode(zlib.compress(bytes(values))).decode()
    names = {
        "1": {"class-name": "road", "hex-color": "#2ca02c"},
        "2": {"class-name": "car", "hex-color": "#1f77b4"},
    }
    return {"pointLabels": stream, "color-map": names}


def test_point_labels_are_a_table_of_shares() -> None:
    """Without the background, which stands with the number of points."""
    given = [points(0, 1, 1, 1, 0, 0, 0, 0), points(0, 1, 1, 1, 0, 0, 0, 0), points(0, 1, 1, 1, 0, 0, 0, 2)]
    job = labelled(workers(*given))
    card, road = shown(job).card(1), label_of(job)["color-map"]["2"]
    assert "points 8 background 5" in card
    assert f"2 road {judged(road)} 3 37.5 %" in card
    assert "c1 car candidate" in card
    assert "cid road 3 points, car 1 point agrees" in card


def frames(*tracks: tuple[str, dict[int, float]], count: int = 6) -> dict[str, Any]:
    """Tracks of boxes, (id, left edge by frame)."""
    return {
        "tracking-annotations": [
            {
                "frame-no": number,
                "frame": f"f{number}.jpeg",
                "annotations": [
                    {
                        "left": lefts[number],
                        "top": 10,
                        "width": 20,
                        "height": 10,
                        "class-id": "0",
                        "object-id": name,
                    }
                    for name, lefts in tracks
                    if number in lefts
                ],
            }
            for number in range(count)
        ],
        "class-map": {"0": "car"},
    }


MOVING = {number: 10.0 * number for number in range(6)}


@pytest.fixture
def tracked_job() -> KeptJob:
    """A car through all frames, one that two of three saw in two stretches, one that one of three saw."""
    gap = {0: 100.0, 1: 100.0, 4: 100.0}
    full = frames(("a", MOVING), ("b", gap))
    own = frames(("a", MOVING), ("c", {2: 150.0}))
    return labelled(workers(full, full, own))


@pytest.fixture
def tracked(tracked_job: KeptJob) -> PageReader:
    """Its page."""
    return shown(tracked_job)


def test_tracks_are_listed_with_when_they_are_seen(tracked_job: KeptJob, tracked: PageReader) -> None:
    """Frames from and to, how many, and a bar in which gaps are gaps."""
    card = tracked.card(1)
    document = json.loads(tracked_job.artefact(label_of(tracked_job)["seq-label-ref"]))
    first, second = document["objects"]
    assert f"1 car:1 {judged(first)} car 0 to 5 6" in card
    assert f"2 car:2 {judged(second)} car 0 to 4 3" in card
    assert "c1 car:3 candidate" in card
    bars = [
        named["style"].split(";", 1)[1] for named in tracked.all("i") if "left:" in named.get("style", "")
    ]
    assert bars == [
        "left:0.0%;width:100.0%",
        "left:0.0%;width:33.33%",
        "left:66.67%;width:16.67%",
        "left:33.33%;width:16.67%",
    ]
    assert "ann 2 tracks in 6 frames (2 x car) agrees" in card


def test_tracks_are_drawn_from_where_they_begin_along_their_centres(tracked: PageReader) -> None:
    """A line for each run of frames."""
    assert paths(tracked, "trail") == ["M10 15L20 15L30 15L40 15L50 15L60 15", "M110 15L110 15"]
    boxes = [path for path in paths(tracked, "label") if path.endswith("z")]
    assert boxes == ["M0 10L20 10L20 20L0 20z", "M100 10L120 10L120 20L100 20z"]


def test_detections_are_counted_and_some_frames_are_drawn() -> None:
    """Categories in the table; each frame with its number."""
    document = frames(("a", MOVING))
    for frame in document["tracking-annotations"]:
        for part in frame["annotations"]:
            del part["object-id"]
    drawn = {"detection-annotations": document["tracking-annotations"], "class-map": {"0": "car"}}
    page = shown(labelled(workers(drawn, drawn)))
    card = page.card(1)
    assert "1 car 6 6 of 6" in card
    assert [f"Frame {number}" in card for number in range(6)] == [True] * 6
    assert len(page.all("svg", role="img")) == 6


def test_linked_tracks_are_drawn_for_each_sensor_in_one_colour() -> None:
    """The cloud from above, the camera's frames as an image."""
    lidar = [
        {"frame-number": place, "annotations": [{**cuboid("car", 10 + place, 5, 0), "object-id": "x"}]}
        for place in range(3)
    ]
    camera = frames(("x", {0: 5.0, 1: 10.0, 2: 15.0}), count=3)
    both = {"lidar": {"tracking-annotations": lidar}, "camera-0": camera}
    page = shown(labelled(workers(both, both)))
    card = page.card(1)
    assert "objects in several sensors 1" in card
    assert "2 of 2 workers lidar car 0 to 2 3 camera-0 (2 of 2 workers)" in card
    assert "lidar: tracks from where they begin" in card
    assert "camera-0: tracks from where they begin" in card
    assert len({named["stroke"] for named in page.all("path", class_="trail")}) == 1


def test_a_document_that_is_too_large_is_not_read(make_report: MakeReport) -> None:
    """The card says so, and the rest of it stands."""
    report = make_report({"a": workers(*[frames(("a", MOVING))] * 2)})
    document = next((report.folder / "annotations").rglob("output/*.json"))
    document.write_bytes(document.read_bytes() + b" " * 25_000_000)
    card = report_of(report.folder).page.card(1)
    assert "This label cannot be drawn" in card
    assert "too many to show; at most 25000000 are read" in card
    assert "ann 1 track in 6 frames" in card


def test_an_artefact_is_read_up_to_a_limit(make_report: MakeReport) -> None:
    report = make_report({"a": workers(*[frames(("a", MOVING))] * 2)})
    uri = report.lines[0]["label"]["seq-label-ref"]
    job = read_job(report.folder)
    size = len(job.artefact(uri))
    assert job.artefact(uri, size)
    with pytest.raises(ContractError, match=f"has {size} bytes, too many to show"):
        job.artefact(uri, size - 1)


def test_a_moved_label_that_is_missing_is_said_on_its_card(make_report: MakeReport) -> None:
    """What the manifest's line has of it is shown, and the other objects are."""
    box = {"label": "car", "left": 1, "top": 1, "width": 9, "height": 9}
    drawn = {"boundingBoxes": [box], "inputImageProperties": SIZE}
    settings = {"limits": {"reply-bytes": 1_000}}
    report = make_report({name: workers(drawn, drawn) for name in "ab"}, settings=settings)
    moved = report.lines[0]["label"]
    for document in (report.folder / "annotations").rglob("output/*.json"):
        document.unlink()
    card = report_of(report.folder).page.card(1)
    assert "The label was moved to S3 for its size, and cannot be read there" in card
    assert f"confidence {moved['consolidation']['confidence']}" in card


def test_many_tracks_are_listed_up_to_a_limit() -> None:
    """And the page says how many there are."""
    full = frames(*((f"{number}", {0: 30.0 * number}) for number in range(210)), count=1)
    page = shown(labelled(workers(full, full), settings=replace(Settings(), review_confidence=0)))
    card = page.card(1)
    assert "210 tracks; the first 60 are drawn and the first 200 listed." in card
    assert "200 car:200" in card
    assert "201 car:201" not in card


def test_frames_are_read_by_number_or_name_and_what_is_broken_is_left_out() -> None:
    """An answer is read as its kind reads it: part by part."""
    part = {"left": 1, "top": 1, "width": 5, "height": 5, "label": "car", "object-id": 4}
    document = [
        {"frame": "b.jpeg", "annotations": [part, {**part, "left": "x"}]},
        {"frame": "c.jpeg", "annotations": [{**part, "object-id": 4}]},
    ]
    sequence = read_sequences(JsonNode(document), whole=False)[""]
    assert sequence.frames == ("b.jpeg", "c.jpeg")
    (track,) = sequence.tracks
    assert [one.frame for one in track.seen] == [0, 1]
    with pytest.raises(ContractError, match="must be a number"):
        read_sequences(JsonNode(document), whole=True)


def test_a_sequence_of_too_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it has cost much."""
    monkeypatch.setattr(sequences, "_MOST_PARTS", 10)
    document = [
        {"frame-no": number, "keypoints": [{"x": 1, "y": 1, "label": "a"}] * 2} for number in range(9)
    ]
    assert read_sequences(JsonNode(document[:5]), whole=True)
    with pytest.raises(ContractError, match="more than 10 parts"):
        read_sequences(JsonNode(document), whole=True)


def test_a_document_that_is_no_sequence_is_said_on_the_card() -> None:
    job = labelled(workers(*[frames(("a", MOVING))] * 2))
    for body in (
        b"[",
        b"{}",
        json.dumps({"tracking-annotations": [{"annotations": [{"left": 4}, 3]}]}).encode(),
    ):
        broken = replace(job, artefacts=dict.fromkeys(job.artefacts, body))
        assert "This label cannot be drawn" in shown(broken).card(1)


def test_pictures_of_one_page_have_ids_of_their_own() -> None:
    """Small maps refer to them."""
    full = frames(("a", MOVING))
    page = shown(labelled({"ann": {"a": full, "b": full}, "bob": {"a": full, "b": full}}))
    ids = [named["id"] for _, named in page.elements if named.get("id")]
    assert len(ids) == len(set(ids))
