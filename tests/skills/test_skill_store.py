"""What is known of workers from batch to batch: once each, in any order, whoever comes first, and never at the price of a batch."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config

from consolidation.estimation.tallies import Tallies
from consolidation.learning import Known
from consolidation.skill_store import EVERY, SkillStore, WarmSummaries
from labeljob.local_store import FolderStore
from shared.errors import NotAllowedError, StorageError
from shared.json_node import parse_json
from shared.s3_uri import AllowedLocations
from shared.storage import AppendStore, S3Store
from tests.conftest import Aws
from tests.payloads import ANN, CYD, OUTPUT_CONFIG, answer, entry, label_of, votes
from tests.skills.odd_store import OddStore

Send = Callable[..., list[dict[str, Any]]]
SKILLS = f"{OUTPUT_CONFIG}/consolidated-annotation/skill/Roads-7A/"
FOLDER = "s3://acme-out/run/skill/"
CLASS = ("kind", "class")
_TALLIED = (
    b'{"format":1,"request":"x","known":0,"job":"roads","objects":[],'
    b'"elements":[{"element":"kind","kind":"class","workers":{"ann":[%s]}}]}'
)
LOCATIONS = AllowedLocations.parse(["acme-out/run/"])


def learned(*objects: str, **sums: float) -> Known:
    """What a batch of data objects shows: how often each worker agreed."""
    return Known(
        {CLASS: Tallies({worker: {("agreed",): value} for worker, value in sums.items()})}, frozenset(objects)
    )


def opened(
    store: AppendStore, request: str, warm: WarmSummaries | None = None, job: str = "roads", **options: Any
) -> SkillStore:
    """The memory of one request."""
    return SkillStore(store, FOLDER, job, request, warm=warm, **options)


def consolidated_as(store: AppendStore, request: str, share: Known, **options: Any) -> tuple[Known, Known]:
    """What a request knew when it came, and what its labels are made with."""
    memory = opened(store, request, **options)
    known = memory.recall()
    agreed = memory.keep(known, share)
    assert memory.failures == []
    return known, agreed


def sums(known: Known) -> Any:
    """As it is written."""
    return {key: tallies.to_wire() for key, tallies in known.tallies.items()}


@pytest.fixture
def store(aws: Aws) -> S3Store:
    """A store on the local AWS that may touch acme-out/run/."""
    return S3Store(aws.s3, LOCATIONS)


def _keys(aws: Aws) -> list[str]:
    return aws.keys()


def records(aws: Aws) -> list[str]:
    """Keys of all records of all logs."""
    return [key for key in sorted(_keys(aws)) if "/records/" in key]


def _spammed(first: int, count: int) -> list[Any]:
    """Objects on which two workers agree and a third says something else each time."""
    return [
        votes(str(number), "car", "car", ("bus", "van", "bike")[number % 3])
        for number in range(first, first + count)
    ]


def test_a_spammer_known_from_one_batch_loses_a_tie_in_the_next(
    consolidated: Send, configure: Callable[..., None]
) -> None:
    """Alone, the second batch is a tie that goes to the first name."""
    tie = [entry("100", answer(ANN, kind={"label": "car"}), answer(CYD, kind={"label": "bike"}))]
    configure({"method": "em", "skill-store": "off"})
    assert label_of(consolidated(tie), "100")["class-name"] == "bike"
    configure({"method": "em"})
    consolidated(_spammed(0, 10))
    assert label_of(consolidated(tie), "100")["class-name"] == "car"


def test_a_retry_gives_the_same_bytes_and_one_record(
    aws: Aws, consolidated: Send, configure: Callable[..., None]
) -> None:
    """Also when the workers have become better known meanwhile, and the function is cold."""
    configure({"method": "em"})
    consolidated(_spammed(0, 4))
    first = consolidated(_spammed(4, 3))
    consolidated(_spammed(7, 10))
    bodies = {key: aws.get(f"s3://acme-out/{key}") for key in records(aws)}
    assert len(bodies) == 3
    assert consolidated(_spammed(4, 3)) == first
    configure({"method": "em"})
    assert consolidated(_spammed(4, 3)[::-1]) == first[::-1]
    assert {key: aws.get(f"s3://acme-out/{key}") for key in records(aws)} == bodies


def test_statistics_lie_beside_the_output_or_where_the_setting_says(
    aws: Aws, consolidated: Send, configure: Callable[..., None]
) -> None:
    configure({"method": "em"})
    consolidated(_spammed(0, 2))
    assert records(aws) == [f"{SKILLS}records/00000001.json".removeprefix("s3://acme-out/")]
    configure({"method": "em", "skill-store": "s3://acme-out/run/shared"})
    consolidated(_spammed(0, 2))
    assert records(aws)[-1] == "run/shared/records/00000001.json"


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ({"method": "em", "skill-store": "off"}, {}),
        ({"method": "majority"}, {}),
        ({"method": "em"}, {"outputConfig": None}),
    ],
    ids=["off", "another method", "no place"],
)
def test_nothing_is_kept_where_nothing_is_wanted(
    aws: Aws, consolidated: Send, configure: Callable[..., None], settings: Any, changes: Any
) -> None:
    configure(settings)
    consolidated(_spammed(0, 2), **changes)
    assert aws.keys() == []


def test_jobs_that_share_a_place_share_what_they_know_but_not_their_data_objects(
    aws: Aws, consolidated: Send, configure: Callable[..., None]
) -> None:
    """Both have an object 0."""
    configure({"method": "em", "skill-store": "s3://acme-out/run/shared/"})
    consolidated(_spammed(0, 5))
    consolidated(_spammed(0, 5), outputConfig="s3://acme-out/run/Roads-8/annotations")
    first, second = (json.loads(aws.get(f"s3://acme-out/{key}")) for key in records(aws))
    assert first["objects"] == second["objects"] == ["0", "1", "2", "3", "4"]
    assert first["job"] != second["job"]
    assert second["known"] == 1


def test_two_orders_of_batches_end_in_the_same_sums(aws: Aws, store: S3Store) -> None:
    """To the last digit: sums of a third and the like depend on their order otherwise."""
    batches = [learned(str(place), ann=1 / 3 + place, bob=0.1 * place) for place in range(9)]
    ends = []
    for order in (range(9), range(8, -1, -1)):
        for place in order:
            consolidated_as(store, f"request-{place}", batches[place])
        ends.append(opened(store, "another").recall())
        for key in _keys(aws):
            aws.s3.delete_object(Bucket="acme-out", Key=key)
    assert ends[0] == ends[1]
    assert ends[0].objects == set("012345678")


def test_of_two_runs_of_a_request_at_once_the_second_is_labelled_as_the_first(
    aws: Aws, store: S3Store
) -> None:
    """Another batch came between their readings, so the second knows more; it must not use it."""
    consolidated_as(store, "before", learned("0", ann=1))
    one, two = opened(store, "same"), opened(store, "same")
    known = one.recall()
    consolidated_as(store, "between", learned("1", ann=5))
    more = two.recall()
    assert sums(more) != sums(known)
    share = learned("2", bob=1)
    assert one.keep(known, share) is known
    assert sums(two.keep(more, share)) == sums(known)
    assert len(records(aws)) == 3
    assert sums(opened(store, "last").recall())[CLASS] == {
        "ann": [[["agreed"], 6.0]],
        "bob": [[["agreed"], 1.0]],
    }


def test_batches_at_once_all_find_a_place(store: S3Store, aws: Aws) -> None:
    """Each has read before any has written."""
    memories = [opened(store, f"request-{number}") for number in range(5)]
    known = [memory.recall() for memory in memories]
    for number, memory in enumerate(memories):
        memory.keep(known[number], learned(str(number), ann=1))
    assert [memory.failures for memory in memories] == [[]] * 5
    assert len(records(aws)) == 5
    assert opened(store, "last").recall().tallies[CLASS].of("ann") == {("agreed",): 5.0}


def test_a_data_object_that_comes_again_in_another_batch_counts_once(
    aws: Aws, consolidated: Send, configure: Callable[..., None]
) -> None:
    configure({"method": "em"})
    consolidated(_spammed(0, 5))
    consolidated(_spammed(3, 5))
    first, second = (json.loads(aws.get(f"s3://acme-out/{key}")) for key in records(aws))
    assert first["objects"] == ["0", "1", "2", "3", "4"]
    assert second["objects"] == ["5", "6", "7"]
    assert second["known"] == 1


def test_a_data_object_in_two_batches_at_once_counts_once(store: S3Store) -> None:
    """The second batch's other objects do not count either: nobody can tell what each of them showed."""
    one, two = opened(store, "one"), opened(store, "two")
    nothing = one.recall(), two.recall()
    one.keep(nothing[0], learned("0", "1", ann=2))
    two.keep(nothing[1], learned("1", "2", ann=2))
    known = opened(store, "last").recall()
    assert known.tallies[CLASS].of("ann") == {("agreed",): 2.0}
    assert known.objects == {"0", "1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[1]",
        b'{"format":2,"request":"x","known":0,"job":"roads","objects":[],"elements":[]}',
        b'{"format":1,"request":"x","known":0,"job":"roads","objects":[7],"elements":[]}',
        _TALLIED % b'[["agreed"],1e300]',
        _TALLIED % b'[["agreed"]]',
        b" " * 10_000_001,
    ],
    ids=["empty", "not UTF-8", "not ours", "another format", "ids", "unbelievable", "no sum", "huge"],
)
def test_a_record_that_cannot_be_read_is_left_out_and_told(aws: Aws, store: S3Store, body: bytes) -> None:
    consolidated_as(store, "one", learned("0", ann=1))
    aws.put(f"{FOLDER}records/00000002.json", body)
    memory = opened(store, "two")
    known = memory.recall()
    assert known.tallies[CLASS].of("ann") == {("agreed",): 1.0}
    assert memory.keep(known, learned("1", ann=1)) is known
    assert [failure.partition(" is left out")[0] for failure in memory.failures] == [
        f"{FOLDER}records/00000002.json"
    ]
    assert opened(store, "three").recall().tallies[CLASS].of("ann") == {("agreed",): 2.0}


