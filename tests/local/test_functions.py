"""Lambda's Invoke: the project's own handlers, as Lambda answers for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

PRE_ANNOTATION = "gt-consensus-PreLabelingFunction"
EVENT = {
    "version": "2018-10-06",
    "labelingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats",
    "dataObject": {"source-ref": "s3://acme-in/cats/1.jpg"},
}


def invoke(functions: LambdaClient, event: Any, name: str = PRE_ANNOTATION) -> tuple[str | None, Any]:
    """What sort of error there is, and the reply."""
    reply = functions.invoke(FunctionName=name, Payload=json.dumps(event))
    return reply.get("FunctionError"), json.load(reply["Payload"])


def test_a_function_is_found_by_name_and_by_arn(functions: LambdaClient) -> None:
    arn = functions.get_function(FunctionName=PRE_ANNOTATION)["Configuration"]["FunctionArn"]
    by_name, by_arn = invoke(functions, EVENT), invoke(functions, EVENT, arn)
    assert by_name == by_arn
    assert by_name[0] is None
    assert by_name[1]["taskInput"]["taskObject"] == "s3://acme-in/cats/1.jpg"


def test_what_a_function_raises_is_a_function_error(functions: LambdaClient) -> None:
    error, reply = invoke(functions, {"version": "2018-10-06"})
    assert error == "Unhandled"
    assert reply["errorType"] == "ContractError"
    assert reply["errorMessage"] == "$.dataObject: is required and missing"


def test_a_function_that_is_not_there_is_not_found(functions: LambdaClient) -> None:
    with pytest.raises(functions.exceptions.ResourceNotFoundException, match="function:nothing"):
        invoke(functions, EVENT, "nothing")


def test_a_function_with_code_of_its_own_cannot_run_here(functions: LambdaClient) -> None:
    functions.update_function_configuration(FunctionName=PRE_ANNOTATION, Handler="theirs.handler")
    with pytest.raises(functions.exceptions.ClientError, match=r"theirs.handler cannot run here"):
        invoke(functions, EVENT)


def test_a_changed_environment_starts_the_function_afresh(functions: LambdaClient) -> None:
    assert invoke(functions, EVENT)[0] is None
    variables = {"ALLOWED_LOCATIONS": "not a bucket"}
    functions.update_function_configuration(FunctionName=PRE_ANNOTATION, Environment={"Variables": variables})
    error, reply = invoke(functions, EVENT)
    assert error == "Unhandled"
    assert reply["errorType"] == "SettingsError"


def test_a_dry_run_only_sees_whether_there_is_a_function(functions: LambdaClient) -> None:
    reply = functions.invoke(FunctionName=PRE_ANNOTATION, InvocationType="DryRun", Payload=b"{}")
    assert reply["StatusCode"] == 204
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName="nothing", InvocationType="DryRun")
