"""Rules of the worker page, of the two functions and of automated labeling."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labeljob.findings import Finding, Rule
from labeljob.launch.launch import Launch
from labeljob.launch.tasks import aws_lambda
from labeljob.preview.lint import check_source
from labeljob.preview.markup import mask, read_page
from labeljob.preview.template import TEMPLATE_CHARACTERS, WorkerTemplate, parse_liquid, signed
from shared.errors import ContractError

_FUNCTION = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):\d{12}:function:[A-Za-z0-9_-]{1,140}(:[A-Za-z0-9$_-]+)?"
)
_UI = "CreateLabelingJob: UiConfig"
_LAMBDA = "CreateLabelingJob: PreHumanTaskLambdaArn, AnnotationConsolidationLambdaArn"
_AUTOMATED = "CreateLabelingJob: LabelingJobAlgorithmsConfig"

TEMPLATE_MISSING = Rule(
    "template-missing",
    "A job whose task type has no worker page of AWS's own has a template.",
    "CreateLabelingJob refuses a job without a page.",
    _UI,
)
TEMPLATE_EXTRA = Rule(
    "template-extra",
    "Entities, video frames and point clouds are labelled on AWS's own page; such a job has no template.",
    "CreateLabelingJob takes one of the two, and AWS's functions for these task types need AWS's page.",
    _UI,
)
TEMPLATE_SIZE = Rule(
    "template-size",
    f"A worker template has 1 to {TEMPLATE_CHARACTERS:,} characters.",
    "It cannot be rendered, so that workers see no task.",
    "RenderUiTemplate: UiTemplate",
)
TEMPLATE_LIQUID = Rule(
    "template-liquid",
    "A worker template is UTF-8 text, and Liquid with the filters that Ground Truth has.",
    "It cannot be rendered, so that workers see no task.",
    "Developer Guide: Creating a custom worker task template",
)
TEMPLATE_LINT = Rule(
    "template-lint",
    "A worker template loads the crowd elements, has a form and writes data into the page safely.",
    "Workers see a blank page, cannot submit, or what is in the data runs on their machine.",
    "Developer Guide: Crowd HTML Elements Reference",
)
TEMPLATE_ELEMENT = Rule(
    "template-element",
    "The template of a built-in task type has its crowd element, under the name that AWS's consolidation reads.",
    "Answers are not found: every object fails after it was paid for.",
    "Developer Guide: pages of the task types",
)
FUNCTIONS_BUILTIN = Rule(
    "functions-builtin",
    "A built-in task type works with AWS's functions.",
    "CreateLabelingJob refuses others, or takes the job for a custom one.",
    _LAMBDA,
)
FUNCTIONS_PAIR = Rule(
    "functions-pair",
    "A custom job has both functions, or none.",
    "Without pre-annotation the page gets the bare manifest line; without consolidation each label is {} and a link to raw answers.",
    _LAMBDA,
)
FUNCTION_ARN = Rule(
    "function-arn",
    "A function is given by its ARN.",
    "CreateLabelingJob refuses anything else.",
    _LAMBDA,
)
FUNCTION_REGION = Rule(
    "function-region",
    "Both functions are in the Region of the job.",
    "The job fails with its first object: functions are not invoked in other Regions.",
    _LAMBDA,
)
AUTOMATED_TASK = Rule(
    "automated-task",
    "Automated labeling goes with boxes, semantic segmentation and single classes of images or texts.",
    "There is no algorithm for other task types, and none for custom jobs.",
    _AUTOMATED,
)
AUTOMATED_STREAMING = Rule(
    "automated-streaming",
    "A streaming job has no automated labeling.",
    "CreateLabelingJob refuses it.",
    "Developer Guide: Create a Streaming Labeling Job",
)


def check(launch: Launch) -> Iterator[Finding]:
    """What is wrong with the page, the functions and automated labeling."""
    yield from _check_page(launch)
    yield from _check_functions(launch)
    if launch.job.automated_labeling:
        yield from _check_automated(launch)


def _check_page(launch: Launch) -> Iterator[Finding]:
    job, task = launch.job, launch.task
    if task.ui and job.template:
        told = f"{job.template} is given, but task {job.task} has AWS's page {task.ui}"
        yield launch.broken(TEMPLATE_EXTRA, "template", told, "leave template out, or take task: custom")
    elif not task.ui and not job.template:
        told = f"there is no template, and AWS has no page for task {job.task}"
        yield launch.broken(TEMPLATE_MISSING, "template", told, "name one, such as one of worker_templates/")
    elif launch.template and launch.template.body is not None:
        yield from _check_template(launch, launch.template.body)


def _check_template(launch: Launch, body: bytes) -> Iterator[Finding]:
    name = (launch.job.template or "").rpartition("/")[2]
    try:
        source = body.decode("utf-8")
        if not 1 <= len(source) <= TEMPLATE_CHARACTERS:
            told = f"{name} has {len(source):,} characters, allowed are 1 to {TEMPLATE_CHARACTERS:,}"
            yield launch.broken(
                TEMPLATE_SIZE, "template", told, "move scripts, styles and pictures to files of their own"
            )
            return
        template = WorkerTemplate(name, source, parse_liquid(source, name), signed)
    except (ContractError, UnicodeDecodeError) as failure:
        parsed = isinstance(failure, ContractError)
        told = failure.message if isinstance(failure, ContractError) else f"{name} is not UTF-8: {failure}"
        mend = "mend it there; `labeljob preview` renders it" if parsed else "save it as UTF-8"
        yield launch.broken(TEMPLATE_LIQUID, "template", told, mend)
        return
    for name_of_filter, line in _unknown_filters(template):
        told = f"{name} line {line}: Ground Truth has no filter {name_of_filter}"
        mend = "write grant_read_access" if "presign" in name_of_filter else "leave it out"
        yield launch.broken(TEMPLATE_LIQUID, "template", told, mend)
    for found in check_source(template):
        told = f"{name} line {found.line}: {found.message}"
        yield launch.broken(TEMPLATE_LINT, "template", told, found.remedy, serious=found.serious)
    yield from _check_element(launch, source)


def _unknown_filters(template: WorkerTemplate) -> Iterator[tuple[str, int]]:
    """Filters that are not there, with the line where each is first; Liquid itself notices only when it renders."""
    for name, spans in template.parsed.analyze(include_partials=False).filters.items():
        if name not in template.parsed.env.filters:
            yield name, template.source.count("\n", 0, spans[0].index) + 1


def _check_element(launch: Launch, source: str) -> Iterator[Finding]:
    task = launch.task
    if task.element is None:
        return
    names = [tag.attributes.get("name") for tag in read_page(mask(source)) if tag.name == task.element]
    if task.element_name not in names:
        has = f"<{task.element} name={names[0]!r}>" if names else f"no <{task.element}>"
        mend = f'write <{task.element} name="{task.element_name}" ...>, or take task: custom'
        told = f"the template has {has}, where AWS's consolidation looks for {task.element_name!r}"
        yield launch.broken(TEMPLATE_ELEMENT, "template", told, mend)


def _check_functions(launch: Launch) -> Iterator[Finding]:
    job, task = launch.job, launch.task
    given = {
        "functions.pre-annotation": (job.pre_annotation, aws_lambda(launch.region, "PRE", task)),
        "functions.consolidation": (job.consolidation, aws_lambda(launch.region, "ACS", task)),
    }
    for key, (arn, known) in given.items():
        if arn is not None:
            yield from _check_function(launch, key, arn, known)
    if not task.custom and job.stack:
        told = f"stack {job.stack!r} is given, but task {job.task} has AWS's functions"
        mend = "take task: custom for labels made by the stack, or leave functions out for AWS's"
        yield launch.broken(FUNCTIONS_BUILTIN, "functions.stack", told, mend)
    if task.custom and not job.stack and (job.pre_annotation is None) != (job.consolidation is None):
        lone = "consolidation" if job.pre_annotation is None else "pre-annotation"
        mend = "name both, name the stack (functions: {stack: NAME}), or leave both out"
        yield launch.broken(FUNCTIONS_PAIR, "functions", f"there is {lone} only", mend, serious=False)


def _check_function(launch: Launch, key: str, arn: str, known: str | None) -> Iterator[Finding]:
    parts = _FUNCTION.fullmatch(arn)
    if parts is None:
        mend = "take it from `aws lambda list-functions --query 'Functions[].FunctionArn'`"
        yield launch.broken(FUNCTION_ARN, key, f"{arn!r} is not the ARN of a function", mend)
    elif parts["region"] != launch.region:
        told = f"the function is in {parts['region']}, the job in {launch.region}"
        yield launch.broken(FUNCTION_REGION, key, told, f"deploy the functions in {launch.region}")
    elif known is not None and arn != known:
        told = f"{arn} is not AWS's function for task {launch.job.task}"
        mend = f"leave {key} out for {known}, or take task: custom"
        yield launch.broken(FUNCTIONS_BUILTIN, key, told, mend)


def _check_automated(launch: Launch) -> Iterator[Finding]:
    key = "automated-labeling"
    if launch.task.algorithm is None:
        told = f"there is no algorithm for task {launch.job.task}"
        yield launch.broken(AUTOMATED_TASK, key, told, "leave it out")
    if launch.job.streaming:
        yield launch.broken(AUTOMATED_STREAMING, key, "the job streams", "leave it out")
