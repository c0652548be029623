"""S3 that refuses, fails or is slow, requests that point where they must not, replies that are too large."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from consolidation.batch import Job, artefact_prefix, consolidate
from consolidation.label import serialise
from shared.contract import ConsolidationPayload
from shared.errors import NotAllowedError, ObjectMissingError, StorageError
from shared.json_node import JsonNode
from shared.settings import Limits, Settings
from tests.conftest import Aws
from tests.elements import boxes_element, read_png, semantic_element
from tests.payloads import (
    ANN,
    ANSWER_URI,
    ARTEFACTS,
    BOB,
    LABEL,
    OUTPUT_CONFIG,
    REQUEST_URI,
    Context,
    answer,
    entry,
    ids,
    label_of,
    reasons_by_worker,
    stored_answer,
    votes,
)

Send = Callable[..., list[dict[str, Any]]]
CAR = json.dumps({"kind": {"label": "car"}})
SEMANTIC = {"mask": semantic_element([[1, 0]], ["road"])}


@dataclass
class MemoryStore:
    """A store in memory whose n-th call fails; 0: none does."""

    failing_call: int = 0
    failure: Exception = field(default_factory=lambda: StorageError("S3 is out of order"))
    objects: dict[str, bytes] = field(default_factory=dict)
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """See `ObjectStore.read`."""
        self._count()
        if uri not in self.objects:
            raise ObjectMissingError(f"there is no object at {uri}")
        return self.objects[uri]

    def write(self, uri: str, body: bytes, content_type: str) -> None:
        """See `ObjectStore.write`."""
        self._count()
        self.objects[uri] = body

    def _count(self) -> None:
        with self.lock:
            self.calls += 1
            if self.calls == self.failing_call:
                raise self.failure


def consolidate_here(
    entries: list[Any],
    store: Any,
    settings: Settings | None = None,
    out_of_time: Callable[[], bool] = lambda: False,
    output_config: str | None = OUTPUT_CONFIG,
    half_time: Callable[[], bool] = lambda: False,
) -> list[dict[str, Any]]:
    """The batch consolidated over a store, as the wire carries it."""
    settings = settings or Settings()
    payload = ConsolidationPayload.parse(JsonNode(entries))
    job = Job(LABEL, (), artefact_prefix(output_config, settings))
    replies = consolidate(job, payload.data_objects, store, settings, out_of_time, half_time=half_time)
    return [json.loads(serialise(reply.to_wire())) for reply in replies]


@pytest.mark.parametrize(
    "uri",
    [
        "s3://someone-elses/answer.json",
        "s3://acme-out/run-2/answer.json",
        "s3://acme-out/runner.json",
        "s3://acme-out/run/../secret/answer.json",
        "s3://acme-out/run/./answer.json",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "S3://acme-out/run/answer.json",
        "s3://acme-out/",
        "s3://acme-out",
        "s3:///run/answer.json",
        "s3://user@acme-out/run/answer.json",
        "s3://acme-out/run/a\nb.json",
        "acme-out/run/answer.json",
    ],
)
def test_an_answer_outside_of_the_allowed_places_is_not_read(aws: Aws, consolidated: Send, uri: str) -> None:
    """Even where there is such an object; the other worker's answer counts."""
    for key in ("run-2/answer.json", "runner.json", "secret/answer.json"):
        aws.put(f"s3://acme-out/{key}", CAR)
    label = label_of(
        consolidated([entry("0", stored_answer(ANN, uri), answer(BOB, kind={"label": "bus"}))]), "0"
    )
    assert label["votes"] == {"bus": 1}
    assert list(reasons_by_worker(label)) == [ANN]


def test_the_refusal_names_the_parameter_that_would_allow_the_place(aws: Aws, consolidated: Send) -> None:
    label = label_of(consolidated([entry("0", stored_answer(ANN, "s3://acme-out/run-2/a.json"))]), "0")
    assert (
        "add its bucket and prefix to the stack parameter AllowedLocations" in reasons_by_worker(label)[ANN]
    )


@pytest.mark.parametrize("uri", ["s3://someone-elses/request.json", "s3://acme-out/run-2/request.json"])
def test_a_payload_outside_of_the_allowed_places_is_refused(consolidated: Send, uri: str) -> None:
    with pytest.raises(NotAllowedError, match="AllowedLocations"):
        consolidated({"s3Uri": uri})


def test_masks_are_not_written_outside_of_the_allowed_places(aws: Aws, consolidated: Send) -> None:
    reply = consolidated(
        [entry("0", answer(ANN, **SEMANTIC)), votes("1", "car")],
        outputConfig="s3://acme-out/run-2/Roads/annotations",
    )
    assert label_of(reply, "0")["error"]["code"] == "not-allowed"
    assert label_of(reply, "1")["class-name"] == "car"
    assert aws.keys() == []


