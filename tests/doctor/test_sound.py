"""Jobs in which nothing is wrong, of every kind: doctor finds nothing."""

from __future__ import annotations

import json
from typing import Any

from tests.doctor.conftest import (
    ACCOUNT,
    CONSOLIDATION,
    CONSOLIDATION_ROLE,
    EXECUTION,
    MANIFEST,
    PRE,
    ROOT,
    Bench,
    png,
    role_arn,
)


def findings(bench: Bench) -> list[str]:
    return [str(one) for one in bench.examined(invoke=True).findings]


def test_a_batch_job(bench: Bench) -> None:
    assert findings(bench) == []


def test_a_job_whose_files_are_local(bench: Bench) -> None:
    lines = bench.aws.s3.get_object(Bucket="acme-in", Key="roads/input.manifest")["Body"].read()
    (bench.folder / "input.manifest").write_bytes(lines)
    bench.job["input"]["manifest"] = "input.manifest"
    assert findings(bench) == []


def test_a_job_whose_template_lies_in_s3(bench: Bench) -> None:
    page = (bench.folder / "page.liquid.html").read_text()
    bench.job["template"] = bench.put("s3://acme-in/pages/class.liquid.html", page)
    assert findings(bench) == []


def test_a_job_of_the_public_workforce(bench: Bench) -> None:
    bench.job["workforce"] = {"public": {"price": 0.036}}
    declared = ["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]
    bench.job["input"]["content-classifiers"] = declared
    assert findings(bench) == []


def test_a_job_of_a_vendor(bench: Bench) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/vendor-crowd/acme"
    bench.job["workforce"] = {"vendor": arn}
    bench.front.operations["DescribeSubscribedWorkteam"] = {"SubscribedWorkteam": {"WorkteamArn": arn}}
    assert findings(bench) == []


def test_categories_in_the_settings(bench: Bench) -> None:
    uri = bench.put("s3://acme-in/settings.json", json.dumps({"label-categories": ["car", "bus"]}))
    bench.configure(PRE, environment={"READ_LABEL_CATEGORIES": "false", "SETTINGS_S3_URI": uri})
    assert findings(bench) == []


def test_categories_in_the_lines(bench: Bench) -> None:
    bench.put_manifest({"source-ref": "s3://acme-in/roads/0.png", "labels": ["car", "bus"]})
    bench.configure(PRE, environment={"READ_LABEL_CATEGORIES": "false"})
    assert findings(bench) == []


def test_a_job_of_texts_needs_no_cors(bench: Bench) -> None:
    bench.put_manifest({"source": "Ann met Bob"}, {"source": "Cyd left"})
    page = (ROOT / "worker_templates" / "class-text.liquid.html").read_text()
    (bench.folder / "page.liquid.html").write_text(page)
    bench.aws.s3.delete_bucket_cors(Bucket="acme-in")
    assert findings(bench) == []


def test_a_streaming_job(bench: Bench) -> None:
    bench.make_streaming_job()
    assert findings(bench) == []


def test_a_streaming_job_whose_input_bucket_sends_events(bench: Bench) -> None:
    bench.make_streaming_job()
    topic = bench.aws.sns.create_topic(Name="GroundTruth-roads-7-input")["TopicArn"]
    rules = [{"Name": "prefix", "Value": "incoming/"}]
    events: Any = {
        "TopicArn": topic,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    bench.aws.s3.put_bucket_notification_configuration(
        Bucket="acme-out", NotificationConfiguration={"TopicConfigurations": [events]}
    )
    assert findings(bench) == []


def test_a_job_of_video_frames(bench: Bench) -> None:
    bench.make_video_job()
    assert findings(bench) == []


def test_a_built_in_task(bench: Bench) -> None:
    bench.make_built_in_job()
    assert findings(bench) == []


def test_a_job_without_functions(bench: Bench) -> None:
    del bench.job["functions"]
    page = (ROOT / "worker_templates" / "class.liquid.html").read_text()
    page = page.replace("task.input.taskObject", "task.input.source-ref")
    page = page.replace("{{ task.input.labels | to_json | escape }}", "['car', 'bus']")
    (bench.folder / "page.liquid.html").write_text(page)
    assert findings(bench) == []


def test_settings_of_the_job(bench: Bench) -> None:
    uri = bench.put("s3://acme-in/settings.json", json.dumps({"quorum": 0.6}))
    for function in (PRE, CONSOLIDATION):
        bench.configure(function, environment={"SETTINGS_S3_URI": uri})
    assert findings(bench) == []


def test_a_consolidation_function_that_goes_by_the_execution_role(bench: Bench) -> None:
    bench.replace_policy(CONSOLIDATION_ROLE, "acme-out/*", "acme-out/else/*")
    bench.go_by_execution_role()
    assert findings(bench) == []


def test_a_function_of_others_that_goes_by_the_execution_role(bench: Bench) -> None:
    reply = [{"datasetObjectId": "0", "consolidatedAnnotation": {"content": {"roads-7": {}}}}]
    bench.call_functions(consolidation=bench.foreign("RecipeLabelingFunction", reply))
    bench.replace_policy(CONSOLIDATION_ROLE, "acme-out/*", "acme-out/else/*")
    bench.allow(CONSOLIDATION_ROLE, ["sts:AssumeRole"], [role_arn(EXECUTION)])
    bench.trust(EXECUTION, {"Service": "sagemaker.amazonaws.com"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    assert findings(bench) == []


def test_output_under_a_key_that_all_may_use(bench: Bench) -> None:
    bench.encrypt_output(EXECUTION, CONSOLIDATION_ROLE)
    assert findings(bench) == []


def test_output_under_a_key_that_is_left_to_the_account(bench: Bench) -> None:
    key = bench.encrypt_output(account=True)
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{key}"
    bench.allow(EXECUTION, ["kms:*"], [arn])
    bench.allow(CONSOLIDATION_ROLE, ["kms:Decrypt", "kms:GenerateDataKey*"], [arn])
    assert findings(bench) == []


def test_a_team_with_enough_members(bench: Bench) -> None:
    users = [{"Username": name, "Enabled": True} for name in ("ann", "bob", "cyd")]
    bench.front.operations["ListUsersInGroup"] = {"Users": users}
    assert findings(bench) == []


def test_the_first_lines_of_a_long_manifest(bench: Bench) -> None:
    names = [f"s3://acme-in/roads/{number:09}{'x' * 900}.png" for number in range(1_200)]
    for name in names[:10]:
        bench.put(name, png())
    bench.put(MANIFEST, "".join(f'{{"source-ref": "{name}"}}\n' for name in names))
    assert findings(bench) == []
