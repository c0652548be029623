"""S3 URIs and the places a deployment may touch."""

from __future__ import annotations

import pytest

from shared.errors import NotAllowedError, SettingsError
from shared.s3_uri import AllowedLocations, S3Uri


@pytest.mark.parametrize(
    ("text", "bucket", "key"),
    [
        ("s3://acme-in/roads/0007.jpg", "acme-in", "roads/0007.jpg"),
        ("s3://acme-in/2026-02-03_10:11:12.json", "acme-in", "2026-02-03_10:11:12.json"),
        ("s3://a.b.c/two words/\u00e4.json", "a.b.c", "two words/\u00e4.json"),
        ("s3://acme-in/a..b/...", "acme-in", "a..b/..."),
        ("s3://acme-in//a", "acme-in", "/a"),
        ("s3://acme-in/a?versionId=1", "acme-in", "a?versionId=1"),
    ],
)
def test_a_uri_is_a_bucket_and_a_key(text: str, bucket: str, key: str) -> None:
    uri = S3Uri.parse(text)
    assert (uri.bucket, uri.key, str(uri)) == (bucket, key, text)


def test_the_name_is_what_follows_the_last_slash() -> None:
    assert S3Uri.parse("s3://acme-in/roads/0007.jpg").name == "0007.jpg"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("https://acme-in.s3.amazonaws.com/a", "only s3:// URIs are read"),
        ("S3://acme-in/a", "only s3:// URIs are read"),
        ("s3:acme-in/a", "only s3:// URIs are read"),
        ("acme-in/a", "only s3:// URIs are read"),
        ("", "only s3:// URIs are read"),
        ("s3://", "is not a bucket name"),
        ("s3:///a", "is not a bucket name"),
        ("s3://A/a", "is not a bucket name"),
        ("s3://ab/a", "is not a bucket name"),
        ("s3://acme_in/a", "is not a bucket name"),
        ("s3://-acme/a", "is not a bucket name"),
        ("s3://user@acme/a", "is not a bucket name"),
        ("s3://acme:80/a", "is not a bucket name"),
        ("s3://acme-in\n/a", "is not a bucket name"),
        ("s3://acme-in", "the key is empty"),
        ("s3://acme-in/", "the key is empty"),
        ("s3://acme-in/a\x00", "control characters"),
        ("s3://acme-in/a\n", "control characters"),
        ("s3://acme-in/" + "\u00e4" * 513, "too long"),
        ("s3://acme-in/..", "'.' or '..' segment"),
        ("s3://acme-in/a/../b", "'.' or '..' segment"),
        ("s3://acme-in/./b", "'.' or '..' segment"),
    ],
)
def test_anything_else_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(NotAllowedError, match=complaint):
        S3Uri.parse(text)


def test_a_complaint_shows_no_more_than_the_beginning_of_a_long_uri() -> None:
    with pytest.raises(NotAllowedError) as refusal:
        S3Uri.parse("x" * 100_000)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("location", "uri", "allowed"),
    [
        ("acme-out", "s3://acme-out/any/key", True),
        ("acme-out/", "s3://acme-out/any/key", True),
        ("s3://acme-out/run/", "s3://acme-out/run/key", True),
        ("acme-out/run", "s3://acme-out/run/a/b", True),
        ("acme-out/run", "s3://acme-out/run-2/a", False),
        ("acme-out/run", "s3://acme-out/run", False),
        ("acme-out/run/", "s3://acme-out/runner", False),
        ("acme-out/run/", "s3://acme-out/Run/a", False),
        ("acme-out", "s3://acme-out-2/a", False),
        ("acme-out/", "s3://acme-in/a", False),
    ],
)
def test_a_location_is_a_folder(location: str, uri: str, allowed: bool) -> None:
    locations = AllowedLocations.parse(["other-bucket/", location])
    if allowed:
        assert locations.check(S3Uri.parse(uri)) == S3Uri.parse(uri)
    else:
        with pytest.raises(NotAllowedError, match="AllowedLocations") as refusal:
            locations.check(S3Uri.parse(uri))
        assert refusal.value.limit == "ALLOWED_LOCATIONS"


@pytest.mark.parametrize("location", ["", "*", "Acme", "acme_out/run", "/acme-out", "https://acme-out/"])
def test_a_location_that_names_no_bucket_is_a_wrong_setting(location: str) -> None:
    with pytest.raises(SettingsError, match="is not bucket/prefix/"):
        AllowedLocations.parse([location])
