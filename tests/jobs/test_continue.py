"""`labeljob continue`: what is left goes to workers again, and the labels are joined."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labeljob.jobs.continuing import Changes, continue_job
from labeljob.jobs.joining import chain, joined
from shared.errors import ContractError
from tests.jobs.conftest import CAT, NOTHING, Cats, Labeljob

SETTINGS = (
    "LabelAttributeName",
    "OutputConfig",
    "RoleArn",
    "StoppingConditions",
)


def described(cats: Cats, name: str) -> dict[str, Any]:
    """A job, without the headers of the answer."""
    return {**cats.aws.sagemaker.describe_labeling_job(LabelingJobName=name)}


def test_what_expired_is_labelled_by_a_new_job_and_joined(
    cats: Cats, labeljob: Labeljob, tmp_path: Path
) -> None:
    """Cats 2 and 4 are left over; one of them is left over again."""
    cats.answer({1: CAT, 3: CAT, 5: CAT})
    conditions = {"MaxPercentageOfInputDatasetLabeled": 100}
    cats.run("cats-1", 5, StoppingConditions=conditions, Tags=[{"Key": "team", "Value": "felines"}])
    cats.answer({2: ("dog", "dog", "dog")})
    first = labeljob("continue", "cats-1")
    assert first.status == 0
    assert first.lines == [
        "made            cats-1-2",
        "to label        2 objects of cats-1",
        "input manifest  s3://acme-out/run/labeljob/cats-1-2/input.manifest (2 lines)",
        "note            the stopping conditions of cats-1 hold for cats-1-2 too",
        "watch it        labeljob watch cats-1-2",
        "join labels     labeljob output cats-1-2 --joined joined.manifest",
    ]
    cats.local.settle()
    assert cats.lines("s3://acme-out/run/labeljob/cats-1-2/input.manifest") == [
        {"source-ref": "s3://acme-in/cats/2.jpg", "cat": "2", "labeljob-line": 2},
        {"source-ref": "s3://acme-in/cats/4.jpg", "cat": "4", "labeljob-line": 4},
    ]
    old, new = described(cats, "cats-1"), described(cats, "cats-1-2")
    assert {key: new[key] for key in SETTINGS} == {key: old[key] for key in SETTINGS}
    assert new["HumanTaskConfig"] == old["HumanTaskConfig"]
    assert {tag["Key"]: tag["Value"] for tag in new["Tags"]} == {
        "team": "felines",
        "labeljob:continues": "cats-1",
    }

    cats.answer({4: CAT})
    assert labeljob("continue", "cats-1-2").lines[0] == "made            cats-1-3"
    cats.local.settle()
    file = tmp_path / "joined" / "output.manifest"
    run = labeljob("output", "cats-1-3", "--joined", str(file))
    assert run.lines == [
        "jobs      cats-1, cats-1-2, cats-1-3",
        "objects   5",
        "labelled  5",
        f"manifest  {file}",
    ]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["cat"], line["cats"]["class-name"]) for line in lines] == [
        ("1", "cat"),
        ("2", "dog"),
        ("3", "cat"),
        ("4", "cat"),
        ("5", "cat"),
    ]
    assert {key for line in lines for key in line} == {"source-ref", "cat", "cats", "cats-metadata"}
    assert labeljob("continue", "cats-1-3").lines == [
        "every object of cats-1-3 has a label: there is nothing to continue"
    ]
    assert labeljob("output", "cats-1-2", "--joined", "s3://acme-out/joined.manifest").lines[-2:] == [
        "without label  1",
        "manifest       s3://acme-out/joined.manifest",
    ]
    assert [line["cat"] for line in cats.lines("s3://acme-out/joined.manifest")] == ["1", "2", "3", "4", "5"]


def test_a_dry_run_shows_the_request_and_makes_nothing(cats: Cats, labeljob: Labeljob) -> None:
    cats.run("cats-1", 4)
    run = labeljob(
        "continue",
        "cats-1",
        "--dry-run",
        "--name",
        "more-cats",
        "--availability",
        "86400",
        "--time-limit",
        "600",
    )
    request = json.loads(run.out)
    assert request["LabelingJobName"] == "more-cats"
    assert request["HumanTaskConfig"]["TaskAvailabilityLifetimeInSeconds"] == 86_400
    assert request["HumanTaskConfig"]["TaskTimeLimitInSeconds"] == 600
    assert run.err.splitlines()[0] == "would make      more-cats"
    assert [line.split()[0] for line in labeljob("list").lines[1:]] == ["cats-1"]
    assert not cats.aws.s3.list_objects_v2(Bucket="acme-out", Prefix="run/labeljob/")["KeyCount"]


def test_what_a_description_has_empty_is_not_asked_for(cats: Cats, labeljob: Labeljob) -> None:
    """Such as an output key that was not given."""
    output = {"S3OutputPath": "s3://acme-out/run/", "KmsKeyId": ""}
    cats.run("cats-1", 5, OutputConfig=output, StoppingConditions={})
    made = continue_job("cats-1", cats.aws, dry_run=True)
    assert made.request["OutputConfig"] == {"S3OutputPath": "s3://acme-out/run/"}
    assert "StoppingConditions" not in made.request
    assert made.notes == ()
    assert not [line for line in labeljob("describe", "cats-1").lines if line.startswith("output key")]


def test_error_labels_are_labelled_anew_when_asked_for(cats: Cats, labeljob: Labeljob) -> None:
    cats.answer({1: CAT, 2: NOTHING})
    cats.run("cats-1", 3)
    assert (
        "left out        1 with an error label: labeljob replay, or --error-labels"
        in labeljob("continue", "cats-1", "--dry-run").err
    )
    cats.answer({2: CAT, 3: CAT})
    made = continue_job("cats-1", cats.aws, Changes(error_labels=True))
    cats.local.settle()
    assert (made.objects, made.lines, made.error_labels) == (2, 2, 0)
    outcomes = list(joined(chain("cats-1-2", cats.aws), cats.aws))
    assert [outcome.status for outcome in outcomes] == ["labelled"] * 3


def test_the_whole_manifest_needs_no_joining(cats: Cats, labeljob: Labeljob) -> None:
    """Lines with a label are passed over by the service."""
    cats.answer({1: CAT, 3: CAT})
    cats.run("cats-1", 3)
    before = cats.output("cats-1")
    cats.answer({1: NOTHING, 2: CAT})
    assert "to label        1 object of cats-1" in labeljob("continue", "cats-1", "--whole").lines
    cats.local.settle()
    after = cats.output("cats-1-2")
    assert [line["cats"]["class-name"] for line in after] == ["cat"] * 3
    assert after[0]["cats"] == before[0]["cats"]
    assert [outcome.line for outcome in joined(chain("cats-1-2", cats.aws), cats.aws)] == [
        {key: value for key, value in line.items() if key != "labeljob-line"} for line in after
    ]


def test_a_label_too_long_for_an_input_manifest_is_refused_in_the_whole_one(cats: Cats) -> None:
    cats.run("cats-1", 4)
    lines = cats.output("cats-1")
    lines[1]["cats"]["note"] = "x" * 20_001
    uri = "s3://acme-out/run/cats-1/manifests/output/output.manifest"
    cats.put(uri, "".join(f"{json.dumps(line)}\n" for line in lines))
    with pytest.raises(ContractError, match=r"line 2 of .* 'cats' most of them.*continue without --whole"):
        continue_job("cats-1", cats.aws, Changes(whole=True))
    assert continue_job("cats-1", cats.aws, dry_run=True).objects == 1


def test_a_job_that_never_wrote_its_manifest_is_done_anew(cats: Cats) -> None:
    """Stopped while it initialized; what the service gives to objects of a topic does not go into a manifest."""
    cats.local.hold()
    cats.create("cats-1", 2)
    cats.local.settle()
    cats.put(
        "s3://acme-in/cats-1.manifest",
        '{"source-ref": "s3://acme-in/cats/1.jpg", "dataset-objectid-attribute-name": "$cats-object-id", "$cats-object-id": "7"}\n'
        "{broken\n",
    )
    cats.aws.sagemaker.stop_labeling_job(LabelingJobName="cats-1")
    cats.local.settle()
    cats.aws.s3.delete_object(Bucket="acme-out", Key="run/cats-1/manifests/output/output.manifest")
    made = continue_job("cats-1", cats.aws)
    assert made.objects == 1
    assert made.notes == ("lines left out since they are no JSON objects: 1",)
    assert cats.lines(made.manifest) == [{"source-ref": "s3://acme-in/cats/1.jpg", "labeljob-line": 1}]


def test_what_does_not_fit_is_refused(cats: Cats, labeljob: Labeljob) -> None:
    cats.local.hold()
    cats.create("cats-1", 4)
    cats.local.settle()
    running = labeljob("continue", "cats-1")
    assert running.status == 2
    assert "cats-1 is Initializing: what it leaves over is known when it has ended" in running.err
    cats.local.release()
    cats.local.settle()
    private = labeljob("continue", "cats-1", "--price", "0.036")
    assert private.status == 2
    assert "cats-1 has no price: its workers are not the public workforce" in private.err
    assert labeljob("continue", "cats-1", "--price", "0.0365").status == 2
    alone = labeljob("output", "cats-1", "--joined", "x")
    assert alone.status == 2
    assert "cats-1 continues no other job" in alone.err


def test_the_next_free_name_is_no_longer_than_a_name_may_be(cats: Cats) -> None:
    name = f"C{'a' * 59}ts"
    cats.run(name, 4)
    assert continue_job(name, cats.aws, dry_run=True).name == f"C{'a' * 59}t-2"
    cats.run(f"c{'A' * 59}T-2", 4)
    assert continue_job(name, cats.aws, dry_run=True).name == f"C{'a' * 59}t-3"


def test_a_job_is_continued_once(cats: Cats, labeljob: Labeljob) -> None:
    """Else the same objects would be labelled, and paid for, twice."""
    cats.run("cats-1", 5)
    assert labeljob("continue", "cats-1").status == 0
    again = labeljob("continue", "cats-1")
    assert again.status == 2
    assert "cats-1-2 continues cats-1 already; continue that one (labeljob continue cats-1-2)" in again.err
    assert labeljob("continue", "cats-1", "--name", "cats-again").status == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cats_2", "'cats_2' is no name of a labeling job"),
        (f"c{'-' * 70}s", "is no name of a labeling job"),
        ("CATS-1", "there is a labeling job cats-1 already"),
    ],
)
def test_nothing_is_written_under_a_name_that_the_job_cannot_have(
    cats: Cats, labeljob: Labeljob, name: str, told: str
) -> None:
    """Under that of another job lies that job's own input manifest."""
    cats.run("cats-1", 5)
    before = cats.aws.s3.list_objects_v2(Bucket="acme-out")["KeyCount"]
    refused = labeljob("continue", "cats-1", "--name", name)
    assert (refused.status, told in refused.err) == (2, True)
    assert cats.aws.s3.list_objects_v2(Bucket="acme-out")["KeyCount"] == before


