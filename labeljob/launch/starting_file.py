"""The job file that `labeljob init` writes: every key, with its rule and its default beside it."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from labeljob.launch.placeholders import MARK
from labeljob.launch.rules.places import CLASSIFIERS
from labeljob.launch.tasks import HOUR, TaskType
from shared.errors import ContractError

_WIDTH = 98


def job_file_text(task: TaskType, *, streaming: bool = False, public: bool = False) -> str:
    """A job file for a task type, sound once each `CHANGE-ME` is filled in and the files it names are there.

    Args:
        task: what workers do.
        streaming: whether objects are sent while the job runs.
        public: for Amazon Mechanical Turk instead of a private team.

    Raises:
        ContractError: Mechanical Turk does not take the task type.
    """
    if public and not task.prices:
        raise ContractError(f"the public workforce does not take task {task.name}; leave out --public")
    parts = (_head(task), _data(task, streaming, public), _labels(task), _page(task), _people(task, public))
    lines = [line for part in (*parts, _limits(task, streaming, public)) for line in (*part, "")]
    return "\n".join(lines)


def _told(text: str) -> Iterator[str]:
    """A comment, wrapped."""
    yield from (f"# {line}" for line in wrap(text, _WIDTH, break_on_hyphens=False, break_long_words=False))


def _head(task: TaskType) -> Iterator[str]:
    yield from _told(
        f"A labeling job: {task.title}. Fill in what reads {MARK}, then: labeljob create FILE --dry-run"
    )
    yield from _told(
        "Keys that begin with # are optional. Relative paths start from the folder of this file."
    )
    yield ""
    yield from _told(
        "1 to 63 letters, digits and inner hyphens. No other job of the account and Region may ever have had it, "
        "in upper or lower case."
    )
    yield f"name: {MARK}"
    yield f"task: {task.name}"
    ref = "must end in -ref" if task.ref else "must not end in -ref"
    yield from _told(
        f"Key of the label in the output: 1 to 127 letters, digits and inner hyphens, no underscore; for this task it {ref}. "
        f"Default: the name{' with -ref' if task.ref else ''}."
    )
    yield "# label-attribute: roads-7" + ("-ref" if task.ref else "")
    yield from _told(
        "Role that Ground Truth takes on for the job: its name or ARN. It reads the input, writes the output and invokes the functions."
    )
    yield f"role: {MARK}"


def _data(task: TaskType, streaming: bool, public: bool) -> Iterator[str]:
    source = {"source": '{"source": "..."}', "source-ref": '{"source-ref": "s3://..."}'}.get(
        task.source_key or "", '{"source-ref": "s3://..."} or {"source": "..."}'
    )
    if streaming:
        yield from _told("Objects are sent to a topic while the job runs: labeljob publish NAME FILE")
        yield "streaming: true"
    yield "input:"
    yield from _indented(
        f"JSON Lines, each {source}: a local file, which is uploaded, or s3://. Made and checked by `labeljob manifest`."
    )
    if streaming:
        yield from _indented("Optional in a streaming job: what is to be labelled at once.")
        yield "  # manifest: input.manifest"
        yield from _indented(
            "SNS topic of the objects, name or ARN. Default: one is made, GroundTruth-NAME-input."
        )
        yield "  # topic: roads-GroundTruth-input"
    else:
        yield f"  manifest: {MARK}.manifest"
    yield from _indented(
        "What the data is declared to be free of. The first is compulsory for the public workforce; without the second "
        "fewer of its workers see the task."
    )
    yield f"  {'' if public else '# '}content-classifiers: [{', '.join(CLASSIFIERS)}]"
    yield "output:"
    yield from _indented("The job's folder is made beneath it. Its bucket is in the job's Region.")
    yield f"  path: s3://{MARK}/labels/"
    yield from _indented("KMS key of what the job writes: id, alias or ARN. Default: that of the bucket.")
    yield "  # key: 1234abcd-12ab-34cd-56ef-1234567890ab"
    if streaming:
        yield from _indented(
            "SNS topic of the labels, name or ARN. Default: one is made, GroundTruth-NAME-output."
        )
    else:
        yield from _indented("SNS topic that each label is sent to. Default: none.")
    yield "  # topic: roads-GroundTruth-output"
    yield from _told(
        "Where template, labels and a local manifest are uploaded to. Default: labeljob/NAME/ beneath output.path."
    )
    yield "# uploads: s3://acme-in/jobs/roads-7/"


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {line}" for line in _told(text))


def _labels(task: TaskType) -> Iterator[str]:
    longest = 16 if task.has_sequences else 256
    most = f" to {task.most_labels}" if task.most_labels else " or more"
    needed = "Optional in a custom job, whose page may have them. " if task.custom else ""
    yield from _told(f"{needed}{task.least_labels}{most} labels of at most {longest} characters, each once.")
    if task.custom:
        yield "# labels: [car, bus]"
    else:
        yield f"labels: [{', '.join(f'{MARK}-{number}' for number in range(1, task.least_labels + 1))}]"
    has = " with attributes of labels and frames" if task.has_sequences else ""
    yield from _told(f"Or a label-category file{has}, local or s3://, instead of labels.")
    yield "# label-categories: label-categories.json"
    if task.ui:
        required = task.ui == "NamedEntityRecognition"
        mark, text = ("", MARK) if required else ("# ", "...")
        limits = "" if required else " Less than 255 and 2,048 characters."
        yield from _told(f"HTML beside the task, a short and a full text.{limits}")
        yield f"{mark}instructions:"
        yield f"{mark}  short: {text}"
        yield f"{mark}  full: {text}"
    if task.has_sequences and task.audit:
        yield from _told("Label attribute of the job whose labels are looked at.")
        yield f"audited-label: {MARK}-ref" if task.ref else f"audited-label: {MARK}"
    if task.medium == "video-frames":
        yield from _told("What workers draw: BoundingBox (the default), Polyline, Polygon or Keypoint.")
        yield "# annotation-type: BoundingBox"


def _page(task: TaskType) -> Iterator[str]:
    if not task.ui:
        element = f'<{task.element} name="{task.element_name}">' if task.element else None
        needs = f" AWS's consolidation looks for {element}." if element else ""
        yield from _told(
            f"Worker page, at most 128,000 characters of Liquid and crowd elements, local or s3://.{needs}"
        )
        yield f"template: {MARK}.liquid.html"
    if task.custom:
        yield from _told(
            "Stack of gt-consensus, whose outputs name both functions. Or the ARNs: pre-annotation, consolidation."
        )
        yield "functions:"
        yield "  stack: gt-consensus"
        yield "  # pre-annotation: arn:aws:lambda:REGION:ACCOUNT:function:NAME"
        yield "  # consolidation: arn:aws:lambda:REGION:ACCOUNT:function:NAME"
    yield from _told(
        "What workers read when they choose a task: at most 128 characters, and at most 255 on one line."
    )
    yield f"title: {MARK}"
    yield f"description: {MARK}"
    yield from _told("At most 5, each at most 30 letters, digits and single blanks: no hyphen.")
    yield "# keywords: [images, street scenes]"


def _people(task: TaskType, public: bool) -> Iterator[str]:
    yield "workforce:"
    if public:
        yield from _indented(f"Amazon Mechanical Turk. US dollars per worker and object: {task.prices_told}.")
        yield f"  public: {{price: {task.prices[0]:.3f}}}"
        yield "  # private: TEAM"
    else:
        yield from _indented("Name or ARN of a private work team.")
        yield f"  private: {MARK}"
        if task.prices:
            yield from _indented("Or Amazon Mechanical Turk, US dollars per worker and object.")
            yield f"  # public: {{price: {task.prices[0]:.3f}}}"
    yield from _indented("Or a vendor's team.")
    yield "  # vendor: arn:aws:sagemaker:REGION:ACCOUNT:workteam/vendor-crowd/NAME"
    if task.has_sequences:
        yield from _told("Workers per object: 1 for this task.")
        yield "workers: 1"
    else:
        yield from _told("Workers per object, 1 to 9. More make better labels, and cost more. Default: 3.")
        yield "workers: 3"


def _limits(task: TaskType, streaming: bool, public: bool) -> Iterator[str]:
    yield from _told(
        f"Time a worker has for a task, 30 s to {task.longest_told // HOUR}h. Above 1h the role's maximum session duration must be as long."
    )
    yield "time-limit: 1h"
    offered = "12h, by default 6h" if public else "30d, the default"
    yield from _told(
        f"Time a task is offered, 1 min to {offered}. An object that nobody has done by then fails."
    )
    yield "# availability: 6h"
    yield from _told("Objects at work at a time, 1 to 5,000; above 1,000 ask AWS Support. Default: 1,000.")
    yield "# max-concurrent: 1000"
    if not streaming:
        yield from _told("Stop after so many labelled objects, or percent of all. Default: all.")
        yield "# stop-after:"
        yield "#   objects: 500"
        yield "#   percentage: 50"
    if task.algorithm and not streaming:
        yield from _told("Let a model label what it is sure of; from 1,250 objects on. Default: false.")
        yield "# automated-labeling: true"
        yield from _told("KMS key of the volumes on which that model is trained.")
        yield "# volume-key: 1234abcd-12ab-34cd-56ef-1234567890ab"
    yield from _told("At most 50.")
    yield "# tags:"
    yield "#   project: roads"