def test_a_mask_without_a_place_to_write_to_says_which_setting_gives_one(consolidated: Send) -> None:
    reply = consolidated([entry("0", answer(ANN, **SEMANTIC)), votes("1", "car")], outputConfig=None)
    assert "set artefact-prefix" in label_of(reply, "0")["error"]["message"]
    assert label_of(reply, "1")["class-name"] == "car"


def test_masks_go_where_the_setting_says(
    aws: Aws, consolidated: Send, configure: Callable[..., None]
) -> None:
    configure({"artefact-prefix": "s3://acme-out/run/masks"})
    label = label_of(consolidated([entry("0", answer(ANN, **SEMANTIC))]), "0")
    assert label["mask-ref"].startswith("s3://acme-out/run/masks/")
    assert read_png(aws.get(label["mask-ref"])).tolist() == [[1, 0]]


def _batch(store: MemoryStore) -> list[Any]:
    """Four objects that read six answers from S3 and write two masks."""
    entries = []
    for number, form in enumerate(
        [{"kind": {"label": "car"}}, SEMANTIC, {"kind": {"label": "bus"}}, SEMANTIC]
    ):
        uris = [f"{ANSWER_URI}/{number}/{worker}.json" for worker in (ANN, BOB)][: 1 + number % 2]
        store.objects |= {uri: json.dumps(form).encode() for uri in uris}
        entries.append(
            entry(str(number), *(stored_answer(who, uri) for who, uri in zip((ANN, BOB), uris, strict=False)))
        )
    return entries


CALLS_OF_THE_BATCH = 10
"""Six reads, two masks, one label that is moved out of the reply."""


@pytest.mark.parametrize("failing", range(1, CALLS_OF_THE_BATCH + 1))
def test_whichever_call_of_s3_fails_every_object_gets_a_label(failing: int) -> None:
    """And the failure is told in the label of the object concerned, and in no other."""
    store = MemoryStore(failing)
    settings = Settings(limits=Limits(reply_bytes=2_500))
    reply = consolidate_here(_batch(store), store, settings)
    assert ids(reply) == ["0", "1", "2", "3"]
    told = [name for name in ids(reply) if "S3 is out of order" in json.dumps(label_of(reply, name))]
    assert len(told) == 1


def test_the_batch_makes_as_many_calls_as_were_made_to_fail() -> None:
    """So that the test above has missed none."""
    store = MemoryStore()
    reply = consolidate_here(_batch(store), store, Settings(limits=Limits(reply_bytes=2_500)))
    assert "out of order" not in json.dumps(reply)
    assert store.calls == CALLS_OF_THE_BATCH


@pytest.mark.parametrize("failing", range(1, 9))
def test_a_defect_in_the_store_costs_no_other_object_its_label(failing: int) -> None:
    """An exception that nobody documented."""
    store = MemoryStore(failing, RuntimeError("a defect"))
    reply = consolidate_here(_batch(store), store)
    assert ids(reply) == ["0", "1", "2", "3"]
    assert sum("error" in label_of(reply, name) for name in ids(reply)) == 1


def test_when_time_runs_out_what_is_done_is_returned_and_the_rest_says_so(consolidated: Send) -> None:
    """The clock is read a few times for each label; after each of these readings it may be too late."""
    payload = [votes(str(number), "car") for number in range(4)]
    reached = []
    for enough in range(40):
        readings = iter([60_000] * enough)
        reply = consolidated(payload, Context(partial(next, readings, 4_999)))
        assert ids(reply) == ["0", "1", "2", "3"]
        codes = [label_of(reply, name).get("error", {}).get("code") for name in ids(reply)]
        reached.append(codes.count(None))
        assert codes == [None] * reached[-1] + ["deadline"] * (4 - reached[-1])
        late = [label_of(reply, name)["error"]["message"] for name in ids(reply)[reached[-1] :]]
        assert all("`labeljob replay` repairs it" in message for message in late)
    assert sorted(set(reached)) == [0, 1, 2, 3, 4]
    assert reached == sorted(reached)


@dataclass
class SlowStore(MemoryStore):
    """A store whose reads of one URI do not end before it is told."""

    slow: str = ""
    released: threading.Event = field(default_factory=threading.Event)
    gave_up: bool = False

    def read(self, uri: str, *, limit: int, limit_name: str) -> bytes:
        """See `ObjectStore.read`."""
        if uri == self.slow:
            self.gave_up = not self.released.wait(5)
        return super().read(uri, limit=limit, limit_name=limit_name)


@pytest.fixture
def slow_store() -> Iterator[SlowStore]:
    """A store that hangs on the answer of the second object's first worker."""
    store = SlowStore(slow=f"{ANSWER_URI}/1/{ANN}.json")
    yield store
    store.released.set()


