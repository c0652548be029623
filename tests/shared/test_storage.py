"""S3 as the functions use it, at a real S3 endpoint: encryption, limits, refusals, roles."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from botocore.credentials import AssumeRoleCredentialFetcher
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.response import StreamingBody

from labeljob.simulation.label_category_service import describe_labeling_job
from shared.errors import LimitError, NotAllowedError, ObjectMissingError, StorageError
from shared.s3_uri import AllowedLocations
from shared.storage import AwsAccess, S3Store, artefact_name
from tests.conftest import Aws
from tests.elements import semantic_element
from tests.payloads import ANN, ARTEFACTS, answer, entry, label_of, votes

PLACE = "s3://acme-out/run/a.json"
LOCATIONS = AllowedLocations.parse(["acme-out/run/"])
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
MASK = {"mask": semantic_element([[1]], ["road"])}


@pytest.fixture
def store(aws: Aws) -> S3Store:
    """A store on the local AWS that may touch acme-out/run/."""
    return S3Store(aws.s3, LOCATIONS)


def read(store: S3Store, uri: str = PLACE, limit: int = 100) -> bytes:
    """Read an object under the limit of answers."""
    return store.read(uri, limit=limit, limit_name="limits.answer-bytes")


def test_what_is_written_is_read_again(aws: Aws, store: S3Store) -> None:
    store.write(PLACE, b"[1]", "application/json")
    assert read(store) == b"[1]"
    head = aws.s3.head_object(Bucket="acme-out", Key="run/a.json")
    assert head["ContentType"] == "application/json"
    assert head.get("SSEKMSKeyId") is None


def test_a_key_encrypts_what_is_written(aws: Aws) -> None:
    S3Store(aws.s3, LOCATIONS, KEY).write(PLACE, b"[1]", "application/json")
    head = aws.s3.head_object(Bucket="acme-out", Key="run/a.json")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", KEY)


def test_a_new_object_replaces_none(aws: Aws) -> None:
    """And is encrypted as others are."""
    store = S3Store(aws.s3, LOCATIONS, KEY)
    assert store.write_new(PLACE, b"[1]", "application/json")
    assert not store.write_new(PLACE, b"[2]", "application/json")
    assert read(store) == b"[1]"
    assert aws.s3.head_object(Bucket="acme-out", Key="run/a.json")["SSEKMSKeyId"] == KEY


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_a_place_that_somebody_else_is_just_taking_is_taken(code: str) -> None:
    client: Any = _StubbedClient(_refused(code))
    assert not S3Store(client, LOCATIONS).write_new(PLACE, b"", "application/json")


@pytest.mark.parametrize("failure", ["AccessDenied", None])
def test_a_new_object_that_cannot_be_written_is_a_failure(failure: str | None) -> None:
    outcome = _refused(failure) if failure else EndpointConnectionError(endpoint_url="http://x")
    client: Any = _StubbedClient(outcome)
    with pytest.raises(StorageError, match=r"s3:PutObject|Could not connect"):
        S3Store(client, LOCATIONS).write_new(PLACE, b"", "application/json")


@pytest.mark.parametrize(
    ("job_key", "deployment_key", "used"),
    [(KEY, "other", KEY), (None, KEY, KEY), ("", KEY, KEY), (None, "", None)],
    ids=["the job's", "the deployment's", "an empty one of the job", "none"],
)
def test_masks_are_encrypted_under_the_jobs_key_or_the_deployments(
    aws: Aws,
    consolidated: Callable[..., Any],
    configure: Callable[..., None],
    job_key: str | None,
    deployment_key: str,
    used: str | None,
) -> None:
    configure(KMS_KEY_ID=deployment_key)
    label = label_of(consolidated([entry("0", answer(ANN, **MASK))], kmsKeyId=job_key), "0")
    key = label["mask-ref"].removeprefix("s3://acme-out/")
    assert aws.s3.head_object(Bucket="acme-out", Key=key).get("SSEKMSKeyId") == used


def test_an_artefact_is_named_by_its_content() -> None:
    """SHA-256 of nothing."""
    assert artefact_name(b"", "png") == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.png"
    )


def test_a_mask_lies_below_the_jobs_output_under_its_contents_name(
    aws: Aws, consolidated: Callable[..., Any]
) -> None:
    uri = label_of(consolidated([entry("0", answer(ANN, **MASK))]), "0")["mask-ref"]
    assert uri == ARTEFACTS + artefact_name(aws.get(uri), "png")


def test_an_object_of_just_the_limit_is_read_and_a_larger_one_is_not(aws: Aws, store: S3Store) -> None:
    aws.put(PLACE, b"x" * 100)
    assert len(read(store)) == 100
    with pytest.raises(LimitError) as refusal:
        read(store, limit=99)
    assert str(refusal.value) == f"{PLACE} has 100 bytes, allowed are 99 (setting limits.answer-bytes)"


class _StubbedClient:
    """A client whose calls give or raise what it is told."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome

    def get_object(self, **_: Any) -> Any:
        """Give or raise."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    put_object = get_object


class _UnreadBody(StreamingBody):
    """A body that must not be read."""

    closed = False

    def read(self, amt: int | None = None) -> bytes:
        """Fail."""
        raise AssertionError("the body was read")

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def test_the_length_is_checked_before_the_body_is_fetched() -> None:
    body = _UnreadBody(io.BytesIO(b""), 0)
    client: Any = _StubbedClient({"ContentLength": 101, "Body": body})
    with pytest.raises(LimitError):
        read(S3Store(client, LOCATIONS))
    assert body.closed


def _refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")


@pytest.mark.parametrize(
    ("failure", "error", "told"),
    [
        (_refused("NoSuchKey"), ObjectMissingError, f"there is no object at {PLACE}"),
        (_refused("NoSuchBucket"), ObjectMissingError, "there is no object"),
        (_refused("AccessDenied"), NotAllowedError, "the role lacks s3:GetObject there"),
        (_refused("403"), NotAllowedError, "or the KMS key's policy does not name it"),
        (_refused("SlowDown"), StorageError, f"cannot read {PLACE}: SlowDown"),
        (EndpointConnectionError(endpoint_url="http://x"), StorageError, f"cannot read {PLACE}: Could not"),
        (ReadTimeoutError(endpoint_url="http://x"), StorageError, f"cannot read {PLACE}: Read timeout"),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_what_s3_says_is_told_with_the_place_and_the_remedy(
    failure: Exception, error: type[Exception], told: str
) -> None:
    client: Any = _StubbedClient(failure)
    with pytest.raises(error) as translated:
        read(S3Store(client, LOCATIONS))
    assert type(translated.value) is error
    assert told in str(translated.value)


def test_a_refusal_to_write_names_the_permission_to_write() -> None:
    client: Any = _StubbedClient(_refused("AccessDenied"))
    with pytest.raises(NotAllowedError, match=r"s3:PutObject there"):
        S3Store(client, LOCATIONS).write(PLACE, b"", "application/json")


def test_a_body_that_breaks_off_is_a_failure_of_s3() -> None:
    body = StreamingBody(io.BytesIO(b"12"), 5)
    client: Any = _StubbedClient({"ContentLength": 5, "Body": body})
    with pytest.raises(StorageError, match="cannot read"):
        read(S3Store(client, LOCATIONS))


def test_a_missing_object_and_a_missing_bucket_are_missing(store: S3Store) -> None:
    with pytest.raises(ObjectMissingError, match="there is no object at s3://acme-out/run/none"):
        read(store, "s3://acme-out/run/none")
    with pytest.raises(ObjectMissingError):
        read(S3Store(store.client, AllowedLocations.parse(["no-such-bucket"])), "s3://no-such-bucket/a")


@pytest.mark.parametrize("uri", ["s3://acme-out/run-2/a", "s3://acme-in/a", "s3://acme-out/run/../a"])
def test_nothing_outside_of_the_locations_is_read_or_written(aws: Aws, store: S3Store, uri: str) -> None:
    with pytest.raises(NotAllowedError):
        read(store, uri)
    with pytest.raises(NotAllowedError):
        store.write(uri, b"", "application/json")
    with pytest.raises(NotAllowedError):
        store.write_new(uri, b"", "application/json")
    assert aws.keys() == aws.keys("acme-in") == []


ROLE = "arn:aws:iam::111122223333:role/gt-exec"


@pytest.fixture
def assumed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The roles that were asked for, in order."""
    fetcher_class: Any = AssumeRoleCredentialFetcher
    fetch = fetcher_class._get_credentials
    roles: list[str] = []

    def remember(fetcher: Any) -> Any:
        roles.append(fetcher._assume_kwargs["RoleArn"])
        return fetch(fetcher)

    monkeypatch.setattr(fetcher_class, "_get_credentials", remember)
    return roles


