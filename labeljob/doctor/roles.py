"""The execution role: that it exists, that SageMaker may use it, for how long, and what it may do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labeljob.doctor.check import Check
from labeljob.doctor.commands import aws_command, policy
from labeljob.doctor.policies import Need, Refusal, grant, refusals, role_name, statements, trusts
from labeljob.doctor.subject import Subject
from labeljob.findings import Finding, Rule

MANAGED_POLICY = "AmazonSageMakerGroundTruthExecution"
FUNCTION_NAMES = ("GtRecipe", "LabelingFunction", "SageMaker", "Sagemaker", "sagemaker")
"""Parts of function names that the managed policy lets the role invoke."""
_TOPIC_WORDS = ("GroundTruth", "Groundtruth", "groundTruth", "groundtruth")
TOPIC_NAMES = (*_TOPIC_WORDS, "SageMaker", "Sagemaker", "sageMaker", "sagemaker")
"""Parts of topic names that the managed policy lets the role use."""
SAGEMAKER = "sagemaker.amazonaws.com"
_ORDINARY_SESSION, _LONGEST_SESSION = 3_600, 43_200

MISSING = Rule(
    "role-missing",
    "the execution role exists",
    "CreateLabelingJob refuses the job, or the job ends Failed.",
    "CreateLabelingJob RoleArn",
)
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
QUEUE = Rule(
    "role-queue",
    "the execution role of a streaming job may make and use the queue GroundTruth-<job>",
    "Ground Truth cannot set up the job's queue: the job ends Failed before its first object.",
    f"Managed policy {MANAGED_POLICY}",
)
TOPICS = Rule(
    "role-topics",
    "the execution role of a streaming job may subscribe to the input topic and publish to the output topic",
    "Objects never reach the job, or labels never leave it.",
    f"Managed policy {MANAGED_POLICY}",
)
TOPIC_NAME = Rule(
    "topic-name",
    f"a role that relies on {MANAGED_POLICY} uses topics whose names have groundtruth or sagemaker in them",
    "The managed policy covers no other topic: objects never reach the job, or labels never leave it.",
    f"Managed policy {MANAGED_POLICY}",
)
_BUCKET = ("s3:GetBucketLocation", "s3:ListBucket")
_QUEUE = (
    "sqs:CreateQueue",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "sqs:SetQueueAttributes",
)
_LOG = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


def queue_name(subject: Subject) -> str:
    """Of the queue that Ground Truth makes for a streaming job."""
    return f"GroundTruth-{subject.request['LabelingJobName'].lower()}"


def _existing(subject: Subject) -> Iterator[Finding]:
    if subject.role is None:
        name = role_name(subject.role_arn)
        trust = policy(_trust_statement())
        yield MISSING.broken(
            f"there is no role {subject.role_arn}",
            "correct the name in the job file, or\n"
            + aws_command("iam", "create-role", role_name=name, assume_role_policy_document=trust)
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
    needs = []
    for bucket, uses in subject.buckets.items():
        keys = [uri.key for uri in subject.objects if uri.bucket == bucket][:1] if "data" in uses else []
        if "manifest" in uses and subject.manifest:
            keys.append(subject.manifest.key)
        keys += [
            uri.removeprefix(f"s3://{bucket}/")
            for uri in _files(subject)
            if uri.startswith(f"s3://{bucket}/")
        ]
        arn = f"arn:{subject.partition}:s3:::{bucket}"
        if keys:
            needs.append(Need(_BUCKET, arn))
            needs += [Need(("s3:GetObject",), f"{arn}/{key}", f"{arn}/*") for key in dict.fromkeys(keys)]
    yield from _refused(subject, READ, needs)


def _files(subject: Subject) -> list[str]:
    """Template and label categories."""
    template = subject.request["HumanTaskConfig"]["UiConfig"].get("UiTemplateS3Uri")
    return [uri for uri in (template, subject.request.get("LabelCategoryConfigS3Uri")) if uri]


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
        Need(_LOG, f"{logs}:log-stream:{subject.request['LabelingJobName']}", f"{logs}*"),
    ]
    yield from _refused(subject, LOGS, needs, serious=False)


def _invoking(subject: Subject) -> Iterator[Finding]:
    if subject.role is None or not subject.function_arns:
        return
    arns = {arn: Need(("lambda:InvokeFunction",), arn) for arn in subject.function_arns.values()}
    found = refusals(subject.aws, subject.role_arn, list(arns.values()))
    relies = MANAGED_POLICY in subject.managed_policies
    misnamed = [one for one in found if relies and not _matches(one.need.resource, FUNCTION_NAMES)]
    others = [one for one in found if one not in misnamed]
    for refusal in misnamed:
        name = refusal.need.resource.partition(":function:")[2]
        yield FUNCTION_NAME.broken(
            f"the name {name} has none of {', '.join(FUNCTION_NAMES)}, and no other policy lets {role_name(subject.role_arn)} invoke it",
            "deploy it under another name, or\n" + grant(subject.role_arn, FUNCTION_NAME.code, [refusal]),
        )
    if others:
        yield _broken(subject, INVOKE, others)


def _queue(subject: Subject) -> Iterator[Finding]:
    if subject.job.streaming:
        place = f"arn:{subject.partition}:sqs:{subject.aws.region}:{subject.aws.account}"
        need = Need(_QUEUE, f"{place}:{queue_name(subject)}", f"{place}:GroundTruth-*")
        yield from _refused(subject, QUEUE, [need])


def _topics(subject: Subject) -> Iterator[Finding]:
    if subject.role is None or not subject.topics:
        return
    queue = f"arn:{subject.partition}:sqs:{subject.aws.region}:{subject.aws.account}:{queue_name(subject)}"
    over_sqs = {"sns:Protocol": "sqs", "sns:Endpoint": queue}
    needs = []
    if "input" in subject.topics:
        needs.append(Need(("sns:Subscribe",), subject.topics["input"], context=over_sqs))
    if "output" in subject.topics:
        needs.append(Need(("sns:Publish",), subject.topics["output"]))
    found = refusals(subject.aws, subject.role_arn, needs)
    relies = MANAGED_POLICY in subject.managed_policies
    misnamed = [one for one in found if relies and not _matches(one.need.resource, TOPIC_NAMES)]
    for refusal in misnamed:
        name = refusal.need.resource.rpartition(":")[2]
        yield TOPIC_NAME.broken(
            f"the topic name {name} has neither groundtruth nor sagemaker, and no other policy lets "
            f"{role_name(subject.role_arn)} use it",
            "name another topic in the job file, or\n" + grant(subject.role_arn, TOPIC_NAME.code, [refusal]),
        )
    if others := [one for one in found if one not in misnamed]:
        yield _broken(subject, TOPICS, others)


def _matches(arn: str, parts: Sequence[str]) -> bool:
    name = arn.rpartition(":function:")[2] if ":function:" in arn else arn.rpartition(":")[2]
    return any(part in name for part in parts)


def _refused(
    subject: Subject, rule: Rule, needs: Sequence[Need], *, serious: bool = True
) -> Iterator[Finding]:
    if subject.role is not None and (found := refusals(subject.aws, subject.role_arn, needs)):
        yield _broken(subject, rule, found, serious=serious)


def _broken(subject: Subject, rule: Rule, found: Sequence[Refusal], *, serious: bool = True) -> Finding:
    what = "; ".join(str(one) for one in found)
    mend = grant(subject.role_arn, rule.code, found)
    return rule.broken(f"role {role_name(subject.role_arn)} may not do {what}", mend, serious=serious)


def _trust_statement() -> dict[str, object]:
    return {"Effect": "Allow", "Principal": {"Service": SAGEMAKER}, "Action": "sts:AssumeRole"}


CHECKS = (
    Check("the execution role", (MISSING,), _existing),
    Check("the execution role's trust policy", (TRUST,), _trust),
    Check("the execution role's session", (SESSION,), _session),
    Check("what the execution role may read", (READ,), _reading),
    Check("what the execution role may write", (WRITE,), _writing),
    Check("what the execution role may log", (LOGS,), _logging),
    Check("what the execution role may invoke", (INVOKE, FUNCTION_NAME), _invoking),
    Check("the execution role's access to the job's queue", (QUEUE,), _queue),
    Check("the execution role's access to the topics", (TOPICS, TOPIC_NAME), _topics),
)
