"""Settings: defaults, blocks by job name, names and ranges, the fingerprint, what the environment says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import GtConsensusError, NotAllowedError, ObjectMissingError, SettingsError
from shared.json_node import JsonNode
from shared.settings import METHODS, Deployment, Limits, Settings, digest, to_wire
from shared.settings_file import KEPT_SECONDS, load_settings
from shared.storage import AwsAccess
from tests.conftest import SETTINGS_URI, Aws
from tests.payloads import label_of, votes


def parse(document: Any, job_name: str | None = None) -> Settings:
    """The settings of a document."""
    return Settings.parse(JsonNode(document), job_name)


def test_an_empty_document_gives_the_defaults() -> None:
    assert parse({}) == parse({"defaults": {}}) == parse({"defaults": None, "jobs": None}) == Settings()


def test_all_settings_written_are_read_again() -> None:
    wire = json.loads(json.dumps(to_wire(Settings(quorum=0.4, limits=Limits(parts=7)))))
    assert parse(wire) == Settings(quorum=0.4, limits=Limits(parts=7))


def test_names_have_hyphens_and_values_their_types() -> None:
    settings = parse(
        {
            "method": "weighted",
            "iou-threshold": 0.6,
            "iou-thresholds": {"boxes": 0.7, "car": 0.8},
            "label-categories": ["car", "bus"],
            "worker-weights": {"ann": 2},
            "include-worker-annotations": True,
            "worker-ids": "hashed",
            "limits": {"parts": 10},
        }
    )
    assert settings.method == "weighted"
    assert settings.label_categories == ("car", "bus")
    assert settings.limits == Limits(parts=10)
    assert (settings.weight_of("ann"), settings.weight_of("bob")) == (2, 1.0)


def test_the_threshold_of_a_category_goes_before_that_of_its_kind_and_that_before_the_common_one() -> None:
    settings = parse({"iou-threshold": 0.6, "iou-thresholds": {"boxes": 0.7, "car": 0.8}})
    assert settings.iou_threshold_of("boxes", "car") == 0.8
    assert settings.iou_threshold_of("boxes", "bus") == 0.7
    assert settings.iou_threshold_of("instance-mask", "bus") == 0.6


JOBS = {
    "defaults": {"quorum": 0.4, "limits": {"parts": 10, "text": 20}},
    "jobs": [
        {"pattern": "roads-*", "settings": {"quorum": 0.6, "limits": {"parts": 11}}},
        {"pattern": "*-7?", "settings": {"limits": {"nesting": 9}, "method": "weighted"}},
        {"pattern": "Roads-7A", "settings": {"review-confidence": 0.9}},
    ],
}


@pytest.mark.parametrize(
    ("job_name", "expected"),
    [
        (None, Settings(quorum=0.4, limits=Limits(parts=10, text=20))),
        ("cats", Settings(quorum=0.4, limits=Limits(parts=10, text=20))),
        ("roads-8", Settings(quorum=0.6, limits=Limits(parts=11, text=20))),
        (
            "roads-7a",
            Settings(
                quorum=0.6,
                limits=Limits(parts=11, text=20, nesting=9),
                method="weighted",
                review_confidence=0.9,
            ),
        ),
        ("cats-7b", Settings(quorum=0.4, limits=Limits(parts=10, text=20, nesting=9), method="weighted")),
    ],
)
def test_blocks_whose_pattern_matches_are_laid_over_the_defaults(
    job_name: str | None, expected: Settings
) -> None:
    """Limits one by one; later blocks over earlier; patterns in any case, since ARNs have lower case."""
    assert parse(JOBS, job_name) == expected


def test_a_pattern_of_anything_matches_a_request_without_a_job_name() -> None:
    assert parse({"jobs": [{"pattern": "*", "settings": {"quorum": 0.1}}]}).quorum == 0.1


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"quroum": 0.5}, "$.quroum: is not a setting; settings are method, quorum"),
        ({"review_confidence": 0.5}, "$.review_confidence: is not a setting"),
        ({"limits": {"part": 5}}, "$.limits.part: is not a setting; settings are payload-bytes"),
        ({"defaults": {"x": 1}}, "$.defaults.x: is not a setting"),
        ({"defaults": {}, "quorum": 0.5}, "$.quorum: stands beside defaults and jobs; move it into defaults"),
        ({"jobs": [{"settings": {}}]}, "$.jobs[0].pattern: is required and missing"),
        ({"jobs": [{"pattern": "*"}]}, "$.jobs[0].settings: is required and missing"),
        ({"jobs": {"pattern": "*"}}, "$.jobs: must be an array"),
        (
            {"jobs": [{"pattern": "*", "settings": {"limits": {"parts": 0}}}]},
            "$.jobs[0].settings.limits.parts: must be from 1",
        ),
        ([], "$: must be an object, is an array"),
        ({"method": "best"}, f"$.method: must be one of {', '.join(METHODS)}, is 'best'"),
        ({"method": 1}, "$.method: must be a string"),
        ({"worker-ids": "none"}, "$.worker-ids: must be one of plain, hashed, omitted"),
        ({"quorum": 1}, "$.quorum: must be below 1, is 1"),
        ({"quorum": -0.1}, "$.quorum: must be from 0"),
        ({"quorum": "half"}, "$.quorum: must be a number, is a string"),
        ({"iou-threshold": 0}, "$.iou-threshold: must be from 0.01 to 1, is 0"),
        ({"iou-thresholds": {"car": 1.1}}, "$.iou-thresholds.car: must be from 0.01 to 1"),
        ({"iou-thresholds": [0.5]}, "$.iou-thresholds: must be an object"),
        ({"review-confidence": 1.1}, "$.review-confidence: must be from 0 to 1"),
        ({"worker-weights": {"ann": -1}}, "$.worker-weights.ann: must be from 0"),
        ({"include-worker-annotations": "yes"}, "$.include-worker-annotations: must be true or false"),
        ({"label-categories": "car"}, "$.label-categories: must be an array"),
        ({"label-categories": [""]}, "$.label-categories[0]: must not be empty"),
        ({"limits": {"parts": 1.5}}, "$.limits.parts: must be a whole number"),
        ({"limits": {"reply-bytes": 10}}, "$.limits.reply-bytes: must be from 1000"),
        ({"limits": 5}, "$.limits: must be an object"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_named_by_its_path(document: Any, complaint: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse(document)
    assert str(error.value).startswith(complaint)


def test_the_fingerprint_is_that_of_the_values_not_of_how_they_were_written() -> None:
    """Labels keep it, so it must not change by chance; a change here is a change of every label."""
    written = parse({"jobs": [{"pattern": "*", "settings": {"quorum": 0.5, "limits": {"parts": 5000}}}]})
    assert written.fingerprint() == Settings().fingerprint()
    assert parse({"worker-weights": {"a": 1, "b": 2}}).fingerprint() == (
        parse({"worker-weights": {"b": 2, "a": 1}}).fingerprint()
    )


@pytest.mark.parametrize(
    "change", [{"quorum": 0.51}, {"limits": Limits(parts=4_999)}, {"label_categories": ("car",)}], ids=str
)
def test_every_other_value_has_another_fingerprint(change: dict[str, Any]) -> None:
    assert replace(Settings(), **change).fingerprint() != Settings().fingerprint()


def test_a_digest_is_twelve_hex_digits_of_the_canonical_json() -> None:
    """SHA-256 of `{"a":1}`."""
    assert digest({"a": 1}) == "015abd7f5cc5"


def test_the_environment_is_read() -> None:
    deployment = Deployment.from_environment(
        {
            "ALLOWED_LOCATIONS": " acme-in/ , s3://acme-out/run,",
            "ALLOWED_ROLES": "arn:aws:iam::1:role/a, arn:aws:iam::1:role/b",
            "KMS_KEY_ID": " key ",
            "SETTINGS_S3_URI": "s3://acme-in/settings.json",
            "READ_LABEL_CATEGORIES": "True",
        }
    )
    assert deployment.allowed_locations.prefixes == (("acme-in", ""), ("acme-out", "run/"))
    assert deployment.allowed_roles == {"arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"}
    assert deployment.kms_key_id == "key"
    assert deployment.settings_s3_uri == "s3://acme-in/settings.json"
    assert deployment.read_label_categories is True


def test_nothing_but_the_locations_is_needed() -> None:
    deployment = Deployment.from_environment({"ALLOWED_LOCATIONS": "acme-in", "KMS_KEY_ID": ""})
    assert (deployment.kms_key_id, deployment.settings_s3_uri) == (None, None)
    assert not deployment.allowed_roles
    assert deployment.read_label_categories is False


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({}, "ALLOWED_LOCATIONS: names no place"),
        ({"ALLOWED_LOCATIONS": " , "}, "ALLOWED_LOCATIONS: names no place"),
        ({"ALLOWED_LOCATIONS": "*"}, r"'\*' is not bucket/prefix/"),
        ({"ALLOWED_LOCATIONS": "acme-in,Acme"}, "'Acme' is not bucket/prefix/"),
        ({"ALLOWED_LOCATIONS": "acme-in", "SETTINGS_S3_URI": "settings.json"}, "only s3:// URIs are read"),
    ],
    ids=str,
)
def test_a_broken_deployment_says_what_to_set(environment: dict[str, str], complaint: str) -> None:
    with pytest.raises(GtConsensusError, match=complaint):
        Deployment.from_environment(environment)


class Clock:
    """A clock that a test moves, in seconds."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def load(aws: Aws) -> Callable[..., Settings]:
    """Load the settings document of a job by a clock."""
    deployment, access = Deployment.from_environment(), AwsAccess()

    def load_by(clock: Clock, job_name: str | None = None, uri: str = SETTINGS_URI) -> Settings:
        return load_settings(uri, job_name, access, deployment, clock)

    return load_by