def test_a_role_that_is_not_listed_is_not_assumed(
    consolidated: Callable[..., Any], configure: Callable[..., None], assumed: list[str]
) -> None:
    """The event's roleArn comes from outside; the function's own role reads."""
    configure(ALLOWED_ROLES="arn:aws:iam::111122223333:role/another")
    assert label_of(consolidated([votes("0", "car")], roleArn=ROLE), "0")["class-name"] == "car"
    assert assumed == []


def test_a_listed_role_is_assumed_once_while_warm(aws: Aws, assumed: list[str]) -> None:
    """STS gives the credentials under which S3 is then called."""
    access = AwsAccess(frozenset({ROLE}))
    client = access.client(ROLE)
    assert access.client(ROLE) is client
    assert access.client() is not client
    aws.put(PLACE, b"[1]")
    assert read(S3Store(client, LOCATIONS)) == b"[1]"
    assert cast(Any, client)._request_signer._credentials.get_frozen_credentials().token is not None
    assert assumed == [ROLE]


def test_a_listed_role_reads_the_payload(
    aws: Aws, consolidated: Callable[..., Any], configure: Callable[..., None], assumed: list[str]
) -> None:
    configure(ALLOWED_ROLES=ROLE)
    uri = aws.put("s3://acme-out/run/request.json", json.dumps([votes("0", "car")]))
    assert label_of(consolidated({"s3Uri": uri}, roleArn=ROLE), "0")["class-name"] == "car"
    assert assumed == [ROLE]


