"""The two functions: that they are there, awake, have time, and may touch what they are handed."""

from __future__ import annotations

from collections.abc import Iterator

from labeljob.doctor.check import Check
from labeljob.doctor.commands import aws_command, policy
from labeljob.doctor.policies import (
    Need,
    grant,
    refusals,
    role_name,
    statements,
    trusts,
)
from labeljob.doctor.subject import Function, Subject
from labeljob.findings import Finding, Rule
from shared.errors import GtConsensusError, NotAllowedError
from shared.json_node import parse_json
from shared.s3_uri import S3Uri
from shared.settings import Settings

LEAST_SECONDS = {"pre-annotation": 10, "consolidation": 300}
"""Timeouts below which a cold start or a large batch is cut off."""
LEAST_MEMORY = {"pre-annotation": 128, "consolidation": 1_024}
"""MB; CPU comes with memory."""
_REQUIREMENTS = "Developer Guide, Pre-annotation and Post-annotation Lambda Function Requirements"
_PERMISSIONS = "Developer Guide, Required permissions to use Lambda with Ground Truth"

MISSING = Rule(
    "function-missing",
    "both functions exist",
    "The job ends Failed with its first object.",
    "CreateLabelingJob PreHumanTaskLambdaArn, AnnotationConsolidationLambdaArn",
)
STATE = Rule(
    "function-state",
    "both functions are Active",
    "A function that is not answers nothing: the job ends Failed with its first object.",
    "Lambda API GetFunctionConfiguration State",
)
SECONDS = Rule(
    "function-timeout",
    "pre-annotation has at least 10 s, consolidation 300 s",
    "A cold start or a large batch is cut off; such a batch gets no labels.",
    _REQUIREMENTS,
)
MEMORY = Rule(
    "function-memory",
    "consolidation has at least 1,024 MB",
    "Memory brings CPU: with little a batch of masks runs out of both, and gets no labels.",
    _REQUIREMENTS,
)
LOCATIONS = Rule(
    "function-locations",
    "the stack's AllowedLocations cover all that the functions read and write",
    "The functions refuse to touch what lies outside: no labels, or pages without their categories.",
    "template.yaml AllowedLocations",
)
SETTINGS = Rule(
    "function-settings",
    "the stack's settings file can be read and is valid for this job",
    "Both functions raise at every call: the job ends Failed with its first object.",
    "template.yaml SettingsS3Uri",
)
PRE_READ = Rule(
    "pre-annotation-access",
    "the role of the pre-annotation function may read the settings, and with ReadLabelCategories describe jobs and read their categories",
    "The function raises at every call, and the job ends Failed with its first object.",
    _PERMISSIONS,
)
DIRECT = Rule(
    "consolidation-access",
    "the role of the consolidation function may read and write beneath the output path",
    "It cannot read the answers: every batch fails after workers have been paid.",
    _PERMISSIONS,
)
ASSUME = Rule(
    "assume-permission",
    "a consolidation function that goes by the execution role has sts:AssumeRole on it",
    "It cannot read the answers: every batch fails after workers have been paid.",
    _PERMISSIONS,
)
ASSUME_TRUST = Rule(
    "assume-trust",
    "an execution role that the consolidation function assumes trusts that function's role",
    "It cannot read the answers: every batch fails after workers have been paid. The commonest failure of custom jobs.",
    _PERMISSIONS,
)


def _existing(subject: Subject) -> Iterator[Finding]:
    for use, arn in subject.function_arns.items():
        if use in subject.functions and subject.functions[use] is None:
            yield MISSING.broken(
                f"there is no {use} function {arn}",
                "deploy it (sam build && sam deploy), or correct the name; the functions that there are:\n"
                + aws_command(
                    "lambda",
                    "list-functions",
                    query="Functions[].FunctionArn",
                    region=subject.aws.region,
                ),
                place=subject.job.place("functions"),
            )


def _awake(subject: Subject) -> Iterator[Finding]:
    for function in _present(subject):
        if function.state != "Active":
            reason = f" ({function.state_reason})" if function.state_reason else ""
            yield STATE.broken(
                f"the {function.use} function {function.name} is {function.state}{reason}",
                "wait until it is Active, which this does, and deploy it anew where it does not become so:\n"
                + aws_command(
                    "lambda",
                    "wait function-active-v2",
                    function_name=function.name,
                    region=subject.aws.region,
                ),
            )


def _sized(subject: Subject) -> Iterator[Finding]:
    for function in _present(subject):
        least = LEAST_SECONDS[function.use]
        if function.timeout < least:
            yield SECONDS.broken(
                f"the {function.use} function {function.name} is cut off after {function.timeout} s, {least} s are advised",
                _configure(subject, function, timeout=least),
                serious=False,
            )
        memory = LEAST_MEMORY[function.use]
        if function.memory < memory:
            yield MEMORY.broken(
                f"the {function.use} function {function.name} has {function.memory} MB, {memory:,} MB are advised",
                _configure(subject, function, memory_size=memory),
                serious=False,
            )


def _configure(subject: Subject, function: Function, **options: int) -> str:
    return aws_command(
        "lambda",
        "update-function-configuration",
        function_name=function.name,
        region=subject.aws.region,
        **options,
    )


def _confined(subject: Subject) -> Iterator[Finding]:
    for function in _present(subject):
        if not function.ours:
            continue
        try:
            deployment = function.deployment
        except GtConsensusError as failure:
            yield LOCATIONS.broken(
                f"the environment of {function.name} is unusable: {failure}",
                "deploy the stack with right parameters",
            )
            continue
        for what, uri in _touched(subject, function):
            try:
                deployment.allowed_locations.check(S3Uri.parse(uri))
            except NotAllowedError:
                yield _outside(function, what, uri)


