"""Handlers that misbehave, and what the job makes of it under each switch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from labeljob.simulation import Handlers, SimulatedJob, Switches, simulate
from shared.errors import ContractError

MakeJob = Callable[..., SimulatedJob]


def all_for_workers(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """A pre-annotation handler that lets workers see everything."""
    return {"taskInput": event["dataObject"], "isHumanAnnotationRequired": True}


def entry(name: str, content: Any = None) -> dict[str, Any]:
    """An entry of a consolidation reply."""
    return {
        "datasetObjectId": name,
        "consolidatedAnnotation": {"content": {"Cats": f"cat {name}"} if content is None else content},
    }


def replying(*replies: Any) -> Callable[[dict[str, Any], Any], Any]:
    """A consolidation handler that gives these replies in turn; an exception is raised."""
    waiting = list(replies)

    def handler(event: dict[str, Any], context: Any) -> Any:
        reply = waiting.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return handler


def with_reply(*replies: Any) -> Handlers:
    """Handlers of which the second replies so."""
    return Handlers(all_for_workers, replying(*replies))


def labels(result: Any) -> list[Any]:
    """The label of each line."""
    return [line.get("Cats") for line in result.lines]


FINE = [entry("0"), entry("1"), entry("2")]


def test_a_raising_handler_is_called_once_more(make_job: MakeJob) -> None:
    """The default."""
    result = simulate(make_job(), handlers=with_reply(RuntimeError("no"), FINE))
    assert labels(result) == ["cat 0", "cat 1", "cat 2"]


@pytest.mark.parametrize(("switch", "attempts"), [("retry", 2), ("fail-objects", 1)])
def test_a_handler_that_keeps_raising_fails_its_objects_and_not_the_job(
    make_job: MakeJob, switch: str, attempts: int
) -> None:
    """The manifest tells in the service's words, the result in the handler's."""
    job = make_job(switches=Switches(on_consolidation_error=switch))
    result = simulate(job, handlers=with_reply(*[RuntimeError("out of cats")] * attempts))
    assert result.status == "Completed"
    assert [failure.reason for failure in result.failures] == ["RuntimeError: out of cats"] * 3
    assert result.iterations[0].response is None
    metadata = result.lines[0]["Cats-metadata"]
    assert metadata["human-annotated"] == "true"
    assert metadata["retry-count"] == 1
    assert "LambdaErrorCode: Unhandled" in metadata["failure-reason"]


def test_a_raising_handler_can_fail_the_job_with_the_lines_as_they_came(make_job: MakeJob) -> None:
    """Lines not yet labelled stand unchanged in the manifest."""
    job = make_job(switches=Switches(on_consolidation_error="fail-job"))
    result = simulate(job, handlers=with_reply(RuntimeError("out of cats")))
    assert (result.status, result.cause) == ("Failed", "RuntimeError: out of cats")
    assert result.failure_reason is not None
    assert result.failure_reason.startswith(
        "ClientError: Exception invoking the Lambda function arn:aws:lambda:"
    )
    assert result.counts.unlabeled == 3
    assert result.output_manifest.read_text().splitlines() == [
        json.dumps({"source-ref": f"s3://acme-in/cats/{place}.jpg"}, separators=(",", ":"))
        for place in range(3)
    ]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ({"statusCode": 200, "body": "[]"}, "the consolidation reply is not a bare array"),
        ([{"datasetObjectId": "0", "x": float("nan")}], "the reply is not JSON"),
        ([{"datasetObjectId": {"set"}}], "the reply is not JSON"),
        (["x" * 6_291_556], "the reply has 6291560 bytes, Lambda passes on 6291556"),
    ],
)
def test_a_reply_that_lambda_or_the_service_cannot_use_fails_the_batch(
    make_job: MakeJob, reply: Any, reason: str
) -> None:
    """The reason says what is wrong with it."""
    job = make_job(switches=Switches(on_consolidation_error="fail-objects"))
    result = simulate(job, handlers=with_reply(reply))
    assert result.counts.failed == 3
    assert result.failures[0].reason.startswith(reason)


def test_a_handler_over_its_time_limit_fails_the_batch(make_job: MakeJob) -> None:
    """Pre-annotation over its limit fails the job, consolidation its objects."""

    def slow(*_: Any) -> Any:
        started = time.monotonic()
        while time.monotonic() - started <= limit:
            pass
        return FINE

    limit = 0.05
    job = make_job(time_limit=limit, switches=Switches(on_consolidation_error="fail-objects"))
    failed_job = simulate(job, handlers=Handlers(slow, replying()))
    failed_objects = simulate(job, handlers=Handlers(all_for_workers, slow))
    assert failed_job.cause is not None
    assert failed_job.cause.split(": ")[1] == "timed out"
    assert [failure.reason.split(":")[0] for failure in failed_objects.failures] == ["timed out"] * 3


def test_an_object_left_out_of_the_reply_fails(make_job: MakeJob) -> None:
    """The others keep their labels."""
    result = simulate(make_job(), handlers=with_reply([entry("2"), entry("0")]))
    assert labels(result) == ["cat 0", None, "cat 2"]
    assert result.failures[0].reason == "the consolidation reply leaves the id out"


def test_an_object_left_out_can_fail_the_job(make_job: MakeJob) -> None:
    """The other reading of the documentation's silence."""
    job = make_job(switches=Switches(on_missing="fail-job"))
    result = simulate(job, handlers=with_reply([entry("2"), entry("0")]))
    assert result.status == "Failed"
    assert result.cause == "the consolidation reply leaves out the ids 1"


