"""The execution role: that it exists, that SageMaker may use it, for how long, and what it may do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labeljob.doctor.check import Check
from labeljob.doctor.commands import aws_command, policy
from labeljob.doctor.policies import Need, Refusal, grant, refusals, role_name, statements, trusts
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule
from labeljob.launch.creating import ROLE_STREAMING
from labeljob.launch.resolving import ROLE_MISSING
from labeljob.streaming.role import denied_actions, grant_command
from labeljob.streaming.topics import Topics

MANAGED_POLICY = "AmazonSageMakerGroundTruthExecution"
FUNCTION_NAMES = ("GtRecipe", "LabelingFunction", "SageMaker", "Sagemaker", "sagemaker")
"""Parts of function names that the managed policy lets the role invoke."""
_TOPIC_WORDS = ("GroundTruth", "Groundtruth", "groundTruth", "groundtruth")
TOPIC_NAMES = (*_TOPIC_WORDS, "SageMaker", "Sagemaker", "sageMaker", "sagemaker")
"""Parts of topic names that the managed policy lets the role use."""
SAGEMAKER = "sagemaker.amazonaws.com"
_ORDINARY_SESSION, _LONGEST_SESSION = 3_600, 43_200

TRUST = Rule(
    "role-trust",
    "the execution role trusts sagemaker.amazonaws.com",
    "Ground Truth cannot take the role: the job is refused, or ends Failed.",
    "Developer Guide, Create a SageMaker AI execution role for a Ground Truth labeling job",
)
SESSION = Rule(
    "role-session",
    "the role's longest session is no shorter than the time limit of a task",
    "What the page reads through the role expires while a worker is still at the task, and the work is lost.",
    "CreateLabelingJob TaskTimeLimitInSeconds",
)
READ = Rule(
    "role-read",
    "the execution role may read manifest, data, template and label categories",
    "The job ends Failed, or its objects fail one by one.",
    "Developer Guide, Create a SageMaker AI execution role for a Ground Truth labeling job",
)
WRITE = Rule(
    "role-write",
    "the execution role may read and write beneath the output path",
    "The job ends Failed, at the latest with its first answers.",
    "Developer Guide, Create a SageMaker AI execution role for a Ground Truth labeling job",
)
LOGS = Rule(
    "role-logs",
    "the execution role may write logs and metrics",
    "Nothing fails, but when something does, no log says what.",
    "Developer Guide, Create a SageMaker AI execution role for a Ground Truth labeling job",
)
INVOKE = Rule(
    "role-invoke",
    "the execution role may invoke both functions",
    "Ground Truth cannot call them: the job ends Failed with its first object.",
    "Developer Guide, Required permissions to use Lambda with Ground Truth",
)
FUNCTION_NAME = Rule(
    "function-name",
    f"a role that relies on {MANAGED_POLICY} calls functions whose names have one of {', '.join(FUNCTION_NAMES)}",
    "The managed policy lets the role invoke no other function: the job ends Failed with its first object.",
    f"Managed policy {MANAGED_POLICY}",
)
TOPIC_NAME = Rule(
    "topic-managed",
    f"a role that relies on {MANAGED_POLICY} uses topics whose names have groundtruth or sagemaker in them",
    "The managed policy covers no other topic: objects never reach the job, or labels never leave it.",
    f"Managed policy {MANAGED_POLICY}",
)
_BUCKET = ("s3:GetBucketLocation", "s3:ListBucket")
_LOG = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


def _existing(subject: Subject) -> Iterator[Finding]:
    arn = subject.launch.role
    if arn and subject.role is None:
        name = role_name(arn)
        yield ROLE_MISSING.broken(
            f"there is no role {arn}",
            "correct the ARN in the job file, or\n"
            + aws_command(
                "iam",
                "create-role",
                role_name=name,
                assume_role_policy_document=policy(_trust_statement()),
            )
            + "\n"
            + aws_command(
                "iam",
                "attach-role-policy",
                role_name=name,
                policy_arn=f"arn:{subject.partition}:iam::aws:policy/{MANAGED_POLICY}",
            ),
            place=subject.job.place("role"),
        )


def _trust(subject: Subject) -> Iterator[Finding]:
    if subject.role is None:
        return
    document = subject.role["AssumeRolePolicyDocument"]
    if not trusts(document, SAGEMAKER):
        name = subject.role["RoleName"]
        yield TRUST.broken(
            f"the trust policy of {name} does not let {SAGEMAKER} assume it",
            aws_command(
                "iam",
                "update-assume-role-policy",
                role_name=name,
                policy_document=policy(*statements(document), _trust_statement()),
            ),
        )


def _session(subject: Subject) -> Iterator[Finding]:
    if subject.role is None:
        return
    limit = subject.job.time_limit
    longest = subject.role.get("MaxSessionDuration", _ORDINARY_SESSION)
    needed = min(limit, _LONGEST_SESSION)
    if limit > _ORDINARY_SESSION and longest < needed:
        name = subject.role["RoleName"]
        yield SESSION.broken(
            f"a task may take {limit:,} s, sessions of role {name} end after {longest:,} s",
            "set a shorter time-limit, or\n"
            + aws_command("iam", "update-role", role_name=name, max_session_duration=needed),
            place=subject.job.place("time-limit"),
        )


def _reading(subject: Subject) -> Iterator[Finding]:
    """One object of each kind in each bucket stands for all of them."""
    found: dict[str, list[str]] = {}
    first_data = {uri.bucket: str(uri) for uri in reversed(subject.objects)}
    for uri in (*(material.uri for material in subject.materials), *first_data.values()):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        found.setdefault(bucket, []).append(key)
    needs = []
    for bucket, keys in found.items():
        arn = f"arn:{subject.partition}:s3:::{bucket}"
        needs.append(Need(_BUCKET, arn))
        needs += [Need(("s3:GetObject",), f"{arn}/{key}", f"{arn}/*") for key in keys]
    yield from _refused(subject, READ, needs)


def _writing(subject: Subject) -> Iterator[Finding]:
    bucket, prefix = subject.output_place
    arn = f"arn:{subject.partition}:s3:::{bucket}"
    written = subject.job_folder.removeprefix(f"s3://{bucket}/")
    needs = [
        Need(_BUCKET, arn),
        Need(
            ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
            f"{arn}/{written}/manifests/output/output.manifest",
            f"{arn}/{prefix}*",
        ),
    ]
    yield from _refused(subject, WRITE, needs)


def _logging(subject: Subject) -> Iterator[Finding]:
    logs = (
        f"arn:{subject.partition}:logs:{subject.aws.region}:{subject.aws.account}"
        ":log-group:/aws/sagemaker/LabelingJobs"
    )
    needs = [
        Need(("cloudwatch:PutMetricData",), "*"),
        Need(_LOG, f"{logs}:log-stream:{subject.job.name}", f"{logs}*"),
    ]
    yield from _refused(subject, LOGS, needs, serious=False)


def _invoking(subject: Subject) -> Iterator[Finding]:
    role = subject.role
    arns = dict.fromkeys(subject.custom_function_arns)
    if role is None or not arns:
        return
    found = refusals(subject.aws, role["Arn"], [Need(("lambda:InvokeFunction",), arn) for arn in arns])
    relies = MANAGED_POLICY in subject.managed_policies
    misnamed = [one for one in found if relies and not _well_named(one.need.resource)]
    for refusal in misnamed:
        name = refusal.need.resource.partition(":function:")[2]
        yield FUNCTION_NAME.broken(
            f"the name {name} has none of {', '.join(FUNCTION_NAMES)}, and no other policy lets {role['RoleName']} invoke it",
            "deploy it under another name, or\n" + grant(role["Arn"], FUNCTION_NAME.code, [refusal]),
        )
    if others := [one for one in found if one not in misnamed]:
        yield _broken(role["Arn"], INVOKE, others)


def _streaming(subject: Subject) -> Iterator[Finding]:
    if subject.role is None or set(subject.topics) != {"input", "output"}:
        return
    role, topics = subject.role, Topics(subject.topics["input"], subject.topics["output"])
    denied = denied_actions(role["Arn"], subject.job.name, topics, subject.aws)
    if not denied:
        return
    command = grant_command(role["Arn"], subject.job.name, topics, subject.aws)
    mend = f"`labeljob create` allows it where you may, or\n{command}"
    relies = MANAGED_POLICY in subject.managed_policies
    names = [arn.rpartition(":")[2] for arn in subject.topics.values()]
    misnamed = [name for name in names if not any(part in name for part in TOPIC_NAMES)]
    if relies and misnamed and all(action.startswith("sns:") for action in denied):
        yield TOPIC_NAME.broken(
            f"the topic name {misnamed[0]} has neither groundtruth nor sagemaker in it, and no other policy lets "
            f"{role['RoleName']} use the topic",
            f"name another topic in the job file; {mend}",
            place=subject.job.place("input.topic"),
        )
    else:
        what = ", ".join(denied)
        yield ROLE_STREAMING.broken(
            f"role {role['RoleName']} may not do {what} on the job's queue and topics", mend
        )


def _well_named(function_arn: str) -> bool:
    name = function_arn.partition(":function:")[2]
    return any(part in name for part in FUNCTION_NAMES)


def _refused(
    subject: Subject, rule: Rule, needs: Sequence[Need], *, serious: bool = True
) -> Iterator[Finding]:
    if subject.role is not None and (found := refusals(subject.aws, subject.role["Arn"], needs)):
        yield _broken(subject.role["Arn"], rule, found, serious=serious)


def _broken(role_arn: str, rule: Rule, found: Sequence[Refusal], *, serious: bool = True) -> Finding:
    what = "; ".join(str(one) for one in found)
    mend = grant(role_arn, rule.code, found)
    return rule.broken(f"role {role_name(role_arn)} may not do {what}", mend, serious=serious)


def _trust_statement() -> dict[str, object]:
    return {"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": "sts:AssumeRole"}


CHECKS = (
    Check("the execution role", (ROLE_MISSING,), _existing),
    Check("the execution role's trust policy", (TRUST,), _trust),
    Check("the execution role's session", (SESSION,), _session),
    Check("what the execution role may read", (READ,), _reading),
    Check("what the execution role may write", (WRITE,), _writing),
    Check("what the execution role may log", (LOGS,), _logging),
    Check("what the execution role may invoke", (INVOKE, FUNCTION_NAME), _invoking),
    Check("the execution role's access to queue and topics", (ROLE_STREAMING, TOPIC_NAME), _streaming),
)
