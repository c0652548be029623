"""Buckets: that they exist, lie in the job's Region and let workers' browsers read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labeljob.aws import Aws, AwsError, calling
from labeljob.doctor.check import Check
from labeljob.doctor.commands import aws_command
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CORSRuleTypeDef

MISSING = Rule(
    "bucket-missing",
    "every bucket that the job names exists",
    "The job ends Failed as soon as it reads or writes there.",
    "CreateLabelingJob InputConfig, OutputConfig",
)
REGION = Rule(
    "bucket-region",
    "all buckets lie in the job's Region",
    "Ground Truth reads manifest and data in its own Region only; the job ends Failed.",
    "Developer Guide, Use an input manifest file",
)
CORS = Rule(
    "bucket-cors",
    "the buckets of the data have a CORS rule that lets any page GET",
    "Workers' browsers refuse to draw the image; tasks fail, and are paid for.",
    "Developer Guide, CORS permission requirement",
)
CORS_HEADER = Rule(
    "bucket-cors-header",
    "the CORS rule by which pages GET data exposes Access-Control-Allow-Origin",
    "Browsers then turn images by their EXIF data as they please, and boxes lie elsewhere than workers drew them.",
    "Developer Guide, CORS permission requirement",
)
CORS_WRITE = Rule(
    "bucket-cors-write",
    "for video frames and point clouds the input and output buckets let pages GET, HEAD and PUT with any header",
    "The page loads its frames and saves its labels from the browser; workers see an empty task, or lose what they drew.",
    "Developer Guide, 3D point cloud and video frame labeling: CORS",
)
_READ: CORSRuleTypeDef = {
    "AllowedMethods": ["GET"],
    "AllowedOrigins": ["*"],
    "ExposeHeaders": ["Access-Control-Allow-Origin"],
}
_WRITE: CORSRuleTypeDef = {
    "AllowedHeaders": ["*"],
    "AllowedMethods": ["GET", "HEAD", "PUT"],
    "AllowedOrigins": ["*"],
    "ExposeHeaders": ["Access-Control-Allow-Origin"],
    "MaxAgeSeconds": 3000,
}


@dataclass(frozen=True, slots=True)
class CorsGap:
    """A bucket whose CORS rules do not do.

    Attributes:
        bucket: its name.
        rule: what is broken.
        lacks: what no CORS rule of it has, for people.
        rules: the bucket's CORS rules with one more; setting them closes the gap.
    """

    bucket: str
    rule: Rule
    lacks: str
    rules: tuple[CORSRuleTypeDef, ...]

    def close(self, aws: Aws) -> None:
        """Set the CORS rules.

        Raises:
            AwsError: they are refused.
        """
        with calling(f"set the CORS rules of bucket {self.bucket}"):
            aws.s3.put_bucket_cors(Bucket=self.bucket, CORSConfiguration={"CORSRules": list(self.rules)})

    def finding(self) -> Finding:
        """The gap in words."""
        mend = aws_command(
            "s3api",
            "put-bucket-cors",
            bucket=self.bucket,
            cors_configuration={"CORSRules": json.loads(json.dumps(self.rules))},
        )
        return self.rule.broken(
            f"bucket {self.bucket} has no CORS rule {self.lacks}",
            f"run doctor again with --fix, or\n{mend}",
            serious=self.rule is not CORS_HEADER,
        )


def cors_gaps(subject: Subject) -> list[CorsGap]:
    """The buckets whose CORS rules do not do for this job.

    Raises:
        AwsError: the rules of a bucket cannot be read.
    """
    writes = subject.job.task_type.has_sequences
    buckets = dict.fromkeys(subject.reachable_data_buckets)
    if writes and subject.bucket_exists(subject.output_place[0]):
        buckets[subject.output_place[0]] = None
    gaps = []
    for bucket in buckets:
        rules = _cors_rules(subject.aws, bucket)
        gap = _write_gap(bucket, rules) if writes else _read_gap(bucket, rules)
        if gap:
            gaps.append(gap)
    return gaps


def _write_gap(bucket: str, rules: Sequence[CORSRuleTypeDef]) -> CorsGap | None:
    methods = _WRITE["AllowedMethods"]
    if any(_from_anywhere(rule, methods) and "*" in rule.get("AllowedHeaders", []) for rule in rules):
        return None
    lacks = "that lets any page (*) GET, HEAD and PUT with any header (*)"
    return CorsGap(bucket, CORS_WRITE, lacks, (*rules, _WRITE))


def _read_gap(bucket: str, rules: Sequence[CORSRuleTypeDef]) -> CorsGap | None:
    reading = [rule for rule in rules if _from_anywhere(rule, ["GET"])]
    if not reading:
        return CorsGap(bucket, CORS, "that lets any page (*) GET", (*rules, _READ))
    if any(_exposes(rule) for rule in reading):
        return None
    others = [rule for rule in rules if rule is not reading[0]]
    exposed = [*reading[0].get("ExposeHeaders", []), "Access-Control-Allow-Origin"]
    lacks = "for GET from * that exposes Access-Control-Allow-Origin"
    return CorsGap(bucket, CORS_HEADER, lacks, ({**reading[0], "ExposeHeaders": exposed}, *others))


def _existing(subject: Subject) -> Iterator[Finding]:
    for bucket in subject.buckets:
        region = subject.region_of(bucket)
        if region is None:
            yield MISSING.broken(
                f"there is no bucket {bucket} ({_uses(subject, bucket)})",
                f"correct the name in the job file, or\naws s3 mb s3://{bucket} --region {subject.aws.region}",
            )
        elif region != subject.aws.region:
            yield REGION.broken(
                f"bucket {bucket} ({_uses(subject, bucket)}) lies in {region}, the job in {subject.aws.region}",
                f"create the job with --region {region}, or copy what it needs and name the copy in the job file:\n"
                + _copy(bucket, region, subject.aws.region),
            )


def _copy(bucket: str, source: str, target: str) -> str:
    """Commands that copy a bucket to another Region."""
    copy = f"s3://{bucket}-{target}"
    return f"aws s3 mb {copy} --region {target}\naws s3 sync s3://{bucket} {copy} --source-region {source} --region {target}"


def _uses(subject: Subject, bucket: str) -> str:
    return ", ".join(subject.buckets[bucket])


def _cors(subject: Subject) -> Iterator[Finding]:
    for gap in cors_gaps(subject):
        yield gap.finding()


def _cors_rules(aws: Aws, bucket: str) -> list[CORSRuleTypeDef]:
    try:
        with calling(f"read the CORS rules of bucket {bucket}"):
            return [{**rule} for rule in aws.s3.get_bucket_cors(Bucket=bucket)["CORSRules"]]
    except AwsError as failure:
        if failure.error_code == "NoSuchCORSConfiguration":
            return []
        raise


def _from_anywhere(rule: Mapping[str, Any], methods: Sequence[str]) -> bool:
    return "*" in rule["AllowedOrigins"] and set(methods) <= set(rule["AllowedMethods"])


def _exposes(rule: Mapping[str, Any]) -> bool:
    return any(name.lower() in {"*", "access-control-allow-origin"} for name in rule.get("ExposeHeaders", []))


CHECKS = (
    Check("the buckets", (MISSING, REGION), _existing),
    Check("CORS of the buckets", (CORS, CORS_HEADER, CORS_WRITE), _cors),
)
