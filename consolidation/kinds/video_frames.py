"""Video frames: what is in each frame of a sequence, with or without identities through the frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from consolidation.estimation.linking import NO_TRACK
from consolidation.estimation.tallies import Tallies
from consolidation.kinds.attributes import Attributes, vote_on_attributes
from consolidation.kinds.ballots import count_ballot
from consolidation.kinds.base import Answer, Consensus, Kind, Save, Task
from consolidation.kinds.geometry import FrameGeometry
from consolidation.kinds.marks import Marks, MergedSequence, Thing
from consolidation.kinds.part_skill import PartsEvidence, learn_parts
from consolidation.kinds.parts import fault_rejections
from consolidation.kinds.sequence_agreement import (
    agreement_with_sequence,
    mean_pairwise_dice,
    sequence_confidence,
)
from consolidation.kinds.sequence_skill import sequence_evidence
from consolidation.kinds.sequences import Arranged, arrange_sequence, merge_sequence
from consolidation.kinds.skill import Learned, Study
from consolidation.kinds.video_answer import (
    GEOMETRIES,
    VIDEO,
    FrameForm,
    FrameKey,
    VideoAnswer,
    VideoPart,
    parse_video,
)
from consolidation.kinds.video_label import MergedVideo, NamedFrame, write_video
from consolidation.rejections import Rejection
from shared.json_node import Json, JsonNode
from shared.settings import Limits


@dataclass(frozen=True, slots=True)
class MergedFrames:
    """What comes of merging the frames of several answers.

    Attributes:
        video: what is written.
        sequence: its things, and what was matched.
        marks: all parts.
        tracks: of each part the worker's own track, or None.
        answers: those that count.
        rejected: the others.
        arranged: what needs not be found again.
    """

    video: MergedVideo
    sequence: MergedSequence[Any]
    marks: Marks[Any]
    tracks: Sequence[tuple[str, str] | None]
    answers: Sequence[Answer]
    rejected: Sequence[Rejection]
    arranged: Arranged[Any]


class VideoFramesKind(Kind):
    """What the two kinds of video frames have in common.

    Recognised: an object with the array `detection-annotations` or `tracking-annotations` of frames with `frame-no` or `frame` (frames
    of point clouds have `frame-number`); or such an array itself, of tracks when a part has an `object-id` or `object-name`. A frame has
    one list of parts: `annotations` (boxes), `polygons`, `polylines` (each with `vertices`) or `keypoints` (`x`, `y`).
    Category: `label`, else `class-id` by the answer's own `class-map` or `label-categories`, else as an index into the job's label
    categories, else the id is the name.
    Frames: those of the same `frame-no`, number or text, are the same; without one `frame` tells them apart. A worker whose answer lacks
    a frame abstains on it. Names and frame attributes are voted on.
    Under `em`: whether a part is real in its frame, and the category of a thing, by the workers' skill (`kinds.part_skill`). Frames of one
    thing are alike and no answers of their own: skill is learned from at most five frames of each, or from twenty of a sequence whose
    parts have no identity (`kinds.sequence_skill`). The confidence of a thing is then the mean over its frames. Identities and shapes are
    those of all workers alike.
    """

    key: ClassVar[str]
    """Of the array of frames."""
    linked: ClassVar[bool]
    """Whether things have an identity through the frames."""
    form: ClassVar[FrameForm] = VIDEO
    """How frames are written."""

    def recognise(self, element: Json) -> bool:
        """See the class."""
        if isinstance(element, list):
            return _are_frames(element) and bool(element) and _have_identity(element) == self.linked
        return (
            isinstance(element, dict)
            and isinstance(element.get(self.key), list)
            and _are_frames(element[self.key])
        )

    def accepts(self, element: Json) -> bool:
        """Also an array in which nobody can see whether it is of tracks."""
        return self.recognise(element) or (isinstance(element, list) and _are_frames(element))

    def parse(self, element: JsonNode, limits: Limits) -> VideoAnswer:
        """Read frames and parts; what cannot be read is a fault of its own, not of the answer."""
        return parse_video(element, self.key, limits, self.form)

    def study(self, answers: Sequence[Answer], task: Task) -> Study:
        """Who marked which things, in a few frames of each; what was matched and linked is what the merge need not find again."""
        made = self.merge_frames(answers, task)
        evidence = sequence_evidence(made.marks, made.sequence.things, made.answers, linked=self.linked)
        return Study(evidence, None if any(answer.gold for answer in answers) else made.arranged)

    def learn(self, evidence: Sequence[tuple[PartsEvidence, ...]], known: Tallies, task: Task) -> Learned:
        """How many things each worker finds and invents, frame by frame, and how they confuse categories: `PartsSkill`."""
        return learn_parts([part for parts in evidence for part in parts], known, task)

    def merge(self, answers: Sequence[Answer], task: Task) -> Consensus:
        """Match frame by frame, link, decide, fuse; see the classes for the rules."""
        made = self.merge_frames(answers, task)
        return Consensus(
            merged=made.video,
            confidence=sequence_confidence(made.sequence, made.answers),
            agreement=mean_pairwise_dice(made.marks, made.sequence),
            worker_agreement=agreement_with_sequence(made.marks, made.sequence, made.answers),
            reasons=tuple(self.reasons_of(made.video)),
            rejected=(*made.rejected, *fault_rejections(made.answers)),
        )

    def merge_frames(self, answers: Sequence[Answer], task: Task) -> MergedFrames:
        """What `merge` finds out."""
        list_name, kept, rejected = self._agree_on_geometry(answers)
        geometry = self.form.geometries[list_name]
        keys = sorted({frame.key for answer in kept for frame in answer.value.frames})
        place = {key: number for number, key in enumerate(keys)}
        drawn = _in_order(kept, place, geometry)
        marks = self._marks(drawn, kept, place, task)
        arranged = task.arranged
        if not isinstance(arranged, Arranged) or arranged.given != tuple(answer.worker_id for answer in kept):
            arranged = arrange_sequence(self.name, marks, kept, task, geometry, linked=self.linked)
        merged = merge_sequence(arranged, marks, kept, task)
        merged = replace(merged, things=tuple(self.settled(thing) for thing in merged.things))
        tracks = [part.track for _, _, part in drawn]
        video = MergedVideo(
            list_name=list_name,
            geometry=geometry,
            frames=_named_frames(kept, keys),
            things=merged.things,
            given=_given_identities(
                merged.things, [part for _, _, part in drawn], marks.workers.tolist(), kept
            )
            if self.linked
            else {},
            categories=task.categories(marks.labels),
        )
        return MergedFrames(video, merged, marks, tracks, kept, rejected, arranged)

    def settled(self, thing: Thing[Any]) -> Thing[Any]:
        """A thing once all of its frames are known; geometries may have more to say of it then."""
        return thing

    def write(self, consensus: Consensus, task: Task, save: Save) -> dict[str, Json]:
        """`seq-label-ref`, the URI of the `SeqLabel.json`, with a summary."""
        single = consensus.confidence is None
        return write_video(consensus.merged, self.key, save, linked=self.linked, single=single)

    def _agree_on_geometry(self, answers: Sequence[Answer]) -> tuple[str, list[Answer], list[Rejection]]:
        """The list of parts with most votes, the answers that use it or have no parts, and the others as rejections.

        Ties: higher summed skill, then the order of the form's geometries.
        """
        used = [
            name for name in self.form.geometries if any(answer.value.list_name == name for answer in answers)
        ]
        if not used:
            return next(iter(self.form.geometries)), list(answers), []
        said = ((answer.value.list_name, answer) for answer in answers if answer.value.list_name in used)
        agreed = count_ballot(said, used.index).choice
        rejected = [
            Rejection(
                answer.worker_id, f"the answer is made of {answer.value.list_name}, most are of {agreed}"
            )
            for answer in answers
            if answer.value.list_name not in {agreed, None}
        ]
        return agreed, [answer for answer in answers if answer.value.list_name in {agreed, None}], rejected

    def _marks(
        self,
        drawn: Sequence[tuple[int, int, VideoPart]],
        answers: Sequence[Answer],
        place: dict[FrameKey, int],
        task: Task,
    ) -> Marks[Any]:
        named = sorted({(worker, part.track) for _, worker, part in drawn if part.track and self.linked})
        number: dict[Any, int] = {track: position for position, track in enumerate(named)}
        present = np.zeros((len(answers), len(place)), bool)
        for worker, answer in enumerate(answers):
            present[worker, [place[frame.key] for frame in answer.value.frames]] = True
        return Marks(
            frames=np.array([frame for frame, _, _ in drawn], np.int64),
            workers=np.array([worker for _, worker, _ in drawn], np.int64),
            tracks=np.array(
                [number.get((worker, part.track), NO_TRACK) for _, worker, part in drawn], np.int64
            ),
            labels=[_category(part.label, task) for _, _, part in drawn],
            shapes=[part.shape for _, _, part in drawn],
            attributes=[part.attributes for _, _, part in drawn],
            present=present,
        )

    def reasons_of(self, video: MergedVideo) -> Iterable[str]:
        """`tie:...` and `quorum:...` of objects, or of frames where parts have no identity; each once."""
        accepted = [thing for thing in video.things if thing.accepted]
        candidates = [thing for thing in video.things if not thing.accepted]
        if not self.linked:
            frames = [str(frame.names.get("frame-no", frame.names.get("frame"))) for frame in video.frames]
            tied = sorted({thing.sightings[0].frame for thing in accepted if thing.tied})
            under = sorted({thing.sightings[0].frame for thing in candidates})
            return [
                *(f"tie:frame-{frames[frame]}" for frame in tied),
                *(f"quorum:frame-{frames[frame]}" for frame in under),
            ]
        numbered = list(enumerate(accepted, start=1))
        return [
            *(f"tie:object-{number}" for number, thing in numbered if thing.tied),
            *(
                f"quorum:object-{number}"
                for number, thing in numbered
                if not all(sighting.accepted for sighting in thing.sightings)
            ),
            *(f"quorum:candidate-object-{number}" for number in range(1, len(candidates) + 1)),
        ]


class VideoDetectionsKind(VideoFramesKind):
    """Video object detection: things in each frame, without identity. `VideoFramesKind` says what is recognised and what a frame is.

    Matched: frame by frame as boxes are, by mean IoU (setting `iou-threshold`), same category first, then any. Polygons by the IoU of
    their areas, keypoints and polylines by distance: 1 at none, 0 from a twentieth of the diagonal that all of the sequence spans.
    Fused: boxes by the weighted median of each edge, keypoints of each coordinate; polygons and polylines as in a single image.
    Attributes: by vote, numbers by weighted median; who gives none abstains.
    Quorum: a part marked by more than `quorum` of the votes of those who have the frame is a label; the others are `candidates`.
    Tie (of categories): higher summed skill, then the order of the label categories, then of names; the label says `tie:frame-N`.
    Single worker: the worker's parts, confidence null. Empty answer: frames without parts are votes that there is nothing; an answer
    without frames abstains. Duplicate worker: the last answer counts. Another geometry than most workers': the answer is rejected.
    Confidence of a part: probability that it is real times that its category is right. Of the label: the expected share of right decisions
    over the parts and candidates of all frames. Agreement: mean pairwise Dice of the workers' parts in the frames both have.
    Time O(P log P) for P parts of all workers plus the pairs that overlap, memory O(P) and the overlaps of one frame.
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html (object detection output in video frames).
    """

    name: ClassVar[str] = "video-detections"
    key: ClassVar[str] = "detection-annotations"
    linked: ClassVar[bool] = False


class VideoTracksKind(VideoFramesKind):
    """Video object tracking: things that keep their identity. `VideoFramesKind` says what is recognised and what a frame is.

    Matched, fused, attributes: frame by frame, as for `VideoDetectionsKind`.
    Linked: parts of different frames are one object by the votes of the workers whose own tracks (`object-id`, else `object-name`) go
    on from one to the other (`estimation.linking`): the majority's identities outweigh one worker's swap, broken or reused track.
    Frames that no worker marked are not filled. A part whose track is in the frame already is rejected.
    Quorum: in each frame, of the votes of those who have the frame; an object with a quorum in any frame is a label, its other frames are
    `candidates`; an object without is a candidate as a whole.
    Category: one vote for each worker who marked the object: the category the worker gave it in most frames.
    Tie (of categories): higher summed skill, then the order of the label categories, then of names; the label says `tie:object-N`.
    Ids: an `object-id` that more than half of the votes for an object share is kept, as in adjustments of an earlier label; else it is a
    hash of the object's frames and shapes. `object-name` is `category:N`, that which comes with a kept id if it has this form.
    Single worker: the worker's tracks, confidence null. Empty answer, duplicate worker, another geometry: as `VideoDetectionsKind`.
    Confidence of an object: probability that it is real, given the share of its frames that the workers marked, times that its category
    is right; of a part, the same with the workers who marked it there. Of the label, and agreement: as `VideoDetectionsKind`. A worker's
    share of agreement counts a part only under the one track that stands for its object.
    Time O(P log P + P * F / 64) for P parts of all workers in F frames, memory O(P + objects * F / 8).
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html (object tracking output in video frames).
    """

    name: ClassVar[str] = "video-tracks"
    key: ClassVar[str] = "tracking-annotations"
    linked: ClassVar[bool] = True


def _are_frames(listed: Sequence[Any]) -> bool:
    """Whether these are frames of a video; an empty array may be."""
    return all(
        isinstance(frame, dict) and ("frame-no" in frame or "frame" in frame) and "frame-number" not in frame
        for frame in listed
    )


def _have_identity(frames: Sequence[dict[str, Any]]) -> bool:
    return any(
        isinstance(part, dict) and ("object-id" in part or "object-name" in part)
        for frame in frames
        for name in GEOMETRIES
        for part in (frame[name] if isinstance(frame.get(name), list) else ())
    )


def _in_order(
    answers: Sequence[Answer], place: dict[FrameKey, int], geometry: FrameGeometry[Any]
) -> list[tuple[int, int, VideoPart]]:
    """(place of the frame, worker, part), by frame, then by shape and category, then by worker."""
    rows = [
        (
            place[answer.value.frames[part.frame].key],
            geometry.order(part.shape),
            str(part.label),
            worker,
            number,
        )
        for worker, answer in enumerate(answers)
        for number, part in enumerate(answer.value.parts)
    ]
    rows.sort()
    return [(frame, worker, answers[worker].value.parts[number]) for frame, _, _, worker, number in rows]


def _category(label: str | int, task: Task) -> str:
    """A class id that its answer does not explain is an index into the job's label categories, or stands for itself."""
    if isinstance(label, str):
        return label
    return task.label_categories[label] if label < len(task.label_categories) else str(label)