def test_an_answer_that_s3_does_not_deliver_in_time_costs_its_object_and_those_behind_it(
    slow_store: SlowStore,
) -> None:
    """No label is made of the answers that happened to come in time; what was done is returned without waiting for S3."""
    readings = iter([False] * 6)
    settings = Settings(method="majority")
    reply = consolidate_here(
        _batch(slow_store), slow_store, settings, out_of_time=lambda: next(readings, True)
    )
    assert label_of(reply, "0")["class-name"] == "car"
    codes = [label_of(reply, name)["error"]["code"] for name in ("1", "2", "3")]
    assert codes == ["deadline"] * 3
    assert not slow_store.gave_up


@pytest.mark.parametrize("early", range(5))
def test_at_half_time_skill_is_learned_from_what_was_read_and_the_rest_is_read_after_it(
    slow_store: SlowStore, early: int
) -> None:
    """The second data object comes too late to be studied, and early enough for its label."""
    asked = iter([False] * early)

    def half_time() -> bool:
        if late := next(asked, True):
            slow_store.released.set()
        return late

    reply = consolidate_here(_batch(slow_store), slow_store, Settings(method="em"), half_time=half_time)
    assert ids(reply) == ["0", "1", "2", "3"]
    assert not any("error" in label_of(reply, name) for name in ids(reply))
    assert not slow_store.gave_up


@pytest.fixture
def many_boxes() -> list[Any]:
    """A small label, a large one, and a middling one."""
    counts = {"0": 1, "1": 40, "2": 12}
    return [
        entry(
            name,
            *(
                answer(who, b=boxes_element([("car", 2 * left, 0, 1, 1) for left in range(count)]))
                for who in (ANN, BOB)
            ),
        )
        for name, count in counts.items()
    ]


def test_labels_over_the_replys_limit_go_to_s3_the_largest_first(
    aws: Aws, consolidated: Send, configure: Callable[..., None], many_boxes: list[Any]
) -> None:
    """What stands at the URI is the whole label; the reply fits, and each label says how sure it is."""
    configure({"skill-store": "off"})
    whole = consolidated(many_boxes)
    configure({"limits": {"reply-bytes": 6_000}, "skill-store": "off"})
    reply = consolidated(many_boxes)
    assert len(serialise(reply)) <= 6_000 < len(serialise(whole))
    assert ids(reply) == ["0", "1", "2"]
    moved = label_of(reply, "1")
    assert moved["label-ref"].startswith(ARTEFACTS)
    stored = json.loads(aws.get(moved["label-ref"]))
    assert stored["annotations"] == label_of(whole, "1")["annotations"]
    assert stored["consolidation"] == moved["consolidation"]
    assert label_of(reply, "0")["annotations"] == label_of(whole, "0")["annotations"]


def test_a_label_too_large_for_the_reply_and_without_a_place_to_go_becomes_an_error_label(
    consolidated: Send, configure: Callable[..., None], many_boxes: list[Any]
) -> None:
    configure({"limits": {"reply-bytes": 6_000}})
    reply = consolidated(many_boxes, outputConfig=None)
    assert "set artefact-prefix" in label_of(reply, "1")["error"]["message"]
    assert len(label_of(reply, "0")["annotations"]) == 1
    assert len(serialise(reply)) <= 6_000


def test_a_label_that_would_not_become_smaller_stays_in_the_reply(
    consolidated: Send, configure: Callable[..., None]
) -> None:
    configure({"limits": {"reply-bytes": 1_000}})
    reply = consolidated([votes("0", "car"), votes("1", "car"), votes("2", "car")])
    assert [label_of(reply, name)["class-name"] for name in ids(reply)] == ["car"] * 3
    assert len(serialise(reply)) > 1_000


def test_an_error_label_in_s3_is_still_an_error_in_the_reply(
    consolidated: Send, configure: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Sixty unusable answers make a long list; the metric and `labeljob replay` count the object as failed."""
    configure({"limits": {"reply-bytes": 4_000}})
    reply = consolidated([entry("0", *(answer(f"worker {number}") for number in range(60)))])
    label = label_of(reply, "0")
    assert label["error"]["message"] == "none of the 60 answers can be used"
    assert label["label-ref"].startswith(ARTEFACTS)
    assert '"FailedObjects":[1.0]' in capsys.readouterr().out


def test_the_same_event_gives_the_same_bytes_and_the_same_objects(aws: Aws, consolidated: Send) -> None:
    """Whatever the order of the workers' threads: Ground Truth may deliver twice."""
    store = MemoryStore()
    payload = _batch(store)
    for uri, body in store.objects.items():
        aws.put(uri, body)
    aws.put(REQUEST_URI, json.dumps(payload))
    first = serialise(consolidated({"s3Uri": REQUEST_URI}))
    keys = aws.keys()
    assert serialise(consolidated({"s3Uri": REQUEST_URI})) == first
    assert aws.keys() == keys
    assert any(key.endswith(".png") for key in keys)
