"""Names of a job file made into ARNs and URIs: the stack's functions, the role, the work team, the files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labeljob.aws import Aws, AwsError, calling
from labeljob.findings import Finding, Rule
from labeljob.launch import placeholders
from labeljob.launch.categories import document_of
from labeljob.launch.job_file import JobFile
from labeljob.launch.launch import Launch, Material
from labeljob.launch.tasks import aws_lambda, public_team
from labeljob.streaming.names import topic_name
from shared.errors import NotAllowedError
from shared.s3_uri import S3Uri

NAME = re.compile(r"(?=.{1,63}\Z)[a-zA-Z0-9](-*[a-zA-Z0-9])*")
"""LabelingJobName."""
ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_FILE_NAMES = {
    "input.manifest": "input.manifest",
    "template": "template.liquid.html",
    "label-categories": "label-categories.json",
}
_OUTPUTS = ("PreAnnotationFunctionArn", "ConsolidationFunctionArn")

FILE_MISSING = Rule(
    "file-missing",
    "The manifest, the worker template and the label-category file that the job file names exist.",
    "CreateLabelingJob refuses the job, or the job fails when it first reads the file.",
    "CreateLabelingJob: InputConfig, UiConfig, LabelCategoryConfigS3Uri",
)
FILE_UNREAD = Rule(
    "file-unread",
    "You can read the worker template and the label-category file where they lie in S3.",
    "What is wrong in them shows only when workers see a broken page, or the job fails.",
    "CreateLabelingJob: UiConfig, LabelCategoryConfigS3Uri",
)
STACK_MISSING = Rule(
    "stack-missing",
    "The stack that `functions.stack` names exists in the job's Region.",
    "Without its outputs the ARNs of the two functions are not known.",
    "CloudFormation: DescribeStacks",
)
STACK_OUTPUTS = Rule(
    "stack-outputs",
    "The stack has the outputs PreAnnotationFunctionArn and ConsolidationFunctionArn.",
    "A stack without them is not that of gt-consensus, or was not deployed to its end; the functions are not known.",
    "template.yaml: Outputs",
)
ROLE_MISSING = Rule(
    "role-missing",
    "The execution role that `role` names exists.",
    "CreateLabelingJob refuses a role that is not there.",
    "CreateLabelingJob: RoleArn",
)
NAME_TAKEN = Rule(
    "name-taken",
    "No labeling job of the account and Region has the name yet, in upper or lower case; names are never free again.",
    "CreateLabelingJob answers ResourceInUse.",
    "CreateLabelingJob: LabelingJobName",
)
NAME_UNCHECKED = Rule(
    "name-unchecked",
    "You may call DescribeLabelingJob.",
    "Whether the name is taken shows only when CreateLabelingJob answers ResourceInUse.",
    "CreateLabelingJob: LabelingJobName",
)


def resolve(job: JobFile, aws: Aws) -> Launch:
    """Look up what a job file names; what is not there is a finding of the result. Nothing is looked up for a file not filled in.

    Raises:
        AwsError: a call failed for another reason than that there is no such thing.
    """
    if next(placeholders.check(job), None):
        return Launch(job, region=aws.region, account=aws.account)
    return _Resolver(job, aws).launch()


def uploads_folder(job: JobFile) -> str:
    """Where the files of a job go, with a slash at its end."""
    folder = job.uploads or f"{job.output.rstrip('/')}/labeljob/{job.name}"
    return f"{folder.rstrip('/')}/"


@dataclass(frozen=True, slots=True)
class _Functions:
    pre_annotation: str | None
    consolidation: str | None


class _Resolver:
    def __init__(self, job: JobFile, aws: Aws) -> None:
        self._job = job
        self._aws = aws
        self._findings: list[Finding] = []

    def launch(self) -> Launch:
        """All of it."""
        job = self._job
        functions = self._functions()
        manifest, template = (
            self._material("input.manifest", job.manifest),
            self._material("template", job.template),
        )
        role, categories = self._role(), self._categories()
        self._check_name()
        return Launch(
            job,
            region=self._aws.region,
            account=self._aws.account,
            role=role,
            team=self._team(),
            pre_annotation=functions.pre_annotation,
            consolidation=functions.consolidation,
            manifest=manifest,
            template=template,
            categories=categories,
            input_topic=self._topic(job.input_topic, "input"),
            output_topic=self._topic(job.output_topic, "output"),
            findings=tuple(self._findings),
        )

    def _broken(self, rule: Rule, key: str, what: str, mend: str, *, serious: bool = True) -> None:
        self._findings.append(rule.broken(what, mend, place=self._job.place(key), serious=serious))

    def _functions(self) -> _Functions:
        job = self._job
        outputs = self._stack_outputs(job.stack) if job.stack else {}
        task, region = job.task_type, self._aws.region
        return _Functions(
            job.pre_annotation or outputs.get(_OUTPUTS[0]) or aws_lambda(region, "PRE", task),
            job.consolidation or outputs.get(_OUTPUTS[1]) or aws_lambda(region, "ACS", task),
        )

    def _stack_outputs(self, stack: str) -> dict[str, str]:
        key, region = "functions.stack", self._aws.region
        try:
            with calling(f"read the outputs of stack {stack}"):
                found = self._aws.cloudformation.describe_stacks(StackName=stack)["Stacks"]
        except AwsError as failure:
            if not failure.missing and failure.error_code != "ValidationError":
                raise
            found = []
        if not found:
            self._broken(
                STACK_MISSING,
                key,
                f"there is no stack {stack!r} in {region}",
                f"deploy it there: sam deploy --stack-name {stack} --region {region}; or give --region",
            )
            return {}
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found[0].get("Outputs", [])}
        missing = [name for name in _OUTPUTS if name not in outputs]
        if missing:
            self._broken(
                STACK_OUTPUTS,
                key,
                f"stack {stack!r} ({found[0]['StackStatus']}) has no output {' or '.join(missing)}",
                "name the stack that `sam deploy` of gt-consensus made, or give both ARNs: functions.pre-annotation, "
                "functions.consolidation",
            )
        return outputs

    def _role(self) -> str | None:
        role = self._job.role
        if role.startswith("arn:"):
            return role
        if not ROLE_NAME.fullmatch(role):
            return None
        try:
            with calling(f"look up the execution role {role} by its name (its ARN would do without)"):
                return self._aws.iam.get_role(RoleName=role)["Role"]["Arn"]
        except AwsError as failure:
            if not failure.missing:
                raise
        self._broken(
            ROLE_MISSING,
            "role",
            f"there is no role {role!r} in account {self._aws.account}",
            "name one that `aws iam list-roles --query 'Roles[].RoleName'` shows, or make it",
        )
        return None

    def _team(self) -> str | None:
        force, place = self._job.workforce, f"{self._aws.region}:{self._aws.account}"
        if force.public:
            return public_team(self._aws.region)
        if force.vendor:
            return force.vendor
        if force.private and not force.private.startswith("arn:"):
            return f"arn:aws:sagemaker:{place}:workteam/private-crowd/{force.private}"
        return force.private

    def _topic(self, given: str | None, purpose: str) -> str | None:
        if not self._job.streaming and (given is None or purpose == "input"):
            return None
        name = given or topic_name(self._job.name, purpose)
        return (
            name if name.startswith("arn:") else f"arn:aws:sns:{self._aws.region}:{self._aws.account}:{name}"
        )

    def _categories(self) -> Material | None:
        job, key = self._job, "label-categories"
        if job.label_categories:
            return self._material(key, job.label_categories)
        if not job.labels:
            return None
        return Material(key, uploads_folder(job) + _FILE_NAMES[key], body=document_of(job))

    def _material(self, key: str, written: str | None) -> Material | None:
        if written is None:
            return None
        if "://" in written:
            found = self._object(key, written)
            body = None if key == "input.manifest" else found
            return Material(key, written, in_s3=True, readable=found is not None, body=body)
        return self._file(key, written)

    def _file(self, key: str, written: str) -> Material | None:
        """A file on this machine, which is opened once: what cannot be is told here, and nobody tries again."""
        try:
            path = self._job.local(written)
            if path.is_file():
                with path.open("rb") as file:
                    body = None if key == "input.manifest" else file.read()
                return Material(key, uploads_folder(self._job) + _FILE_NAMES[key], path=path, body=body)
            told = "is a folder" if path.is_dir() else "is not there"
        except OSError as failure:
            told = f"cannot be read: {failure.strerror}"
        except RuntimeError as failure:  # `~nobody/page.html`
            told = f"cannot be found: {failure}"
        mend = "correct the path; it starts from the job file's folder"
        self._broken(FILE_MISSING, key, f"{written} {told}", mend)
        return None

    def _object(self, key: str, written: str) -> bytes | None:
        """What lies at an S3 URI, None where it cannot be read; of a manifest nothing, only that it is there."""
        try:
            uri = S3Uri.parse(written)
        except NotAllowedError:
            return None  # the rule of S3 URIs tells
        try:
            with calling(f"read {uri}"):
                if key == "input.manifest":
                    self._aws.s3.head_object(Bucket=uri.bucket, Key=uri.key)
                    return b""
                return self._aws.s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()
        except AwsError as failure:
            if failure.missing:
                self._broken(
                    FILE_MISSING,
                    key,
                    f"there is no {written}",
                    f"correct the URI (see `aws s3 ls {written.rpartition('/')[0]}/`), or name a local file, which is uploaded",
                )
            elif failure.denied:
                told = f"{written} cannot be checked: {failure.error_code}"
                self._broken(FILE_UNREAD, key, told, "ask for s3:GetObject on it", serious=False)
            else:
                raise
        return None

    def _check_name(self) -> None:
        name = self._job.name
        if not NAME.fullmatch(name):
            return
        try:
            with calling(f"ask whether there is a labeling job {name}"):
                found = self._aws.sagemaker.describe_labeling_job(LabelingJobName=name)
        except AwsError as failure:
            if failure.denied:
                told = f"whether {name!r} is taken cannot be checked: {failure.error_code}"
                self._broken(
                    NAME_UNCHECKED, "name", told, "ask for sagemaker:DescribeLabelingJob", serious=False
                )
            elif not failure.unknown:
                raise
            return
        self._broken(
            NAME_TAKEN,
            "name",
            f"there is a labeling job {found['LabelingJobName']!r} already ({found['LabelingJobStatus']})",
            f"choose another name; to label what that job left over: labeljob continue {name}",
        )