def _named_frames(answers: Sequence[Answer], keys: Sequence[FrameKey]) -> tuple[NamedFrame, ...]:
    """Frames with the names and attributes that most of the workers give."""
    names: dict[FrameKey, list[tuple[Answer, Attributes]]] = {key: [] for key in keys}
    attributes: dict[FrameKey, list[tuple[Answer, Attributes]]] = {key: [] for key in keys}
    for answer in answers:
        for frame in answer.value.frames:
            names[frame.key].append((answer, frame.names))
            attributes[frame.key].append((answer, frame.attributes))
    return tuple(
        NamedFrame(vote_on_attributes(names[key]), vote_on_attributes(attributes[key])) for key in keys
    )


def _given_identities(
    things: Sequence[Thing[Any]],
    parts: Sequence[VideoPart],
    workers: Sequence[int],
    answers: Sequence[Answer],
) -> dict[int, tuple[str, str]]:
    """The `object-id` that more than half of the votes for a thing share, and the `object-name` that comes with it most often.

    An id is given once, to the thing with most parts of it.
    """
    claims = []
    for number, thing in enumerate(things):
        members = [member for sighting in thing.sightings for member in sighting.members]
        used = Counter(
            (workers[member], track[1])
            for member in members
            if (track := parts[member].track) and track[0] == "object-id"
        )
        chosen: dict[int, str] = {}
        for (worker, given), _ in sorted(used.items(), key=lambda item: (-item[1], item[0])):
            chosen.setdefault(worker, given)
        total = sum(answers[worker].weight for worker in sorted({workers[member] for member in members}))
        for given in sorted(set(chosen.values())):
            votes = sum(answers[worker].weight for worker in sorted(chosen) if chosen[worker] == given)
            if votes > total / 2:
                names = Counter(
                    parts[member].name for member in members if parts[member].track == ("object-id", given)
                )
                name = min(names, key=lambda name: (-names[name], name))
                claims.append((-names.total(), number, given, name))
    identities: dict[int, tuple[str, str]] = {}
    taken: set[str] = set()
    for _, number, given, name in sorted(claims):
        if given not in taken:
            identities[number] = given, name
            taken.add(given)
    return identities