def test_the_document_is_kept_for_a_minute(aws: Aws, load: Callable[..., Settings]) -> None:
    clock = Clock()
    aws.put(SETTINGS_URI, json.dumps(JOBS))
    assert load(clock).quorum == 0.4
    aws.put(SETTINGS_URI, '{"quorum": 0.1}')
    clock.now += KEPT_SECONDS
    assert load(clock).quorum == 0.4
    assert load(clock, "roads-8").quorum == 0.6
    clock.now += 0.1
    assert load(clock).quorum == 0.1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", SettingsError),
        (b'{"quroum": 1}', SettingsError),
        (b"\xff", SettingsError),
        (None, ObjectMissingError),
    ],
    ids=["no json", "unknown name", "no utf-8", "not there"],
)
def test_nothing_is_consolidated_under_settings_that_cannot_be_read(
    aws: Aws,
    consolidated: Callable[..., Any],
    configure: Callable[..., None],
    body: bytes | None,
    error: type[Exception],
) -> None:
    configure(SETTINGS_S3_URI=SETTINGS_URI)
    if body is not None:
        aws.put(SETTINGS_URI, body)
    with pytest.raises(error):
        consolidated([votes("0", "car")])


def test_a_document_that_could_not_be_read_is_tried_again(aws: Aws, load: Callable[..., Settings]) -> None:
    clock = Clock()
    with pytest.raises(ObjectMissingError):
        load(clock)
    aws.put(SETTINGS_URI, '{"quorum": 0.1}')
    assert load(clock).quorum == 0.1


def test_settings_outside_of_the_allowed_places_are_not_read(aws: Aws, load: Callable[..., Settings]) -> None:
    with pytest.raises(NotAllowedError):
        load(Clock(), uri="s3://acme-out/run-2/settings.json")


def test_the_block_of_the_job_applies_to_its_labels(
    consolidated: Callable[..., Any], configure: Callable[..., None]
) -> None:
    """The label says under which settings it was made."""
    configure({"jobs": [{"pattern": "roads-*", "settings": {"include-worker-annotations": True}}]})
    label = label_of(consolidated([votes("0", "car")]), "0")
    assert len(label["annotationsFromAllWorkers"]) == 1
    assert label["consolidation"]["settings"] == Settings(include_worker_annotations=True).fingerprint()
    other = consolidated(
        [votes("0", "car")], labelingJobArn="arn:aws:sagemaker:us-east-1:1:labeling-job/cats"
    )
    assert "annotationsFromAllWorkers" not in label_of(other, "0")