class _Counted:
    """Counts the calls of a client by operation, as botocore sends them."""

    def __init__(self, aws: Aws) -> None:
        self.calls: dict[str, int] = {}
        self._lock = threading.Lock()
        self._events = aws.s3.meta.events
        self._events.register("before-send.s3", self._count)

    def _count(self, event_name: str, **_: Any) -> None:
        with self._lock:
            operation = event_name.rpartition(".")[2]
            self.calls[operation] = self.calls.get(operation, 0) + 1

    def taken(self) -> dict[str, int]:
        """The calls since the last time."""
        calls, self.calls = self.calls, {}
        return calls

    def close(self) -> None:
        """Count no more."""
        self._events.unregister("before-send.s3", self._count)


def test_reading_stays_bounded_while_a_job_grows(aws: Aws, store: S3Store) -> None:
    """300 batches through the real protocol: what each costs does not depend on how many there were."""
    counted, warm = _Counted(aws), WarmSummaries()
    try:
        costs = []
        for number in range(300):
            consolidated_as(store, f"request-{number}", learned(str(number), ann=1 / 3), warm=warm)
            costs.append(counted.taken())
        ordinary = [cost for number, cost in enumerate(costs[1:], start=2) if number % EVERY]
        assert all(cost == {"GetObject": 1, "PutObject": 1} for cost in ordinary)
        assert max(sum(cost.values()) for cost in costs) == 4
        cold = opened(store, "cold").recall()
        calls = counted.taken()
    finally:
        counted.close()
    assert set(calls) == {"GetObject"}
    assert calls["GetObject"] <= 2 + 300 % EVERY + 16
    assert cold == opened(store, "warm", warm).recall()
    assert cold.tallies[CLASS].of("ann") == {("agreed",): pytest.approx(100, abs=1e-3)}
    assert len(cold.objects) == 300


