"""What cannot be looked at: said with the permission that it takes, while the other checks go on."""

from __future__ import annotations

import pytest

from tests.doctor.conftest import EXECUTION, Bench


@pytest.mark.parametrize(
    ("denied", "permission"),
    [
        ("GET /acme-in?cors", "s3:GetBucketCORS"),
        ("GET /acme-in?encryption", "s3:GetEncryptionConfiguration"),
        ("SimulatePrincipalPolicy", "iam:SimulatePrincipalPolicy"),
        ("ListAttachedRolePolicies", "iam:ListAttachedRolePolicies"),
        ("DescribeWorkteam", "sagemaker:DescribeWorkteam"),
        ("RenderUiTemplate", "sagemaker:RenderUiTemplate"),
        ("POST /2015-03-31/functions/", "lambda:InvokeFunction"),
        ("GET /2015-03-31/functions/", "lambda:GetFunctionConfiguration"),
    ],
)
def test_a_check_that_is_refused_is_advice(bench: Bench, denied: str, permission: str) -> None:
    bench.front.denied.append(denied)
    examination = bench.examined(invoke=True)
    assert {finding.rule.code for finding in examination.findings} == {"unchecked"}
    assert all(permission in finding.mend for finding in examination.findings)
    assert examination.sound


def test_the_other_checks_go_on(bench: Bench) -> None:
    bench.front.denied += ["GET /acme-in?cors", "SimulatePrincipalPolicy", "DescribeWorkteam"]
    bench.job["time-limit"] = "4h"
    bench.aws.iam.update_role(RoleName=EXECUTION, MaxSessionDuration=3_600)
    examination = bench.examined()
    assert [finding.rule.code for finding in examination.findings if finding.serious] == ["role-session"]


def test_a_line_without_a_uri_does_not_hide_the_objects_of_the_others(bench: Bench) -> None:
    bench.put_manifest({"source-ref": "roads/0.png"}, {"source-ref": "s3://acme-in/roads/none.png"})
    assert [finding.rule.code for finding in bench.examined().findings] == ["manifest-uri", "object-missing"]


def test_one_refusal_that_stops_several_checks_is_told_once(bench: Bench) -> None:
    bench.front.denied.append("SimulatePrincipalPolicy")
    found = bench.examined().findings
    about_execution_role = [one for one in found if EXECUTION in one.what]
    assert len(about_execution_role) == 1
    for check in ("what the execution role may read", "what the execution role may write"):
        assert check in about_execution_role[0].what