def test_line_numbers_of_another_chain_are_not_taken_for_its_own(cats: Cats) -> None:
    """The output of a continuing job is the input of a new one, which is continued in its turn."""
    lines = [{"source-ref": f"s3://acme-in/dogs/{dog}.jpg", "labeljob-line": 150 + dog} for dog in (1, 2)]
    request = cats.request("dogs-1", 0)
    cats.put("s3://acme-in/dogs-1.manifest", "".join(f"{json.dumps(line)}\n" for line in lines))
    cats.aws.sagemaker.create_labeling_job(**request)
    cats.local.settle()
    made = continue_job("dogs-1", cats.aws)
    assert [line["labeljob-line"] for line in cats.lines(made.manifest)] == [1, 2]


def test_a_job_with_all_the_tags_it_may_have_cannot_say_what_it_continues(cats: Cats) -> None:
    cats.run("cats-1", 4, Tags=[{"Key": f"tag-{number}", "Value": ""} for number in range(50)])
    with pytest.raises(ContractError, match="cats-1 has 50 tags and a job takes 50"):
        continue_job("cats-1", cats.aws)


def test_too_few_objects_for_automated_labeling_go_to_people(cats: Cats) -> None:
    """The job that is continued had it; AWS's model is not on this machine."""
    arn = "arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm-specification/image-classification"
    cats.local.hold()
    cats.create("cats-1", 4, LabelingJobAlgorithmsConfig={"LabelingJobAlgorithmSpecificationArn": arn})
    cats.local.settle()
    cats.aws.sagemaker.stop_labeling_job(LabelingJobName="cats-1")
    cats.local.settle()
    made = continue_job("cats-1", cats.aws, dry_run=True)
    assert made.objects == 4
    assert "LabelingJobAlgorithmsConfig" not in made.request
    assert made.notes == ("automated labeling takes 1,250 objects; people label all of these",)