@pytest.mark.parametrize(("switch", "label"), [("fail-object", None), ("first", "first"), ("last", "last")])
def test_an_id_that_comes_twice(make_job: MakeJob, switch: str, label: str | None) -> None:
    """Which of the two wins is not known."""
    reply = [entry("0"), entry("1", {"Cats": "first"}), entry("2"), entry("1", {"Cats": "last"})]
    result = simulate(make_job(switches=Switches(on_duplicate=switch)), handlers=with_reply(reply))
    assert labels(result) == ["cat 0", label, "cat 2"]
    assert [failure.reason for failure in result.failures] == (
        ["the consolidation reply has the id 2 times"] if label is None else []
    )


def test_a_label_under_another_name_fails_and_both_names_are_told(make_job: MakeJob) -> None:
    """Upper and lower case count."""
    result = simulate(make_job(), handlers=with_reply([entry("0"), entry("1", {"cats": 1}), entry("2")]))
    assert result.failures[0].reason == "the consolidation reply has cats where Cats is expected"


def test_ids_that_were_not_sent_and_further_keys_are_warned_of_and_dropped(make_job: MakeJob) -> None:
    """The service would pass over them in silence."""
    reply = [*FINE[:2], entry("2", {"Cats": "cat 2", "more": 1}), entry("77"), {"no": "id"}]
    result = simulate(make_job(), handlers=with_reply(reply))
    assert labels(result) == ["cat 0", "cat 1", "cat 2"]
    assert "more" not in result.lines[2]
    assert result.warnings == (
        "1 entries of a consolidation reply have no datasetObjectId string",
        "a consolidation reply has ids that were not sent: 77",
        "keys beside the label are dropped: more",
    )


@pytest.mark.parametrize(("switch", "kept"), [("replaced", None), ("merged", 0.9)])
def test_metadata_made_by_the_handler(make_job: MakeJob, switch: str, kept: float | None) -> None:
    """The service's own always stand."""
    made = {"type": "mine", "confidence": 0.9}
    reply = [entry("0", {"Cats": 1, "Cats-metadata": made})]
    job = make_job(count=1, switches=Switches(metadata=switch))
    metadata = simulate(job, handlers=with_reply(reply)).lines[0]["Cats-metadata"]
    assert metadata["type"] == "groundtruth/custom"
    assert metadata.get("confidence") == kept


def test_a_label_that_the_line_already_has_is_overwritten_in_its_place(make_job: MakeJob) -> None:
    """Also its metadata."""
    line = {"Cats": "old", "Cats-metadata": {"old": True}, "source-ref": "s3://acme-in/cats/0.jpg"}
    result = simulate(make_job([line]), handlers=with_reply([entry("0")]))
    assert list(result.lines[0]) == ["Cats", "Cats-metadata", "source-ref"]
    assert result.lines[0]["Cats"] == "cat 0"
    assert "old" not in result.lines[0]["Cats-metadata"]


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        ({}, True),
        ({"isHumanAnnotationRequired": False}, False),
        ({"isHumanAnnotationRequired": "False"}, False),
        ({"isHumanAnnotationRequired": "true"}, True),
        ({"humanAnnotationRequired": "false"}, False),
        ({"isHumanAnnotationRequired": True, "humanAnnotationRequired": "false"}, True),
    ],
)
def test_either_spelling_and_type_of_the_flag_is_read(
    make_job: MakeJob, flags: dict[str, Any], wanted: bool
) -> None:
    """All that public workflows return."""
    handlers = Handlers(lambda *_: {"taskInput": {}, **flags}, replying([entry("0")]))
    result = simulate(make_job(count=1), handlers=handlers)
    assert result.counts.labeled == int(wanted)
    assert result.counts.failed == int(not wanted)


def test_the_undocumented_flag_alone_is_warned_of(make_job: MakeJob) -> None:
    """Its false may be ignored, and the object be paid for."""
    handlers = Handlers(
        lambda *_: {"taskInput": {}, "humanAnnotationRequired": "true"}, replying([entry("0")])
    )
    result = simulate(make_job(count=1), handlers=handlers)
    assert [warning.split(";")[0] for warning in result.warnings] == [
        "pre-annotation gives humanAnnotationRequired only"
    ]


def test_a_skipped_object_can_count_as_unlabeled_and_stay_as_it_was(make_job: MakeJob) -> None:
    """The other reading."""
    handlers = Handlers(lambda *_: {"taskInput": {}, "isHumanAnnotationRequired": False}, replying())
    result = simulate(make_job(count=1, switches=Switches(skipped="unlabeled")), handlers=handlers)
    assert (result.counts.failed, result.counts.unlabeled) == (0, 1)
    assert result.lines == ({"source-ref": "s3://acme-in/cats/0.jpg"},)


