"""The table of task types against the service's own model, which names every function, page and algorithm."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest

from labeljob.launch.request import amount_in_usd
from labeljob.launch.tasks import (
    LAMBDA_ACCOUNTS,
    PRICES,
    TASKS,
    aws_lambda,
    human_task_ui,
    labeling_algorithm,
    public_team,
)


@pytest.fixture(scope="module")
def model() -> Any:
    """The service model of SageMaker."""
    return botocore.session.get_session().get_service_model("sagemaker")


def told_of(model: Any, shape: str, member: str) -> str:
    """The documentation of a member."""
    return str(model.shape_for(shape).members[member].documentation)


def test_the_functions_are_those_that_the_service_names(model: Any) -> None:
    told = told_of(model, "HumanTaskConfig", "PreHumanTaskLambdaArn") + told_of(
        model, "AnnotationConsolidationConfig", "AnnotationConsolidationLambdaArn"
    )
    ours = {
        aws_lambda(region, kind, task)
        for region in LAMBDA_ACCOUNTS
        for kind in ("PRE", "ACS")
        for task in TASKS.values()
        if not task.custom
    }
    named = set(re.findall(r"arn:aws:lambda:[\w:-]+", told))
    assert {arn for arn in named - ours if not arn.endswith("PassThrough")} == set()
    assert ours <= named


def test_the_pages_are_those_that_the_service_names(model: Any) -> None:
    named = set(re.findall(r"human-task-ui/\w+", told_of(model, "UiConfig", "HumanTaskUiArn")))
    ours = {human_task_ui("us-east-1", task) for task in TASKS.values()} - {None}
    assert {f"human-task-ui/{arn.rpartition('/')[2]}" for arn in ours if arn} == named


def test_the_algorithms_are_those_that_the_service_names(model: Any) -> None:
    told = told_of(model, "LabelingJobAlgorithmsConfig", "LabelingJobAlgorithmSpecificationArn")
    named = set(re.findall(r"(\d{12}:labeling-job-algorithm-specification/[a-z-]+)", told))
    ours = {labeling_algorithm("us-east-1", task) for task in TASKS.values()} - {None}
    assert {arn.split(":", 4)[4] for arn in ours if arn} == named


def test_labels_that_end_in_ref_are_those_that_the_service_names(model: Any) -> None:
    told = told_of(model, "CreateLabelingJobRequest", "LabelAttributeName")
    exception = "VerificationSemanticSegmentation"
    named = {task.function for task in TASKS.values() if re.search(rf">{task.function}\)?<", told)} - {
        exception
    }
    assert {task.function for task in TASKS.values() if task.ref} == named


def test_prices_are_those_that_the_service_names(model: Any) -> None:
    told = model.shape_for("PublicWorkforceTaskPrice").documentation.partition("Textract")[0]
    boxes, classes, masks = (
        [float(price) for price in re.findall(r"\d\.\d{3}", part)] for part in told.split("Use one of")[1:4]
    )
    for name, prices in (
        ("bounding-box", boxes),
        ("image-classification", classes),
        ("custom", classes),
        ("semantic-segmentation", masks),
    ):
        assert [float(price) for price in TASKS[name].prices] == sorted(prices), name


@pytest.mark.parametrize("price", PRICES, ids=str)
def test_a_price_in_parts_is_the_price(price: Any) -> None:
    parts = amount_in_usd(price)
    assert parts["Dollars"] * 1_000 + parts["Cents"] * 10 + parts["TenthFractionsOfACent"] == price * 1_000
    assert parts["Cents"] < 100
    assert parts["TenthFractionsOfACent"] < 10


def test_where_there_is_no_ground_truth_there_is_no_function() -> None:
    assert aws_lambda("sa-east-1", "PRE", TASKS["bounding-box"]) is None
    assert aws_lambda("us-east-1", "PRE", TASKS["custom"]) is None
    assert (
        public_team("eu-west-1") == "arn:aws:sagemaker:eu-west-1:394669845002:workteam/public-crowd/default"
    )
