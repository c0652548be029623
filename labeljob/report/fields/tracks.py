"""Labels of the kinds made of frames, which lie in a document of their own: detections and tracks in videos and point clouds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from consolidation.palette import hex_colour, palette_colour
from labeljob.report.canvas import MarkedPart, ground_canvas, parts_canvas
from labeljob.report.drawings import DrawnParts, DrawnSequences
from labeljob.report.fields.entries import LabelledElement, part, summary, support
from labeljob.report.outlines import Outline
from labeljob.report.pictures import Canvas
from labeljob.report.sequences import FrameSequence, Track, at_frame, read_sequences
from labeljob.report.view import Fact, Field, Part, Run
from shared.json_node import JsonNode, parse_json

_MOST_BYTES = 25_000_000
"""Of a document that is read to be shown."""
_ROWS = 200
"""Most tracks in the table."""
_DRAWN = 60
"""Most tracks in a picture."""
_FILM = 6
"""Most frames that are drawn one by one."""


@dataclass(frozen=True, slots=True)
class _LinkedObject:
    """An object in several sensors: their names, and who gave its tracks one id."""

    sensors: tuple[str, ...]
    support: str

    def others(self, sensor: str) -> str:
        """The other sensors it is in."""
        return f"{', '.join(name for name in self.sensors if name != sensor)} ({self.support})"


def show_tracks(element: LabelledElement) -> Field:
    """The tracks of one sensor: when each is to be seen, and the paths of their centres."""
    return _tracks(element, _document(element), {})


def show_linked_tracks(element: LabelledElement) -> Field:
    """The tracks of every sensor, and which of them are one object."""
    objects = {
        str(entry["object-id"].value): _LinkedObject(entry["sensors"].strings(), support(entry))
        for entry in element.node["linked-objects"].elements()
    }
    field = _tracks(element, _document(element), objects)
    facts = [
        Fact(sensor, ", ".join(f"{fact.name}: {fact.value}" for fact in _facts(counted)))
        for sensor, counted in element.node["sensors"].items()
    ]
    return replace(field, facts=(Fact("objects in several sensors", f"{len(objects)}"), *facts))


def show_detections(element: LabelledElement) -> Field:
    """How often each category was found, and some of the frames."""
    (sequence,) = _document(element).values()
    drawn = {worker: answer.sensors.get("") for worker, answer in element.drawn(DrawnSequences).items()}
    workers = {worker: answer for worker, answer in drawn.items() if answer}
    rows = tuple(_category_rows(sequence))
    numbers = {(row.name, row.candidate): (row.number, row.colour) for row in rows}
    return Field(
        element.name,
        summary(tuple(row for row in rows for _ in range(int(row.details[0])))),
        facts=_facts(element.node),
        canvases=tuple(_film(element, sequence, workers, numbers)),
        parts=rows,
        noun="Categories",
        columns=("marks", "frames with any"),
        judged=False,
    )


def _document(element: LabelledElement) -> dict[str, FrameSequence]:
    uri = element.node["seq-label-ref"].string()
    return read_sequences(parse_json(element.job.artefact(uri, _MOST_BYTES), path=uri), whole=True)


def _facts(node: JsonNode) -> tuple[Fact, ...]:
    names = {"frames": "frames", "annotations": "marks", "candidates": "marks under quorum"}
    given = {words: node.get(name) for name, words in names.items()}
    return tuple(
        Fact(words, f"{entry.integer():,}") for words, entry in given.items() if entry and entry.integer()
    )


def _tracks(
    element: LabelledElement, sensors: Mapping[str, FrameSequence], objects: Mapping[str, _LinkedObject]
) -> Field:
    colours = _track_colours(sensors)
    rows, canvases, notes = [], [], []
    for place, (sensor, sequence) in enumerate(sensors.items()):
        numbered = _numbered(sequence)
        rows += [
            _row(sensor, number, track, sequence, colours, objects) for number, track in numbered[:_ROWS]
        ]
        html_name = f"{element.html_name}-{place}"
        canvases.append(_paths(element, html_name, sensor, sequence, numbered[:_DRAWN], colours))
        notes += list(_left_out(sensor, len(numbered)))
    several = len(sensors) > 1 or "" not in sensors
    columns = (
        *(("sensor",) if several else ()),
        "category",
        "frames",
        "marked in",
        *(("also in",) if several else ()),
    )
    told = [replace(row, name=row.details[1 if several else 0]) for row in rows]
    return Field(
        element.name,
        summary(tuple(told)),
        facts=_facts(element.node),
        canvases=tuple(canvas for canvas in canvases if canvas.shapes),
        parts=tuple(rows),
        noun="Tracks",
        named="track",
        columns=columns,
        notes=tuple(notes),
    )


def _numbered(sequence: FrameSequence) -> list[tuple[str, Track]]:
    """Tracks with their numbers, as the label's reasons count them: labels, then candidates, each from 1."""
    labels = [track for track in sequence.tracks if not track.candidate]
    candidates = [track for track in sequence.tracks if track.candidate]
    return [
        *((f"{place}", track) for place, track in enumerate(labels, start=1)),
        *((f"c{place}", track) for place, track in enumerate(candidates, start=1)),
    ]


def _track_colours(sensors: Mapping[str, FrameSequence]) -> dict[str, str]:
    """One for each object, the same in all sensors."""
    keys = dict.fromkeys(track.key for sequence in sensors.values() for track in sequence.tracks)
    return {key: hex_colour(palette_colour(place)) for place, key in enumerate(keys)}