@pytest.mark.parametrize("reply", [RuntimeError("no"), {}, {"taskInput": "text"}, "text"])
def test_a_broken_pre_annotation_fails_the_job_in_the_services_words(make_job: MakeJob, reply: Any) -> None:
    """As it was seen to do."""
    result = simulate(make_job(), handlers=Handlers(replying(reply), replying()))
    assert result.status == "Failed"
    assert result.failure_reason is not None
    assert "function:PreAnnotation. LambdaErrorCode: Unhandled." in result.failure_reason
    assert result.cause is not None
    assert result.cause.startswith("line ")


def test_a_task_input_too_long_for_a_page_fails_its_object(make_job: MakeJob) -> None:
    """RenderUiTemplate takes no more."""
    handlers = Handlers(lambda *_: {"taskInput": {"text": "x" * 128_000}}, replying())
    result = simulate(make_job(count=1), handlers=handlers)
    assert result.failures[0].reason == "taskInput has 128011 characters, a worker page takes 128000"


def test_objects_that_nobody_answered_expire_and_are_not_sent(make_job: MakeJob) -> None:
    """In the shape of real manifests."""
    job = make_job(answers={"1": {"ann": "cat"}})
    result = simulate(job, handlers=with_reply([entry("1")]))
    assert labels(result) == [None, "cat 1", None]
    assert [failure.kind for failure in result.failures] == ["expired", "expired"]
    metadata = result.lines[0]["Cats-metadata"]
    assert metadata["failure-reason"].startswith("ClientError: Annotation tasks expired.")
    assert {key: metadata[key] for key in ("retry-count", "human-annotated")} == {
        "retry-count": 1,
        "human-annotated": "true",
    }


def test_the_events_are_those_that_the_service_sends(make_job: MakeJob) -> None:
    """Key by key, as captured."""
    seen: list[dict[str, Any]] = []

    def pre_annotation(event: dict[str, Any], context: Any) -> Any:
        seen.append(event)
        return all_for_workers(event, context)

    def consolidation(event: dict[str, Any], context: Any) -> Any:
        seen.append(event)
        assert 0 < context.get_remaining_time_in_millis() <= 900_000
        return [entry("0")]

    simulate(make_job(count=1, name="Cats-7A"), handlers=Handlers(pre_annotation, consolidation))
    arn = "arn:aws:sagemaker:us-east-1:111122223333:labeling-job/cats-7a"
    folder = "s3://labeljob-simulation/output/Cats-7A/annotations"
    assert seen == [
        {
            "version": "2018-10-06",
            "labelingJobArn": arn,
            "dataObject": {"source-ref": "s3://acme-in/cats/0.jpg"},
        },
        {
            "version": "2018-10-06",
            "labelingJobArn": arn,
            "labelAttributeName": "Cats",
            "roleArn": "arn:aws:iam::111122223333:role/simulated-execution",
            "payload": {
                "s3Uri": f"{folder}/consolidated-annotation/consolidation-request/iteration-1/2026-02-03_10:02:01.json"
            },
            "outputConfig": folder,
            "maxHumanWorkersPerDataObject": 2,
            "vpcEnabled": False,
        },
    ]


@pytest.mark.parametrize(
    ("switch", "event"),
    [("absent", {}), ("null", {"labelCategories": None}), ("list", {"labelCategories": ["cat", "dog"]})],
)
def test_label_categories_of_the_event(
    make_job: MakeJob, tmp_path: Any, switch: str, event: dict[str, Any]
) -> None:
    """Custom jobs mostly have none."""
    seen: list[dict[str, Any]] = []

    def consolidation(event: dict[str, Any], _: Any) -> Any:
        seen.append(event)
        return [entry("0")]

    categories = tmp_path / "categories.json"
    categories.write_text('{"labels": [{"label": "cat"}, {"label": "dog"}]}')
    job = make_job(count=1, label_categories=categories, switches=Switches(label_categories=switch))
    simulate(job, handlers=Handlers(all_for_workers, consolidation))
    assert {key: value for key, value in seen[0].items() if key == "labelCategories"} == event


def test_a_list_of_categories_needs_a_file(make_job: MakeJob) -> None:
    """There is nothing else to list."""
    with pytest.raises(ContractError, match="needs a label-category file"):
        make_job(switches=Switches(label_categories="list"))


def test_a_switch_has_only_its_choices() -> None:
    """A slip in a program is found at once."""
    with pytest.raises(ContractError, match="must be one of failed, unlabeled, is 'maybe'"):
        Switches(skipped="maybe")


def test_fewer_workers_than_answers_leaves_the_later_answers_out(make_job: MakeJob) -> None:
    """As if the later workers had not been asked."""
    result = simulate(make_job(count=1, workers=1), handlers=with_reply([entry("0")]))
    request = result.iterations[0].request
    assert request is not None
    assert [one["workerId"] for one in json.loads(request.read_text())[0]["annotations"]] == ["ann"]
