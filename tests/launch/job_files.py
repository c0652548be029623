"""Sound job files, one for each way of labelling, and the files they name; tests break one thing in them at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from labeljob.aws import Aws
from labeljob.findings import Finding
from labeljob.launch.job_file import read_job_file
from labeljob.launch.request import build

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "123456789012", "us-east-1"
TEAM = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
PERSONAL, ADULT = "FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"
PAGE = (ROOT / "worker_templates" / "boxes.liquid.html").read_text()
DROP = object()
"""Stands for a key that is taken out."""

CUSTOM: Mapping[str, Any] = {
    "name": "roads-7",
    "input": {"manifest": "input.manifest"},
    "output": {"path": "s3://acme-out/run/"},
    "role": "gt-execution",
    "template": "page.liquid.html",
    "labels": ["car", "bus"],
    "functions": {"stack": "gt-consensus"},
    "workforce": {"private": "birds"},
    "title": "Box every vehicle",
    "description": "Draw a box around every car and every bus.",
    "keywords": ["images", "street scenes"],
}


def changed(job: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A job file with other values at some key paths."""
    made = deepcopy(dict(job))
    for path, value in changes.items():
        *outer, last = path.split("/")
        section = made
        for key in outer:
            section = section.setdefault(key, {})
        if value is DROP:
            del section[last]
        else:
            section[last] = value
    return made


def _page(element: str) -> str:
    return PAGE.replace("crowd-bounding-box", element).replace('name="boundingBox"', f'name="{element}"')


def categories(**members: Any) -> str:
    """A label-category file for video frames and point clouds."""
    return json.dumps({"documentVersion": "2020-03-01", "labels": [{"label": "car"}]} | members)


_BUILT_IN = changed(CUSTOM, {"functions": DROP})
JOBS: Mapping[str, Mapping[str, Any]] = {
    "custom": CUSTOM,
    "streaming": changed(CUSTOM, {"streaming": True, "input/manifest": DROP}),
    "public": changed(
        CUSTOM,
        {"workforce": {"public": {"price": 0.036}}, "input/content-classifiers": [PERSONAL, ADULT]},
    ),
    "vendor": changed(CUSTOM, {"workforce": {"vendor": f"{TEAM}/vendor-crowd/labelers"}}),
    "boxes": changed(_BUILT_IN, {"task": "bounding-box"}),
    "segmentation": changed(
        _BUILT_IN,
        {
            "task": "semantic-segmentation",
            "input/manifest": "many.manifest",
            "automated-labeling": True,
            "template": "masks.liquid.html",
        },
    ),
    "texts": changed(
        _BUILT_IN,
        {
            "task": "text-classification",
            "input/manifest": "texts.manifest",
            "template": "texts.liquid.html",
        },
    ),
    "entities": changed(
        _BUILT_IN,
        {
            "task": "named-entity-recognition",
            "input/manifest": "texts.manifest",
            "template": DROP,
            "instructions": {"short": "<p>Mark names.</p>", "full": "<p>Mark each name.</p>"},
        },
    ),
    "frames": changed(
        _BUILT_IN,
        {
            "task": "video-object-tracking",
            "input/manifest": "sequences.manifest",
            "template": DROP,
            "workers": 1,
            "instructions": {"short": "<p>Follow.</p>"},
        },
    ),
    "clouds": changed(
        _BUILT_IN,
        {
            "task": "point-cloud-object-detection",
            "template": DROP,
            "labels": DROP,
            "label-categories": "categories.json",
        },
    ),
    "verification": changed(
        _BUILT_IN,
        {
            "task": "video-object-tracking-verification",
            "input/manifest": "sequences.manifest",
            "template": DROP,
            "audited-label": "roads-6-ref",
        },
    ),
}
"""Each gives no finding at all."""
FILES: Mapping[str, str] = {
    "input.manifest": '{"source-ref": "s3://acme-in/roads/1.jpg"}\n',
    "many.manifest": "".join(f'{{"source-ref": "s3://acme-in/{number}.jpg"}}\n' for number in range(5_000)),
    "texts.manifest": '{"source": "Ann met Bob"}\n',
    "clips.manifest": '{"source-ref": "s3://acme-in/roads/1.mp4"}\n',
    "sequences.manifest": '{"source-ref": "s3://acme-in/roads/1/sequence.json"}\n',
    "page.liquid.html": PAGE,
    "masks.liquid.html": _page("crowd-semantic-segmentation"),
    "texts.liquid.html": _page("crowd-classifier"),
    "categories.json": categories(),
}


@dataclass(frozen=True)
class Break:
    """One thing broken in a sound job.

    Attributes:
        code: of the rule that it breaks.
        job: of `JOBS`.
        changes: key path of the job file, with slashes: its value, or DROP.
        files: other contents of files beside the job file.
        region: in which the job is created.
        price: of the workforce, where the job file has no key for it.
    """

    code: str
    job: str = "custom"
    changes: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    region: str = REGION
    price: Decimal | None = None

    def __str__(self) -> str:
        return self.code


def write(folder: Path, job: Mapping[str, Any], files: Mapping[str, str | bytes] | None = None) -> Path:
    """Write a job file and the files it may name."""
    for name, content in {**FILES, **(files or {})}.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    path = folder / "job.yaml"
    path.write_text(yaml.safe_dump(dict(job), sort_keys=False))
    return path


def findings_of(broken: Break, folder: Path, aws: Aws) -> tuple[Finding, ...]:
    """What `create` finds in a broken job."""
    path = write(folder, changed(JOBS[broken.job], broken.changes), broken.files)
    job = read_job_file(path)
    if broken.price is not None:
        job = replace(job, workforce=replace(job.workforce, price=broken.price))
    return build(job, aws).findings