def _row(
    sensor: str,
    number: str,
    track: Track,
    sequence: FrameSequence,
    colours: Mapping[str, str],
    objects: Mapping[str, _LinkedObject],
) -> Part:
    first, last = (sequence.frames[one.frame] for one in (track.seen[0], track.seen[-1]))
    accepted = sum(not one.candidate for one in track.seen)
    under = len(track.seen) - accepted
    marked = f"{accepted or under}" + (f" and {under} under quorum" if accepted and under else "")
    details = [track.category, first if first == last else f"{first} to {last}", marked]
    if sensor:
        linked = objects.get(track.key)
        details = [sensor, *details, linked.others(sensor) if linked else ""]
    runs = tuple(_runs(track, len(sequence.frames)))
    return part(
        (number, track.entry, track.candidate), colours[track.key], *details, name=track.name, runs=runs
    )


def _runs(track: Track, frames: int) -> Iterator[Run]:
    """When it is to be seen, apart for frames in which it is under quorum."""
    for run in track.runs():
        start = 0
        for place, one in enumerate(run):
            last = place + 1 == len(run)
            if last or run[place + 1].candidate != one.candidate:
                left, right = run[start].frame, one.frame + 1
                yield Run(
                    round(100 * left / frames, 2), round(100 * (right - left) / frames, 2), one.candidate
                )
                start = place + 1


def _paths(
    element: LabelledElement,
    html_name: str,
    sensor: str,
    sequence: FrameSequence,
    numbered: Sequence[tuple[str, Track]],
    colours: Mapping[str, str],
) -> Canvas:
    """Where tracks begin, and the way their centres go."""
    parts = [
        MarkedPart(
            number, track.name, track.seen[0].outline, colours[track.key], track.candidate, track.trails()
        )
        for number, track in numbered
    ]
    answers = {worker: made.sensors.get(sensor) for worker, made in element.drawn(DrawnSequences).items()}
    workers = {worker: _worker_paths(made) for worker, made in answers.items() if made}
    words = "tracks from where they begin, and the way of their centres"
    title = f"{sensor}: {words}" if sensor else words[0].upper() + words[1:]
    if sequence.metres:
        return ground_canvas(html_name, parts, workers, element.colours, title=title)
    return parts_canvas(html_name, None, parts, workers, element.colours, title=title)


def _worker_paths(sequence: FrameSequence) -> DrawnParts:
    """A worker's own tracks as lines; a track of one frame as its outline."""
    outlines: list[Outline] = []
    names: list[str] = []
    for track in sequence.tracks[:_DRAWN]:
        lines = track.trails() or (track.seen[0].outline,)
        outlines += lines
        names += [track.name] * len(lines)
    return DrawnParts(tuple(outlines), tuple(names))


def _left_out(sensor: str, tracks: int) -> Iterator[str]:
    prefix = f"{sensor}: " if sensor else ""
    if tracks > _DRAWN:
        yield f"{prefix}{tracks} tracks; the first {_DRAWN} are drawn and the first {_ROWS} listed."


def _category_rows(sequence: FrameSequence) -> Iterator[Part]:
    """One row for each category's labels, one for its candidates."""
    marks = Counter((track.candidate, track.category) for track in sequence.tracks)
    frames = {key: set[int]() for key in marks}
    for track in sequence.tracks:
        frames[track.candidate, track.category].add(track.seen[0].frame)
    names = sorted({name for _, name in marks})
    for candidate in (False, True):
        for place, name in enumerate(names, start=1):
            if number := marks[candidate, name]:
                found = f"{len(frames[candidate, name])} of {len(sequence.frames)}"
                yield Part(
                    number=f"{'c' if candidate else ''}{place}",
                    name=name,
                    colour=hex_colour(palette_colour(place - 1)),
                    confidence="",
                    support="",
                    details=(f"{number}", found),
                    candidate=candidate,
                )


def _film(
    element: LabelledElement,
    sequence: FrameSequence,
    workers: Mapping[str, FrameSequence],
    numbers: Mapping[tuple[str, bool], tuple[str, str]],
) -> Iterator[Canvas]:
    """Some of the frames in which anything was marked, evenly spread."""
    filled = sorted({one.frame for track in sequence.tracks for one in track.seen})
    shown = min(len(filled), _FILM)
    chosen = [filled[place * (len(filled) - 1) // max(shown - 1, 1)] for place in range(shown)]
    extents = [one.outline.extent for track in sequence.tracks for one in track.seen]
    for place in chosen:
        name = sequence.frames[place]
        parts = [
            MarkedPart(number, track.name, one.outline, colour, one.candidate)
            for track in at_frame(sequence, place).tracks
            for one in track.seen
            for number, colour in [numbers[track.category, track.candidate]]
        ]
        drawn = {
            worker: _worker_marks(at_frame(answer, answer.frames.index(name)))
            for worker, answer in workers.items()
            if name in answer.frames
        }
        html_name = f"{element.html_name}-{place}"
        yield parts_canvas(
            html_name,
            None,
            parts,
            drawn,
            element.colours,
            title=f"Frame {name}",
            shown=extents,
            enlarged=2.0 if shown > 2 else 1.0,
        )


def _worker_marks(sequence: FrameSequence) -> DrawnParts:
    outlines = tuple(one.outline for track in sequence.tracks for one in track.seen)
    return DrawnParts(outlines, tuple(track.name for track in sequence.tracks for _ in track.seen))
