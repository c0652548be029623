"""The functions as deployed: names, environment, logs, alarms, outputs."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from shared.settings import ENVIRONMENT
from tests.template.cloudformation import resources
from tools.artefact import HANDLERS, ROOT

Template = dict[str, Any]
# What AmazonSageMakerGroundTruthExecution lets a labeling job's role invoke: names that contain one of these.
INVOCABLE = ("GtRecipe", "LabelingFunction", "SageMaker", "Sagemaker", "sagemaker")
LONGEST_STACK_NAME = 34


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """The properties of both functions."""
    return resources(template, "AWS::Serverless::Function")


def environment(template: Template, function: str) -> dict[str, Any]:
    """The environment of one function: what both share and its own."""
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    return {**shared, **functions(template)[function]["Environment"]["Variables"]}


def test_the_handlers_are_those_the_tests_run(template: Template) -> None:
    """The artefact tests start the handlers by these names."""
    assert {name: properties["Handler"] for name, properties in functions(template).items()} == HANDLERS


def test_a_labeling_job_may_invoke_the_functions(template: Template) -> None:
    """With AWS's managed policy for Ground Truth, whatever the stack is called, within Lambda's 64 characters."""
    for properties in functions(template).values():
        suffix = properties["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}")
        assert any(part in suffix for part in INVOCABLE)
        assert len("x" * LONGEST_STACK_NAME + suffix) <= 64


def test_the_functions_get_exactly_the_variables_that_the_code_reads(template: Template) -> None:
    """Neither a variable that nothing reads, nor one that is read and never set."""
    declared = set(environment(template, "PreAnnotationFunction")) | set(
        environment(template, "ConsolidationFunction")
    )
    assert declared == set(ENVIRONMENT)


def test_only_pre_annotation_is_told_to_read_label_categories(template: Template) -> None:
    """Consolidation gets the categories in its event and may not describe jobs."""
    assert "READ_LABEL_CATEGORIES" in environment(template, "PreAnnotationFunction")
    assert "READ_LABEL_CATEGORIES" not in environment(template, "ConsolidationFunction")


@pytest.mark.parametrize("name", ["PreAnnotation", "Consolidation"])
def test_each_function_logs_to_a_group_whose_lines_expire(template: Template, name: str) -> None:
    """The group is the stack's own, so that it goes with the stack, and Lambda makes none without retention."""
    group = resources(template, "AWS::Logs::LogGroup")[f"{name}LogGroup"]
    function = functions(template)[f"{name}Function"]
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert group["LogGroupName"]["Fn::Sub"] == "/aws/lambda/" + function["FunctionName"]["Fn::Sub"]
    assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}LogGroup"}


def test_metrics_pass_at_every_log_level(template: Template) -> None:
    """They are log lines without a level, which Lambda takes for INFO: its own filter never stands above that."""
    for properties in functions(template).values():
        assert properties["LoggingConfig"]["ApplicationLogLevel"] == {
            "Fn::If": ["LogsDebug", "DEBUG", "INFO"]
        }


@pytest.mark.parametrize("name", ["PreAnnotation", "Consolidation"])
@pytest.mark.parametrize(
    ("alarm", "metric"), [("Errors", "Errors"), ("Throttles", "Throttles"), ("Duration", "Duration")]
)
def test_each_function_is_watched(template: Template, name: str, alarm: str, metric: str) -> None:
    """For errors, for throttling and for coming near its timeout."""
    properties = resources(template, "AWS::CloudWatch::Alarm")[f"{name}{alarm}Alarm"]
    assert properties["Namespace"] == "AWS/Lambda"
    assert properties["MetricName"] == metric
    assert properties["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": f"{name}Function"}}]


@pytest.mark.parametrize("metric", ["RejectedAnswers", "FailedObjects"])
def test_the_consolidations_own_metrics_are_watched(template: Template, metric: str) -> None:
    """Under the namespace and the service name that the function itself is given."""
    properties = resources(template, "AWS::CloudWatch::Alarm")[f"{metric}Alarm"]
    variables = environment(template, "ConsolidationFunction")
    assert properties["MetricName"] == metric
    assert properties["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert properties["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]


def test_every_alarm_notifies_the_topic_and_is_silent_without_data(template: Template) -> None:
    """A function that is not invoked is not a failing one."""
    for properties in resources(template, "AWS::CloudWatch::Alarm").values():
        assert properties["AlarmActions"] == {
            "Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]
        }
        assert properties["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", ["PreAnnotation", "Consolidation"])
def test_near_the_timeout_means_four_fifths_of_it(template: Template, name: str) -> None:
    """For every timeout that may be chosen."""
    near = {
        int(seconds): entry["Milliseconds"] for seconds, entry in template["Mappings"]["NearTimeout"].items()
    }
    assert near == {
        seconds: seconds * 800 for seconds in template["Parameters"][f"{name}Timeout"]["AllowedValues"]
    }
    threshold = resources(template, "AWS::CloudWatch::Alarm")[f"{name}DurationAlarm"]["Threshold"]
    assert threshold == {"Fn::FindInMap": ["NearTimeout", {"Ref": f"{name}Timeout"}, "Milliseconds"]}


def test_the_outputs_are_what_a_labeling_job_and_its_policies_ask_for(template: Template) -> None:
    """Function ARNs for the job, role ARNs for trust and key policies, log groups for people."""
    assert set(template["Outputs"]) == {
        "PreAnnotationFunctionArn",
        "ConsolidationFunctionArn",
        "PreAnnotationRoleArn",
        "ConsolidationRoleArn",
        "PreAnnotationLogGroupName",
        "ConsolidationLogGroupName",
    }


def test_the_version_published_is_that_of_the_project(template: Template) -> None:
    """The application repository and the package tell the same version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    application = template["Metadata"]["AWS::ServerlessRepo::Application"]
    assert application["SemanticVersion"] == project["version"]
    assert application["SpdxLicenseId"] == project["license"]
