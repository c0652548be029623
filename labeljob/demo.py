"""`make demo`: the example jobs, run from their workers' recorded answers, with what came out and how good it is."""

from __future__ import annotations

import csv
import io
import json
import sys
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.text import Text

from labeljob.report import JobFacts, read_job, write_report
from labeljob.report.drawings import Chosen, Drawing, DrawnMask, read_drawing
from labeljob.report.page import render
from labeljob.report.rasters import read_index_png
from labeljob.report.words import count
from labeljob.report.worker_answers import read_worker_answers
from labeljob.simulation import SimulatedJob, SimulationResult, simulate
from shared.errors import ContractError, GtConsensusError

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"
TEMPLATES = ROOT / "worker_templates"
DEFAULT_OUT = Path("build") / "demo"
INTRODUCTION = (
    "Four labeling jobs with the recorded answers of real workers, run here as Ground Truth runs them: both Lambda handlers, "
    "S3 on this machine, no AWS account."
)


@dataclass(frozen=True, slots=True)
class Example:
    """An example job.

    Attributes:
        name: of its folder in tests/data and in the results.
        title: for people.
        what: what its workers did.
        object_noun: what a data object is.
        label_attribute_name: key of its label.
        template: its worker page.
        label_categories: what workers choose from.
        answers: recorded answers, in the folder.
        answer_key: manifest attribute with the id they were recorded under, or None.
        measure: says how good the labels are, from the job's folder.
    """

    name: str
    title: str
    what: str
    object_noun: str
    label_attribute_name: str
    template: str
    label_categories: tuple[str, ...]
    answers: str
    answer_key: str | None
    measure: Callable[[JobFacts], list[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an example.

    Attributes:
        example: which.
        result: of the simulation.
        page: its report.
        lines: what came out, in words.
    """

    example: Example
    result: SimulationResult
    page: Path
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One example on the page that links the reports."""

    title: str
    href: str
    lines: tuple[str, ...]


def run_example(example: Example, out: Path) -> Outcome:
    """Simulate one example job and write its report.

    Args:
        example: the job.
        out: folder of the demo.

    Raises:
        ContractError: the example data is missing or broken.
    """
    folder = DATA / example.name
    result = simulate(
        SimulatedJob(
            manifest=str(folder / "input.manifest"),
            answers=folder / example.answers,
            label_attribute_name=example.label_attribute_name,
            out=out / example.name,
            template=TEMPLATES / f"{example.template}.liquid.html",
            label_categories=_write_label_categories(example, out),
            answer_key=example.answer_key,
        )
    )
    job = read_job(result.out)
    page = out / f"{example.name}.html"
    write_report(job, page, example.title)
    return Outcome(example, result, page, (*_summary(example, result, job), *example.measure(job)))


def measure_birds(job: JobFacts) -> list[str]:
    """Share of right classes: ours, one worker's, the service's own; and how many lines name the class the service named."""
    truth = _true_birds()
    served = _served_birds()
    right = served_right = same = 0
    answers = list[bool]()
    for data_object in job.objects:
        ours, service = data_object.label.get("class-name"), served[data_object.source]
        right += ours == truth[data_object.source]
        served_right += service == truth[data_object.source]
        same += ours == service
        answers += [
            drawing.name == truth[data_object.source]
            for drawing in _drawings(job, data_object.number)
            if isinstance(drawing, Chosen)
        ]
    total = len(job.objects)
    return [
        f"right: {_share(right, total)}",
        f"  one worker alone: {_percent(sum(answers), len(answers))} on average",
        f"  Ground Truth's own labels: {_share(served_right, total)}",
        f"same class as Ground Truth's own output manifest: {same} of {total} lines",
    ]


def measure_cells(job: JobFacts) -> list[str]:
    """Mean IoU with the gold standard: ours and one worker's."""
    ours, workers = list[float](), list[float]()
    for data_object in job.objects:
        name = data_object.source.rpartition("/")[2]
        with Image.open(DATA / "cells" / "gold" / name) as image:
            gold = np.asarray(image) > 0
        ours.append(_iou(read_index_png(job.artefact(data_object.label["mask-ref"])) > 0, gold))
        workers += [
            _iou(drawing.indices > 0, gold)
            for drawing in _drawings(job, data_object.number)
            if isinstance(drawing, DrawnMask)
        ]
    return [
        f"mean IoU with the gold standard: {np.mean(ours):.3f}",
        f"  one worker alone: {np.mean(workers):.3f} on average",
    ]


def measure_nothing(_: JobFacts) -> list[str]:
    """There is no truth to compare with."""
    return []


EXAMPLES = (
    Example(
        name="streetscenes",
        title="People in street scenes",
        what="instance masks: outline every person",
        object_noun="image",
        label_attribute_name="people",
        template="instance-mask",
        label_categories=("Person",),
        answers="consolidation_request.json",
        answer_key=None,
        measure=measure_nothing,
    ),
    Example(
        name="birds",
        title="Birds",
        what="one class per image: which bird is it?",
        object_noun="image",
        label_attribute_name="bird",
        template="class",
        label_categories=(
            *("Canary", "Duck", "Falcon", "Goose", "Owl"),
            *("Parrot", "Sparrow", "Swan", "Turkey", "Woodpecker"),
        ),
        answers="worker-response",
        answer_key="recorded-object-id",
        measure=measure_birds,
    ),
    Example(
        name="nodules",
        title="Nodules in CT slices",
        what="boxes: radiologists mark lung nodules",
        object_noun="slice",
        label_attribute_name="nodules",
        template="boxes",
        label_categories=("nodule",),
        answers="consolidation_request.json",
        answer_key=None,
        measure=measure_nothing,
    ),
    Example(
        name="cells",
        title="Cells under the microscope",
        what="semantic masks: paint the cell",
        object_noun="image",
        label_attribute_name="cells",
        template="semantic-mask",
        label_categories=("cell",),
        answers="consolidation_request.json",
        answer_key=None,
        measure=measure_cells,
    ),
)


@click.command("demo", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_OUT,
    show_default=True,
    help="Folder for the results; an earlier demo in it is replaced.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the pages in a browser.")
@click.pass_context
def demo_command(context: click.Context, out: Path, open_browser: bool) -> None:
    """Run the example jobs on this machine and show what came out.

    Exit status: 0 every object of every job has a label, 1 some job or object failed, 2 an input is unusable.
    """
    if not DATA.is_dir():
        raise ContractError(
            f"the example jobs are not at {DATA}; run the demo from a checkout of the project"
        )
    console = Console(file=sys.stdout, highlight=False, soft_wrap=False)
    console.print(INTRODUCTION, style="dim")
    outcomes = []
    for example in EXAMPLES:
        console.print()
        console.print(Text.assemble((example.title, "bold"), f"  {example.what}"))
        with console.status("running"):
            outcome = run_example(example, out)
        _show(console, outcome)
        outcomes.append(outcome)
    index = _write_index(outcomes, out)
    _show_files(console, outcomes, index)
    if open_browser:
        webbrowser.open(index.resolve().as_uri())
    context.exit(0 if all(outcome.result.all_labeled for outcome in outcomes) else 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the demo; an error of ours is one line and exit status 2, not a traceback."""
    try:
        demo_command(arguments, prog_name="python -m labeljob.demo")
    except GtConsensusError as failure:
        click.echo(f"demo: {failure}", err=True)
        raise SystemExit(2) from failure


def _show(console: Console, outcome: Outcome) -> None:
    for line in outcome.lines:
        console.print(Text(f"  {line}"))
    result = outcome.result
    if result.cause:
        console.print(Text(f"  the job failed: {result.cause}", style="bold red"))
    for failure in result.failures[:3]:
        console.print(Text(f"  line {failure.line}: {failure.reason}", style="red"))
    for warning in result.warnings:
        console.print(Text(f"  warning: {warning}", style="yellow"))


def _show_files(console: Console, outcomes: Sequence[Outcome], index: Path) -> None:
    console.print()
    console.print("Look at it", style="bold")
    width = max(len(outcome.example.name) for outcome in outcomes)
    rows = [("all reports", index)]
    rows += [(outcome.example.name.ljust(width), outcome.page) for outcome in outcomes]
    rows += [("output manifest", index.parent / "*" / "manifests" / "output" / "output.manifest")]
    rows += [("masks", index.parent / "*" / "annotations" / "consolidated-annotation" / "output")]
    rows += [("worker page", index.parent / "*" / "page.html")]
    for name, path in rows:
        console.print(Text(f"  {name:<16}{path}"), soft_wrap=True)


def _summary(example: Example, result: SimulationResult, job: JobFacts) -> list[str]:
    """`2 images, 3 workers each`, and `2 labelled, 2 to review, 1 candidate kept`."""
    counts = result.counts
    objects = count(counts.objects, example.object_noun)
    labels = [data_object.label for data_object in job.objects if isinstance(data_object.label, dict)]
    words = [f"{counts.labeled - counts.error_labels} labelled", f"{counts.review} to review"]
    for key, noun, plural in (("annotations", "box", "boxes"), ("instances", "instance", "instances")):
        parts = [len(label[key]) for label in labels if key in label]
        words += [f"{count(sum(parts), noun, plural)} found"] if parts else []
    if counts.error_labels + counts.failed:
        words.append(f"{counts.error_labels + counts.failed} failed")
    kept = [label["candidates"] for label in labels if "candidates" in label]
    if kept:
        words.append(f"{count(sum(map(len, kept)), 'candidate')} kept")
    workers = count(int(job.record["workers-per-object"]), "worker")
    return [f"{objects}, {workers} each", ", ".join(words)]


def _write_label_categories(example: Example, out: Path) -> Path:
    file = out / "inputs" / f"{example.name}-label-categories.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "document-version": "2018-11-28",
        "labels": [{"label": name} for name in example.label_categories],
    }
    file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return file


def _write_index(outcomes: Sequence[Outcome], out: Path) -> Path:
    entries = [
        asdict(
            IndexEntry(
                outcome.example.title,
                outcome.page.name,
                (outcome.example.what, *outcome.lines),
            )
        )
        for outcome in outcomes
    ]
    index = out / "index.html"
    page = render("index", {"title": "Example jobs", "introduction": INTRODUCTION, "entries": entries})
    index.write_text(page, encoding="utf-8")
    return index


def _drawings(job: JobFacts, number: int) -> list[Drawing]:
    """What each worker answered to the data object of a manifest line."""
    answers = read_worker_answers(job, job.objects[number - 1]).of(None)
    read = (read_drawing(element) for element in answers.values())
    return [drawing for drawing in read if drawing is not None]


def _true_birds() -> dict[str, str]:
    """The true class by source."""
    truth = {row["item"]: row["label"] for row in csv.DictReader(io.StringIO(_read("birds/truth.csv")))}
    lines: list[dict[str, Any]] = [json.loads(line) for line in _read("birds/input.manifest").splitlines()]
    return {line["source-ref"]: truth[line["recorded-object-id"]] for line in lines}


def _served_birds() -> dict[str, str]:
    """The class that Ground Truth's own output manifest names, by source."""
    served = {}
    for row in _read("birds/output.manifest").splitlines():
        line: dict[str, Any] = json.loads(row)
        metadata = next(value for key, value in line.items() if key.endswith("-metadata"))
        served[line["source-ref"]] = metadata["class-name"]
    return served


def _read(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def _iou(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Intersection over union of two masks of one shape; two empty ones agree fully."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({_percent(part, whole)})"


if __name__ == "__main__":
    main()