def test_a_retry_of_long_ago_still_knows_what_it_knew(store: S3Store, aws: Aws) -> None:
    """Its record is behind a checkpoint, what it knew before that."""
    warm = WarmSummaries()
    knew = {
        number: consolidated_as(store, f"request-{number}", learned(str(number), ann=1), warm=warm)[1]
        for number in range(2 * EVERY + 3)
    }
    for number in (0, 5, EVERY - 1, EVERY, EVERY + 1, 2 * EVERY):
        known, agreed = consolidated_as(store, f"request-{number}", learned(str(number), ann=1))
        assert known == agreed == knew[number]
    assert len(records(aws)) == 2 * EVERY + 3


@pytest.mark.parametrize("broken", ["checkpoints/00000128.json", "latest.json"])
@pytest.mark.parametrize(
    "body", [b"no", b'{"format":1,"position":64,"requests":{},"objects":{},"elements":[]}']
)
def test_a_broken_checkpoint_or_hint_costs_reading_but_no_knowledge(
    store: S3Store, aws: Aws, broken: str, body: bytes
) -> None:
    warm = WarmSummaries()
    for number in range(2 * EVERY + 1):
        consolidated_as(store, f"request-{number}", learned(str(number), ann=1), warm=warm)
    aws.put(f"{FOLDER}{broken}", body)
    assert opened(store, "cold").recall() == opened(store, "warm", warm).recall()


