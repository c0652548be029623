"""The parameters: described, with defaults that do the least, and refusing what would widen the permissions by accident."""

from __future__ import annotations

import re
from typing import Any

import pytest

Template = dict[str, Any]


def test_every_parameter_says_what_it_is(template: Template) -> None:
    """A sentence, not a repetition of the name."""
    undescribed = [
        name
        for name, parameter in template["Parameters"].items()
        if len(parameter.get("Description", "").split()) < 4
    ]
    assert undescribed == []


def test_only_the_allowed_locations_must_be_given(template: Template) -> None:
    """Everything else has a default."""
    required = [name for name, parameter in template["Parameters"].items() if "Default" not in parameter]
    assert required == ["AllowedLocations"]


def test_everything_optional_that_widens_permissions_is_off_by_default(template: Template) -> None:
    """A stack made with defaults assumes no role, uses no key, describes no job and sends no traces."""
    names = ("AllowedRoles", "KmsKeyArn", "ReadLabelCategories", "SettingsS3Uri", "Tracing")
    assert {name: template["Parameters"][name]["Default"] for name in names} == {
        "AllowedRoles": "",
        "KmsKeyArn": "",
        "ReadLabelCategories": "false",
        "SettingsS3Uri": "",
        "Tracing": "PassThrough",
    }


def test_every_parameter_is_shown_in_the_console_once(template: Template) -> None:
    """The interface groups list all parameters, each in one group."""
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]
    assert sorted(shown) == sorted(template["Parameters"])


@pytest.mark.parametrize(
    ("parameter", "value", "is_accepted"),
    [
        ("AllowedLocations", "acme-in/", True),
        ("AllowedLocations", "acme-out/run/2026/", True),
        ("AllowedLocations", "acme-in", False),
        ("AllowedLocations", "acme-out/run", False),
        ("AllowedLocations", "*/", False),
        ("AllowedLocations", "acme-*/", False),
        ("AllowedLocations", "acme-out/*/", False),
        ("AllowedLocations", "acme-out/ru?/", False),
        ("AllowedLocations", "acme-out/${aws:username}/", False),
        ("AllowedLocations", "s3://acme-out/", False),
        ("AllowedLocations", "", False),
        ("AllowedRoles", "", True),
        ("AllowedRoles", "arn:aws:iam::111122223333:role/gt-exec", True),
        ("AllowedRoles", "arn:aws:iam::111122223333:role/a,arn:aws:iam::111122223333:role/path/b", True),
        ("AllowedRoles", "arn:aws:iam::111122223333:role/a, arn:aws:iam::111122223333:role/b", False),
        ("AllowedRoles", "arn:aws:iam::111122223333:role/*", False),
        ("AllowedRoles", "arn:aws:iam::*:role/gt-exec", False),
        ("AllowedRoles", "*", False),
        ("KmsKeyArn", "", True),
        ("KmsKeyArn", "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", True),
        ("KmsKeyArn", "arn:aws:kms:eu-central-1:111122223333:key/*", False),
        ("KmsKeyArn", "alias/labels", False),
        ("SettingsS3Uri", "", True),
        ("SettingsS3Uri", "s3://acme-out/settings/labels.json", True),
        ("SettingsS3Uri", "s3://acme-out/*", False),
        ("SettingsS3Uri", "https://acme-out.s3.amazonaws.com/labels.json", False),
        ("AlarmTopicArn", "", True),
        ("AlarmTopicArn", "arn:aws:sns:eu-central-1:111122223333:labels", True),
        ("AlarmTopicArn", "labels", False),
        ("EndpointUrl", "", True),
        ("EndpointUrl", "http://127.0.0.1:4566", True),
        ("EndpointUrl", "127.0.0.1:4566", False),
    ],
)
def test_a_value_is_accepted_only_in_its_exact_form(
    template: Template,
    parameter: str,
    value: str,
    is_accepted: bool,
) -> None:
    """No wildcard reaches a policy through a parameter. CloudFormation matches the whole value, or each item of a list."""
    pattern = template["Parameters"][parameter]["AllowedPattern"]
    assert (re.fullmatch(pattern, value) is not None) is is_accepted