def test_a_role_that_refuses_says_whose_trust_policy_is_to_change(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commonest failure of custom workflows."""

    def refuse(_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")

    monkeypatch.setattr(AssumeRoleCredentialFetcher, "_get_credentials", refuse)
    with pytest.raises(NotAllowedError, match="its trust policy must name this function's role") as refusal:
        AwsAccess(frozenset({ROLE})).client(ROLE)
    assert refusal.value.limit == "ALLOWED_ROLES"


@pytest.fixture
def sagemaker(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A SageMaker that knows the job roads-7a, whose label categories lie in S3, and the job cats, which has none."""
    description = {"LabelCategoryConfigS3Uri": "s3://acme-in/categories.json"}
    with describe_labeling_job("roads-7a", description) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", url)
        yield


@pytest.mark.usefixtures("sagemaker")
def test_a_jobs_label_category_file_is_found() -> None:
    assert AwsAccess().label_category_config_uri("roads-7a") == "s3://acme-in/categories.json"


@pytest.mark.usefixtures("sagemaker")
def test_a_job_that_is_not_known_is_missing() -> None:
    with pytest.raises(ObjectMissingError, match="there is no labeling job dogs"):
        AwsAccess().label_category_config_uri("dogs")


def test_a_job_may_have_no_label_category_file(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    with describe_labeling_job("cats", {}) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", url)
        assert AwsAccess().label_category_config_uri("cats") is None