def _touched(subject: Subject, function: Function) -> Iterator[tuple[str, str]]:
    """What a function of ours reads and writes for this job, and where."""
    deployment = function.deployment
    if deployment.settings_s3_uri:
        yield "the settings", deployment.settings_s3_uri
    categories = subject.launch.categories
    if function.use == "pre-annotation" and deployment.read_label_categories and categories:
        yield "the label categories", categories.uri
    if function.use == "consolidation":
        yield "the output", f"{subject.job_folder}/annotations/"


def _outside(function: Function, what: str, uri: str) -> Finding:
    place = uri.removeprefix("s3://").rpartition("/")[0] + "/"
    if what == "the output":
        bucket, _, prefix = place.partition("/")
        place = f"{bucket}/{prefix.rstrip('/').rpartition('/')[0].rpartition('/')[0]}".rstrip("/") + "/"
    locations = ",".join([function.environment["ALLOWED_LOCATIONS"], place])
    return LOCATIONS.broken(
        f"{what} of the job, {uri}, lies outside of what the {function.use} function {function.name} may touch "
        f"({function.environment['ALLOWED_LOCATIONS']})",
        f"sam deploy --parameter-overrides AllowedLocations={locations}",
    )


def _settings(subject: Subject) -> Iterator[Finding]:
    uris = {
        function.environment["SETTINGS_S3_URI"]
        for function in _present(subject)
        if function.environment.get("SETTINGS_S3_URI")
    }
    for uri in sorted(uris):
        try:
            body = subject.read(S3Uri.parse(uri))
            Settings.parse(parse_json(body), subject.job.name.lower())
        except GtConsensusError as failure:
            if getattr(failure, "denied", False):
                raise
            yield SETTINGS.broken(
                f"the settings {uri}: {failure}",
                f"mend the file and put it there: aws s3 cp settings.json {uri}",
            )


def _pre_access(subject: Subject) -> Iterator[Finding]:
    function = subject.function("pre-annotation")
    if function is None or not function.ours:
        return
    needs = [
        Need(("s3:GetObject",), f"arn:{subject.partition}:s3:::{uri.removeprefix('s3://')}")
        for _, uri in _touched(subject, function)
    ]
    if function.deployment.read_label_categories:
        jobs = f"arn:{subject.partition}:sagemaker:{subject.aws.region}:{subject.aws.account}:labeling-job/"
        name = subject.job.name.lower()
        needs.append(Need(("sagemaker:DescribeLabelingJob",), jobs + name, f"{jobs}*"))
    if found := refusals(subject.aws, function.role_arn, needs):
        what = "; ".join(str(one) for one in found)
        yield PRE_READ.broken(
            f"role {role_name(function.role_arn)} of the pre-annotation function may not do {what}",
            grant(function.role_arn, PRE_READ.code, found),
        )


def goes_by_execution_role(subject: Subject, function: Function) -> bool:
    """Whether a consolidation function of ours assumes the job's role to reach S3."""
    return function.ours and subject.launch.role in function.deployment.allowed_roles


def _consolidation_access(subject: Subject) -> Iterator[Finding]:
    function = subject.function("consolidation")
    if function is None or subject.role is None:
        return
    if goes_by_execution_role(subject, function):
        yield from _assuming(subject, function)
        return
    bucket, prefix = subject.output_place
    arn = f"arn:{subject.partition}:s3:::{bucket}"
    folder = subject.job_folder.removeprefix(f"s3://{bucket}/")
    actions = ("s3:GetObject", "s3:PutObject") if function.ours else ("s3:GetObject",)
    need = Need(actions, f"{arn}/{folder}/annotations/consolidated-annotation/", f"{arn}/{prefix}*")
    found = refusals(subject.aws, function.role_arn, [need])
    if not found or (not function.ours and not list(_assuming(subject, function))):
        return
    yield DIRECT.broken(
        f"role {role_name(function.role_arn)} of the consolidation function may not do {found[0]}",
        grant(function.role_arn, DIRECT.code, found),
    )


def _assuming(subject: Subject, function: Function) -> Iterator[Finding]:
    """What stands between a function's role and the execution role."""
    assert subject.role is not None  # noqa: S101 - asked by the caller
    own, execution = role_name(function.role_arn), subject.role["RoleName"]
    found = refusals(subject.aws, function.role_arn, [Need(("sts:AssumeRole",), subject.role["Arn"])])
    if found:
        yield ASSUME.broken(
            f"role {own} of the consolidation function may not assume {execution}",
            grant(function.role_arn, ASSUME.code, found),
        )
    document = subject.role["AssumeRolePolicyDocument"]
    if not trusts(document, function.role_arn):
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": function.role_arn},
            "Action": "sts:AssumeRole",
        }
        yield ASSUME_TRUST.broken(
            f"the trust policy of {execution} does not name role {own} of the consolidation function",
            aws_command(
                "iam",
                "update-assume-role-policy",
                role_name=execution,
                policy_document=policy(*statements(document), trust),
            ),
        )


def _present(subject: Subject) -> list[Function]:
    return [function for function in subject.functions.values() if function is not None]


CHECKS = (
    Check("the functions", (MISSING,), _existing),
    Check("the functions' state", (STATE,), _awake),
    Check("the functions' time and memory", (SECONDS, MEMORY), _sized),
    Check("what the functions may touch", (LOCATIONS,), _confined),
    Check("the functions' settings", (SETTINGS,), _settings),
    Check("what pre-annotation may read", (PRE_READ,), _pre_access),
    Check("how consolidation reaches S3", (DIRECT, ASSUME, ASSUME_TRUST), _consolidation_access),
)
