"""The two functions: that they are there, awake, have time, and may touch what they are handed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labeljob.aws import AwsError
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
from shared.settings import Deployment, Settings

LEAST_SECONDS = {"pre-annotation": 10, "consolidation": 300}
"""Timeouts below which a cold start or a large batch is cut off."""
LEAST_MEMORY = {"pre-annotation": 128, "consolidation": 1_024}
"""MB; CPU comes with memory."""
_READ_WRITE = ("s3:GetObject", "s3:PutObject")
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
CATEGORIES = Rule(
    "categories-unread",
    "a pre-annotation function whose page shows task.input.labels reads the label categories, or has them in its settings",
    "The page has no categories to choose from, so that workers cannot answer.",
    "template.yaml ReadLabelCategories",
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


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in S3 that a function of ours touches for the job.

    Attributes:
        what: lies there, for people.
        uri: of an object, or of a folder with a slash at its end.
        folder: `bucket/prefix/` that AllowedLocations should have for it.
        actions: on it.
    """

    what: str
    uri: str
    folder: str
    actions: tuple[str, ...]

    def need(self, partition: str) -> Need:
        """What the function's role needs."""
        arn = f"arn:{partition}:s3:::"
        return Need(self.actions, arn + self.uri.removeprefix("s3://"), f"{arn}{self.folder}*")


def _places(subject: Subject, function: Function) -> Iterator[_Place]:
    """All that a function of ours touches for this job."""
    deployment = function.deployment
    if deployment is None:
        return
    if deployment.settings_s3_uri:
        yield _read_only("settings", deployment.settings_s3_uri)
    categories = subject.launch.categories
    if function.use == "pre-annotation":
        if deployment.read_label_categories and categories:
            yield _read_only("label categories", categories.uri)
        return
    bucket, prefix = subject.output_place
    yield _Place("output", f"{subject.job_folder}/annotations/", f"{bucket}/{prefix}", _READ_WRITE)
    settings = settings_of(subject, deployment)
    for what, folder in (("artefacts", settings.artefact_prefix), ("statistics", settings.skill_store)):
        if folder.startswith("s3://"):
            place = f"{folder.rstrip('/')}/"
            yield _Place(what, place, place.removeprefix("s3://"), _READ_WRITE)


def _read_only(what: str, uri: str) -> _Place:
    return _Place(what, uri, f"{uri.removeprefix('s3://').rpartition('/')[0]}/", ("s3:GetObject",))


def _confined(subject: Subject) -> Iterator[Finding]:
    for function in _present(subject):
        if function.fault:
            yield LOCATIONS.broken(
                f"the environment of {function.name} is unusable: {function.fault}",
                "sam deploy --guided asks for the stack's parameters",
            )
        if function.deployment is None:
            continue
        allowed = function.deployment.allowed_locations
        for place in _places(subject, function):
            try:
                allowed.check(S3Uri.parse(place.uri))
            except NotAllowedError:
                now = function.environment["ALLOWED_LOCATIONS"]
                yield LOCATIONS.broken(
                    f"the {place.what} of the job, {place.uri}, may not be touched by the {function.use} function {function.name}: "
                    f"it lies outside of {now}",
                    f"sam deploy --parameter-overrides AllowedLocations={now},{place.folder}",
                )


def _categories(subject: Subject) -> Iterator[Finding]:
    function, page = subject.function("pre-annotation"), subject.template or ""
    deployment = function.deployment if function else None
    if function is None or deployment is None or subject.launch.categories is None:
        return
    if deployment.read_label_categories or "task.input.labels" not in page:
        return
    own = all(line.value.get("labels") for line in subject.sound_lines) and bool(subject.sound_lines)
    if not own and not settings_of(subject, deployment).label_categories:
        yield CATEGORIES.broken(
            f"the page shows task.input.labels, and {function.name} does not read the job's label categories",
            "sam deploy --parameter-overrides ReadLabelCategories=true",
            place=subject.job.place("template"),
        )


def _settings(subject: Subject) -> Iterator[Finding]:
    uris = {function.environment.get("SETTINGS_S3_URI", "") for function in _present(subject)} - {""}
    for uri in sorted(uris):
        try:
            _parsed_settings(subject, uri)
        except GtConsensusError as failure:
            if isinstance(failure, AwsError) and not failure.missing:
                raise
            yield SETTINGS.broken(
                f"the settings {uri}: {failure}",
                f"mend the file, and put it there: aws s3 cp settings.json {uri}",
            )


def _parsed_settings(subject: Subject, uri: str) -> Settings:
    return Settings.parse(parse_json(subject.read(S3Uri.parse(uri))), subject.job.name.lower())


def settings_of(subject: Subject, deployment: Deployment) -> Settings:
    """The job's settings; the defaults where they cannot be read, which is a finding of its own."""
    uri = deployment.settings_s3_uri
    try:
        return _parsed_settings(subject, uri) if uri else Settings()
    except GtConsensusError:
        return Settings()


def _pre_access(subject: Subject) -> Iterator[Finding]:
    function = subject.function("pre-annotation")
    if function is None or function.deployment is None:
        return
    needs = [place.need(subject.partition) for place in _places(subject, function)]
    if function.deployment.read_label_categories:
        jobs = subject.job_arn.rpartition("/")[0] + "/"
        needs.append(Need(("sagemaker:DescribeLabelingJob",), subject.job_arn, f"{jobs}*"))
    yield from _refused(subject, function, PRE_READ, needs)


def _refused(subject: Subject, function: Function, rule: Rule, needs: Sequence[Need]) -> Iterator[Finding]:
    if found := refusals(subject.aws, function.role_arn, needs):
        what = "; ".join(str(one) for one in found)
        yield rule.broken(
            f"role {role_name(function.role_arn)} of the {function.use} function may not do {what}",
            grant(function.role_arn, rule.code, found),
        )


def goes_by_execution_role(subject: Subject, function: Function) -> bool:
    """Whether a consolidation function of ours assumes the job's role to reach S3."""
    return function.deployment is not None and subject.launch.role in function.deployment.allowed_roles


def _consolidation_access(subject: Subject) -> Iterator[Finding]:
    function = subject.function("consolidation")
    if function is None or subject.role is None:
        return
    if goes_by_execution_role(subject, function):
        yield from _assuming(subject, function)
        return
    if function.ours:
        needs = [place.need(subject.partition) for place in _places(subject, function)]
        yield from _refused(subject, function, DIRECT, needs)
        return
    bucket, prefix = subject.output_place
    answers = _Place("answers", f"{subject.job_folder}/annotations/", f"{bucket}/{prefix}", ("s3:GetObject",))
    found = list(_refused(subject, function, DIRECT, [answers.need(subject.partition)]))
    if found and list(_assuming(subject, function)):  # a function of others may go either way
        yield from found


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
    Check("the label categories on the page", (CATEGORIES,), _categories),
    Check("the functions' settings", (SETTINGS,), _settings),
    Check("what pre-annotation may read", (PRE_READ,), _pre_access),
    Check("how consolidation reaches S3", (DIRECT, ASSUME, ASSUME_TRUST), _consolidation_access),
)