def test_manifests_that_do_not_belong_together_are_not_joined(cats: Cats) -> None:
    cats.run("cats-1", 5)
    made = continue_job("cats-1", cats.aws)
    cats.local.settle()
    uri = made.job.output_manifest.replace("cats-1/", "cats-1-2/")
    lines = cats.lines(uri)
    cats.put(uri, "".join(f"{json.dumps(line)}\n" for line in reversed(lines)))
    with pytest.raises(ContractError, match="line 2 has labeljob-line 4 after 5"):
        list(joined(chain("cats-1-2", cats.aws), cats.aws))
    lines[0]["source-ref"] = "s3://acme-in/dogs/4.jpg"
    cats.put(uri, "".join(f"{json.dumps(line)}\n" for line in lines))
    with pytest.raises(ContractError, match=r"line 4 is about .*cats/4.jpg in cats-1 and about .*dogs/4.jpg"):
        list(joined(chain("cats-1-2", cats.aws), cats.aws))


def test_what_a_streaming_job_leaves_goes_to_a_batch_job(cats: Cats, labeljob: Labeljob) -> None:
    """Four cats come by the topic, nobody knows the last."""
    topic = cats.stream("cats-1")
    cats.local.release()
    cats.local.settle()
    for cat in range(1, 5):
        line = {"source-ref": f"s3://acme-in/cats/{cat}.jpg", "cat": str(cat)}
        cats.aws.sns.publish(TopicArn=topic, Message=json.dumps(line))
    cats.local.settle()
    labeljob("stop", "cats-1", "--yes", "--no-wait")
    cats.local.settle()
    cats.answer({4: CAT})
    made = continue_job("cats-1", cats.aws)
    cats.local.settle()
    assert made.notes == (
        "cats-1 took objects from a topic; cats-1-2 takes only those that are left, and ends",
    )
    assert [set(line) for line in cats.lines(made.manifest)] == [{"source-ref", "cat", "labeljob-line"}]
    assert labeljob("watch", "cats-1-2").status == 0
    outcomes = list(joined(chain("cats-1-2", cats.aws), cats.aws))
    assert sorted((outcome.line["cat"], outcome.status) for outcome in outcomes) == [
        (str(cat), "labelled") for cat in range(1, 5)
    ]
