"""Every rule of `labeljob create`, each broken alone in an otherwise sound job."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from labeljob.launch.job_file import read_job_file
from labeljob.launch.request import build
from labeljob.launch.rules import RULES
from labeljob.launch.starting_file import job_file_text
from labeljob.launch.tasks import TASKS, TaskType
from tests.launch.conftest import AwsOf
from tests.launch.job_files import (
    DROP,
    FILES,
    FUNCTION,
    JOBS,
    PAGE,
    PERSONAL,
    REGION,
    TEAM,
    Break,
    categories,
    findings_of,
    write,
)

SOME = {"name": "doors", "type": "string", "enum": ["2", "4"]}


def attributes(*listed: Any, key: str = "categoryGlobalAttributes") -> dict[str, str]:
    """The label-category file with attributes."""
    return {"categories.json": categories(**{key: list(listed)})}


def labels(*entries: Any) -> dict[str, str]:
    """The label-category file with other labels."""
    return {"categories.json": categories(labels=list(entries))}


BREAKS = (
    Break("placeholder", changes={"title": "CHANGE-ME"}),
    # names
    Break("job-name", changes={"name": "roads_7"}),
    Break("job-name", changes={"name": f"{'roads-' * 11}7"}),
    Break("label-name", changes={"label-attribute": "roads_7"}),
    Break("label-name", changes={"label-attribute": f"{'ab-' * 43}7"}),
    Break("label-ref-missing", "segmentation", {"label-attribute": "roads-7"}),
    Break("label-ref-extra", changes={"label-attribute": "roads-7-ref"}),
    Break("label-metadata", changes={"label-attribute": "roads-metadata"}),
    Break("label-reserved", changes={"label-attribute": "source"}),
    Break("label-audited", "verification", {"label-attribute": "roads-6-ref"}),
    Break(
        "label-audited",
        "verification",
        {
            "labels": DROP,
            "audited-label": DROP,
            "label-categories": "categories.json",
            "label-attribute": "roads-6-ref",
        },
        {
            "categories.json": categories(
                labels=[{"label": "car", "editsAllowed": "none"}], auditLabelAttributeName="roads-6-ref"
            )
        },
    ),
    # places
    Break("region", region="sa-east-1", changes={"functions": DROP}),
    Break("input-missing", changes={"input/manifest": DROP}),
    Break("s3-uri", changes={"output/path": "s3://Acme_Out/run/"}),
    Break("content-classifier", changes={"input/content-classifiers": ["FreeOfSecrets"]}),
    Break("topic-batch", changes={"input/topic": "objects"}),
    Break("topic-name", "streaming", {"input/topic": "objects.fifo"}),
    Break(
        "topic-region", "streaming", {"output/topic": "arn:aws:sns:eu-west-1:123456789012:GroundTruth-labels"}
    ),
    Break("topics-same", "streaming", {"input/topic": "GroundTruth-a", "output/topic": "GroundTruth-a"}),
    Break("kms-key", changes={"output/key": "my key"}),
    Break("kms-region", changes={"output/key": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"}),
    Break("volume-key-unused", changes={"volume-key": "alias/volumes"}),
    Break("role", changes={"role": "arn:aws:iam::123456789012:user/ann"}),
    Break("role", changes={"role": "arn:aws:iam::999999999999:role/gt-execution"}),
    Break("role-missing", changes={"role": "gt-executor"}),
    Break("file-missing", changes={"template": "pages.liquid.html"}),
    Break("file-missing", changes={"template": f"{'page' * 100}.html"}),
    Break("file-missing", changes={"template": "~nobody-of-this-name/page.liquid.html"}),
    # people
    Break("workforce", changes={"workforce/public": {"price": 0.036}}),
    Break("team-name", changes={"workforce/private": "our team"}),
    Break("team-name", changes={"workforce/private": f"{'birds-' * 11}7"}),
    Break("team-kind", "vendor", {"workforce/vendor": f"{TEAM}/private-crowd/birds"}),
    Break("team-region", changes={"workforce/private": f"{TEAM}/private-crowd/birds".replace("us-", "eu-")}),
    Break("team-account", changes={"workforce/private": f"{TEAM}/private-crowd/b".replace("1234", "9994")}),
    Break("price-missing", "public", {"workforce/public": {}}),
    Break("price-unneeded", price=Decimal("0.036")),
    Break("price", "public", {"workforce/public/price": 0.05}),
    Break(
        "public-task",
        "frames",
        {
            "workforce": {"public": {"price": 0.036}},
            "input/content-classifiers": JOBS["public"]["input"]["content-classifiers"],
        },
    ),
    Break("public-personal", "public", {"input/content-classifiers": ["FreeOfAdultContent"]}),
    Break("public-adult", "public", {"input/content-classifiers": [PERSONAL]}),
    Break("workers", changes={"workers": 10}),
    Break("workers-one", "frames", {"workers": 2}),
    Break("time-limit-short", changes={"time-limit": "20 s"}),
    Break("time-limit-long", changes={"time-limit": "9h"}),
    Break("availability", changes={"availability": "31d"}),
    Break("availability-public", "public", {"availability": "13h"}),
    # task
    Break("title", changes={"title": "Box every vehicle \N{AUTOMOBILE}"}),
    Break("description", changes={"description": "Draw boxes.\nAll of them."}),
    Break("keyword-count", changes={"keywords": list("abcdef")}),
    Break("keyword-length", changes={"keywords": ["a" * 31]}),
    Break("keyword-form", changes={"keywords": ["Multi-label"]}),
    Break("max-concurrent", changes={"max-concurrent": 5_001}),
    Break("max-concurrent-quota", changes={"max-concurrent": 2_000}),
    Break("stop-objects", changes={"stop-after/objects": 0}),
    Break("stop-percentage", changes={"stop-after/percentage": 101}),
    Break("stop-streaming", "streaming", {"stop-after/objects": 100}),
    Break("tag-count", changes={"tags": {f"tag{number}": "a" for number in range(51)}}),
    Break("tag-key", changes={"tags": {"aws:team": "a"}}),
    Break("tag-value", changes={"tags": {"team": "a" * 257}}),
    # labels
    Break("labels-missing", "boxes", {"labels": DROP}),
    Break("labels-both", "clouds", {"labels": ["car"]}),
    Break(
        "labels-both",
        "frames",
        {
            "labels": DROP,
            "instructions": DROP,
            "label-categories": "categories.json",
            "annotation-type": "Polygon",
        },
    ),
    Break("labels-few", "texts", {"labels": ["good"]}),
    Break("labels-many", "boxes", {"labels": [f"kind {number}" for number in range(51)]}),
    Break("label-length", "frames", {"labels": ["articulated lorry"]}),
    Break("label-duplicate", changes={"labels": ["car", "bus", "car"]}),
    Break("instructions-unused", changes={"instructions/short": "<p>Draw.</p>"}),
    # the label-category file
    Break(
        "categories-json", "clouds", files={"categories.json": '{"labels": [{"label": "a"}\n{"label": "b"}]}'}
    ),
    Break("categories-version", "clouds", files={"categories.json": '{"labels": [{"label": "car"}]}'}),
    Break("entity-instructions", "entities", {"instructions/full": DROP}),
    Break("instruction-length", "frames", {"instructions/short": "a" * 255}),
    Break("annotation-type", changes={"annotation-type": "Polygon"}),
    Break("audited-missing", "verification", {"audited-label": DROP}),
    Break("audited-extra", "frames", {"audited-label": "roads-6-ref"}),
    Break(
        "verification-edits",
        "verification",
        {"labels": DROP, "audited-label": DROP, "label-categories": "categories.json"},
        {"categories.json": categories(auditLabelAttributeName="roads-6-ref")},
    ),
    Break("edits-allowed", "clouds", files=labels({"label": "car", "editsAllowed": "some"})),
    Break("attribute-shape", "clouds", files=attributes("doors")),
    Break("attribute-name", "clouds", files=attributes(SOME | {"name": "number of doors it has"})),
    Break("attribute-type", "clouds", files=attributes(SOME | {"type": "text"})),
    Break("attribute-range", "clouds", files=attributes({"name": "doors", "type": "number"})),
    Break("attribute-enum", "clouds", files=attributes(SOME | {"enum": []})),
    Break("attribute-description", "clouds", files=attributes(SOME, key="frameAttributes")),
    Break(
        "attribute-count",
        "clouds",
        files=attributes(*({"name": f"note{number}", "type": "string"} for number in range(6))),
    ),
    Break(
        "attribute-twice",
        "clouds",
        files={
            "categories.json": categories(
                labels=[{"label": "car", "categoryAttributes": [SOME]}], categoryGlobalAttributes=[SOME]
            )
        },
    ),
    Break("attribute-edits", "clouds", files=attributes(SOME | {"editsAllowed": "all"})),
    Break("attribute-ignored", "clouds", {"task": "point-cloud-semantic-segmentation"}, attributes(SOME)),
    # page, functions, automated labeling
    Break("template-missing", changes={"template": DROP}),
    Break("template-extra", "frames", {"template": "page.liquid.html"}),
    Break("template-size", files={"page.liquid.html": PAGE + " " * 128_000}),
    Break("template-liquid", files={"page.liquid.html": PAGE.encode() + b"<p>gr\xfcn</p>"}),
    Break("template-liquid", files={"page.liquid.html": PAGE + "{{ task.input.a | s3_presign }}"}),
    Break("template-lint", files={"page.liquid.html": PAGE.replace("crowd-html-elements", "crowd")}),
    Break("template-element", "boxes", files={"page.liquid.html": PAGE.replace('"boundingBox"', '"boxes"')}),
    Break("functions-builtin", "boxes", {"functions/stack": "gt-consensus"}),
    Break("functions-pair", changes={"functions": {"consolidation": f"{FUNCTION}:merge"}}),
    Break("function-arn", changes={"functions/consolidation": "gt-consensus-ConsolidationLabelingFunction"}),
    Break(
        "function-region",
        changes={"functions/consolidation": f"{FUNCTION}:merge".replace("us-east-1", "eu-west-1")},
    ),
    Break("automated-task", changes={"automated-labeling": True, "input/manifest": "many.manifest"}),
    Break("automated-streaming", "segmentation", {"streaming": True, "input/manifest": DROP}),
    # the account
    Break("stack-missing", changes={"functions/stack": "gt-consenus"}),
)
ADVICE = {
    "volume-key-unused",
    "public-adult",
    "max-concurrent-quota",
    "instructions-unused",
    "attribute-range",
    "attribute-ignored",
    "functions-pair",
}
"""Rules that a job may break and still run to its end."""
ELSEWHERE = {"stack-outputs", "name-taken", "name-unchecked", "file-unread"}
"""Rules that something other than the job file breaks; test_account.py breaks them."""


@pytest.mark.parametrize("broken", BREAKS, ids=str)
def test_a_broken_rule_is_the_one_finding(broken: Break, aws_of: AwsOf, tmp_path: Path) -> None:
    (finding,) = findings_of(broken, tmp_path, aws_of(broken.region))
    assert finding.rule.code == broken.code
    assert finding.serious == (broken.code not in ADVICE)
    assert finding.what
    assert finding.mend
    assert re.match(r"job\.yaml( line \d+)?, \w|job.yaml$|^$", finding.place)


def test_every_rule_has_a_break() -> None:
    assert {broken.code for broken in BREAKS} | ELSEWHERE == {rule.code for rule in RULES}
    assert {code: times for code, times in Counter(rule.code for rule in RULES).items() if times > 1} == {}


@pytest.mark.parametrize("kind", JOBS)
def test_a_sound_job_has_no_finding(kind: str, aws_of: AwsOf, tmp_path: Path) -> None:
    assert findings_of(Break("none", kind), tmp_path, aws_of(REGION)) == ()


@pytest.mark.parametrize("streaming", [False, True], ids=["batch", "streaming"])
@pytest.mark.parametrize(
    ("task", "public"),
    [(task, public) for task in TASKS.values() for public in (False, True) if task.prices or not public],
    ids=lambda value: getattr(value, "name", "public" if value else "private"),
)
def test_what_init_writes_is_sound_once_it_is_filled_in(
    task: TaskType, public: bool, streaming: bool, aws_of: AwsOf, tmp_path: Path
) -> None:
    text = job_file_text(task, streaming=streaming, public=public)
    path = tmp_path / "job.yaml"
    path.write_text(text)
    plan = build(read_job_file(path), aws_of(REGION))
    assert {finding.rule.code for finding in plan.findings} == {"placeholder"}
    told = plan.findings[0].what
    for number, line in enumerate(text.splitlines(), start=1):
        assert ("CHANGE-ME" in line.partition("#")[0]) == (f"(line {number})" in told), line
    sequences = task.medium == "video-frames" or task.name.startswith("point-cloud-object-tracking")
    source = {"text": "texts.manifest", "video": "clips.manifest"}.get(task.medium, "input.manifest")
    for mark, meant in {
        "name: CHANGE-ME": "name: roads-7",
        "role: CHANGE-ME": "role: gt-execution",
        "CHANGE-ME.manifest": "sequences.manifest" if sequences else source,
        "s3://CHANGE-ME/labels/": "s3://acme-out/run/",
        "private: CHANGE-ME": "private: birds",
        "CHANGE-ME.liquid.html": f"{task.element or 'page'}.liquid.html",
        "audited-label: CHANGE-ME": "audited-label: roads-6",
        "CHANGE-ME-1": "car",
        "CHANGE-ME-2": "bus",
        ": CHANGE-ME": ": Draw boxes",
    }.items():
        text = text.replace(mark, meant)
    name = f' name="{task.element_name}"'
    page = PAGE.replace("crowd-bounding-box", task.element or "crowd-bounding-box")
    write(tmp_path, {}, {f"{task.element or 'page'}.liquid.html": page.replace(' name="boundingBox"', name)})
    path.write_text(text)
    assert [str(finding) for finding in build(read_job_file(path), aws_of(REGION)).findings] == []


def test_the_files_of_the_sound_jobs_are_theirs() -> None:
    named = {
        str(value) for job in JOBS.values() for value in (job.get("template"), job["input"].get("manifest"))
    }
    assert set(FILES) - named == {"categories.json", "clips.manifest"}
