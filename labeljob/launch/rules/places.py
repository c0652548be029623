"""Rules of where data lies and goes: S3 URIs, topics, keys, the role, the Region."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labeljob.findings import Finding, Rule
from labeljob.launch.launch import Launch
from labeljob.launch.resolving import ROLE_NAME
from labeljob.launch.tasks import LAMBDA_ACCOUNTS
from shared.errors import NotAllowedError
from shared.s3_uri import S3Uri

_URI_CHARACTERS = 1_024
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role/[\w+=,.@/-]+", re.ASCII)
_TOPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}")
_KEY = re.compile(r"[a-zA-Z0-9:/_-]{1,2048}")
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:(key|alias)/[a-zA-Z0-9/_-]+")
_INPUT = "CreateLabelingJob: InputConfig"
_OUTPUT = "CreateLabelingJob: OutputConfig"
_PERSONAL, _ADULT = "FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"
CLASSIFIERS = (_PERSONAL, _ADULT)
"""What may be declared of the data."""

REGION = Rule(
    "region",
    "The job runs in a Region that has Ground Truth.",
    "There are no functions, worker pages and public workforce of Ground Truth elsewhere.",
    "CreateLabelingJob: PreHumanTaskLambdaArn",
)
INPUT_MISSING = Rule(
    "input-missing",
    "A batch job has an input manifest.",
    "CreateLabelingJob refuses a job without data.",
    _INPUT,
)
S3_URI = Rule(
    "s3-uri",
    "Every place in S3 is s3://bucket/key, at most 1,024 characters.",
    "CreateLabelingJob refuses the job, or the job fails when it cannot read or write there.",
    "CreateLabelingJob: ManifestS3Uri, S3OutputPath",
)
CLASSIFIER = Rule(
    "content-classifier",
    f"The content may be declared {_PERSONAL} and {_ADULT}.",
    "CreateLabelingJob refuses anything else.",
    "CreateLabelingJob: ContentClassifiers",
)
TOPIC_BATCH = Rule(
    "topic-batch",
    "Only a streaming job has an input topic.",
    "A batch job would never see what is sent there.",
    "CreateLabelingJob: SnsDataSource",
)
TOPIC_NAME = Rule(
    "topic-name",
    "A topic is given by its name or its ARN; it is a standard topic, not FIFO.",
    "CreateLabelingJob refuses what is no ARN; the job's queue cannot serve a FIFO topic.",
    "CreateLabelingJob: SnsTopicArn",
)
TOPIC_REGION = Rule(
    "topic-region",
    "A topic is in the Region of the job.",
    "CreateLabelingJob refuses the job, or no object ever arrives.",
    "Developer Guide: Ground Truth Streaming Labeling Jobs",
)
TOPICS_SAME = Rule(
    "topics-same",
    "Input and output topic differ.",
    "The job would take each of its labels for a new object.",
    "Developer Guide: Ground Truth Streaming Labeling Jobs",
)
KMS_KEY = Rule(
    "kms-key",
    "A KMS key is given by id, alias or ARN.",
    "CreateLabelingJob refuses anything else.",
    "CreateLabelingJob: KmsKeyId, VolumeKmsKeyId",
)
KMS_REGION = Rule(
    "kms-region",
    "A KMS key is in the Region of the job.",
    "The job fails when it first writes: keys are not reached from other Regions.",
    "Developer Guide: Encrypt Output Data and Storage Volume with AWS KMS",
)
VOLUME_KEY = Rule(
    "volume-key-unused",
    "A volume key goes with automated labeling.",
    "There is no training volume to encrypt otherwise; the key is not sent.",
    "CreateLabelingJob: LabelingJobResourceConfig",
)
ROLE = Rule(
    "role",
    "The execution role is given by its name or its ARN, and is one of the caller's account.",
    "CreateLabelingJob refuses anything else.",
    "CreateLabelingJob: RoleArn",
)


def check(launch: Launch) -> Iterator[Finding]:
    """What is wrong with the places."""
    if launch.region not in LAMBDA_ACCOUNTS:
        yield REGION.broken(
            f"Ground Truth is not in {launch.region}", f"give --region, one of {', '.join(LAMBDA_ACCOUNTS)}"
        )
    yield from _check_input(launch)
    for key, uri in _uris(launch):
        yield from _check_uri(launch, key, uri)
    yield from _check_topics(launch)
    for key, kms_key in (("output.key", launch.job.output_key), ("volume-key", launch.job.volume_key)):
        if kms_key is not None:
            yield from _check_key(launch, key, kms_key)
    if launch.job.volume_key and not launch.job.automated_labeling:
        yield launch.broken(
            VOLUME_KEY,
            "volume-key",
            "there is a volume key, but no automated labeling",
            "leave out volume-key, or add automated-labeling: true",
            serious=False,
        )
    yield from _check_role(launch)


def _check_role(launch: Launch) -> Iterator[Finding]:
    role = launch.job.role
    parts = _ROLE_ARN.fullmatch(role)
    if parts is None and not ROLE_NAME.fullmatch(role):
        told = f"{role!r} is neither the name nor the ARN of a role"
        mend = "name one that `aws iam list-roles --query 'Roles[].RoleName'` shows"
        yield launch.broken(ROLE, "role", told, mend)
    elif parts and parts["account"] != launch.account:
        told = f"the role is in account {parts['account']}, you are in {launch.account}"
        yield launch.broken(ROLE, "role", told, "name a role of this account, or give --profile")


def _check_input(launch: Launch) -> Iterator[Finding]:
    job = launch.job
    if job.manifest is None and not job.streaming:
        yield launch.broken(
            INPUT_MISSING,
            "input.manifest",
            "there is no manifest",
            "make one: labeljob manifest s3://BUCKET/PREFIX/ --out input.manifest",
        )
    if job.input_topic and not job.streaming:
        told = f"topic {job.input_topic} is given, but the job does not stream"
        yield launch.broken(TOPIC_BATCH, "input.topic", told, "add streaming: true, or leave out the topic")
    for index, classifier in enumerate(job.content_classifiers):
        if classifier not in CLASSIFIERS:
            key = f"input.content-classifiers[{index}]"
            yield launch.broken(
                CLASSIFIER, key, f"there is no {classifier!r}", f"write {' or '.join(CLASSIFIERS)}"
            )


def _uris(launch: Launch) -> Iterator[tuple[str, str]]:
    """The S3 URIs of the job file, by their keys."""
    job = launch.job
    yield "output.path", job.output
    if job.uploads is not None:
        yield "uploads", job.uploads
    for material in (launch.manifest, launch.template, launch.categories):
        if material and material.in_s3:
            yield material.key, material.uri


def _check_uri(launch: Launch, key: str, uri: str) -> Iterator[Finding]:
    folder = key in {"output.path", "uploads"}
    try:
        S3Uri.parse(f"{uri.rstrip('/')}/job" if folder else uri)
    except NotAllowedError as failure:
        mend = "write s3://bucket/folder/" if folder else "write s3://bucket/key, or name a local file"
        yield launch.broken(S3_URI, key, failure.message, mend)
        return
    if len(uri) > _URI_CHARACTERS:
        told = f"the URI has {len(uri)} characters, allowed are {_URI_CHARACTERS:,}"
        yield launch.broken(S3_URI, key, told, "choose a shorter one")


def _check_topics(launch: Launch) -> Iterator[Finding]:
    job = launch.job
    for key, given in (("input.topic", job.input_topic), ("output.topic", job.output_topic)):
        if given is None or _TOPIC_NAME.fullmatch(given):
            continue
        parts = _TOPIC_ARN.fullmatch(given)
        if parts is None:
            told = f"{given!r} is neither the name nor the ARN of a standard SNS topic"
            yield launch.broken(
                TOPIC_NAME, key, told, f"leave {key} out, and `labeljob create` makes a topic"
            )
        elif parts["region"] != launch.region:
            told = f"the topic is in {parts['region']}, the job in {launch.region}"
            yield launch.broken(
                TOPIC_REGION,
                key,
                told,
                f"name a topic in {launch.region}, or give --region {parts['region']}",
            )
    if launch.input_topic == launch.output_topic is not None:
        told = f"{launch.output_topic} is the input topic as well"
        yield launch.broken(TOPICS_SAME, "output.topic", told, "name two topics, or leave both out")


def _check_key(launch: Launch, key: str, kms_key: str) -> Iterator[Finding]:
    parts = _KEY_ARN.fullmatch(kms_key)
    if not _KEY.fullmatch(kms_key) or (kms_key.startswith("arn:") and parts is None):
        told = f"{kms_key!r} is not the id, alias or ARN of a KMS key"
        yield launch.broken(KMS_KEY, key, told, "take one from `aws kms list-aliases`")
    elif parts and parts["region"] != launch.region:
        told = f"the key is in {parts['region']}, the job in {launch.region}"
        yield launch.broken(KMS_REGION, key, told, f"name a key of {launch.region}")