@pytest.mark.parametrize(
    "failure",
    [StorageError("S3 is out of order"), NotAllowedError("no"), RuntimeError("a defect")],
    ids=["failure", "refusal", "defect"],
)
def test_a_store_that_fails_is_told_and_nothing_is_known(failure: Exception) -> None:
    memory = opened(OddStore(failure), "one")
    known = memory.recall()
    assert known == Known()
    assert memory.keep(known, learned("0", ann=1)) is known
    assert len(memory.failures) == 1


def test_a_store_that_does_not_answer_is_not_waited_for() -> None:
    store = OddStore()
    try:
        memory = opened(store, "one", patience=0.01)
        assert memory.recall() == Known()
        assert memory.failures == ["the skill store did not answer within 0.01 s"]
    finally:
        store.released.set()


def test_a_place_that_may_not_be_touched_costs_the_memory_not_the_batch(
    aws: Aws, consolidated: Send, configure: Callable[..., None], capsys: pytest.CaptureFixture[str], log: Any
) -> None:
    """The labels are those of a batch that is all there is; metric and log say what to mend."""
    configure({"method": "em", "skill-store": "off"})
    alone = consolidated(_spammed(0, 3))
    assert '"SkillStoreFailures":[0.0]' in capsys.readouterr().out
    configure({"method": "em", "skill-store": "s3://acme-elsewhere/skill"})
    reply = consolidated(_spammed(0, 3))
    assert _without_settings(reply) == _without_settings(alone)
    assert '"SkillStoreFailures":[1.0]' in capsys.readouterr().out
    assert "AllowedLocations" in log.getvalue()
    assert aws.keys() == []


def _without_settings(reply: Any) -> Any:
    return json.loads(json.dumps(reply), object_hook=lambda found: {**found, "settings": None})


def test_an_s3_that_cannot_be_reached_is_told() -> None:
    """Nothing listens at the port."""
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    session = boto3.Session("test", "test", region_name="us-east-1")
    client = session.client("s3", endpoint_url="http://127.0.0.1:9", config=once)
    memory = opened(S3Store(client, LOCATIONS), "one")
    assert memory.recall() == Known()
    assert [failure.partition(":")[0] for failure in memory.failures] == ["cannot read s3"]


def test_a_folder_serves_as_well(tmp_path: Any) -> None:
    """As it does for `labeljob replay`."""
    store = FolderStore(tmp_path)
    warm = WarmSummaries()
    for number in range(EVERY + 2):
        consolidated_as(store, f"request-{number}", learned(str(number), ann=1), warm=warm)
    assert opened(store, "cold").recall() == opened(store, "warm", warm).recall()
    names = sorted(path.parent.name for path in tmp_path.rglob("*.json"))
    assert names.count("records") == EVERY + 2
    assert names.count("checkpoints") == 1
    document = parse_json((tmp_path / "acme-out/run/skill/latest.json").read_bytes())
    assert document.value == {"checkpoint": EVERY}
