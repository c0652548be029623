"""Settings of a deployment (environment variables) and of a job (a JSON document): typed, validated, with their defaults.

`docs/settings.md` shows the table that these declarations make; a test keeps the two the same.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Self, TypeVar

from shared.errors import AnswerError, NotAllowedError, SettingsError
from shared.json_node import JsonNode
from shared.s3_uri import AllowedLocations, S3Uri

ENVIRONMENT: Mapping[str, str] = {
    "ALLOWED_LOCATIONS": "comma-separated bucket/prefix/ places that are read and written; nothing outside is touched",
    "ALLOWED_ROLES": "comma-separated role ARNs that may be assumed to reach S3; empty: the function's own role",
    "KMS_KEY_ID": "key for what is written when the job itself names none; empty: the bucket's default encryption",
    "SETTINGS_S3_URI": "s3:// URI of the job settings; empty: the defaults",
    "READ_LABEL_CATEGORIES": "true: pre-annotation reads the job's label-category file (needs DescribeLabelingJob)",
    "POWERTOOLS_SERVICE_NAME": "service name in logs and metrics",
    "POWERTOOLS_METRICS_NAMESPACE": "namespace of the metrics",
    "POWERTOOLS_LOG_LEVEL": "least level that is logged",
    "AWS_ENDPOINT_URL": "another endpoint for AWS calls, for local runs; empty: AWS",
}
"""Every environment variable that the two Lambdas read, with its meaning."""

METHODS = ("em", "majority", "weighted")
WORKER_IDS = ("plain", "hashed", "omitted")
_PREFIX_DIGITS = 12
T = TypeVar("T")


def _setting(default: Any, meaning: str, **rule: Any) -> Any:
    """A dataclass field with its meaning for the docs and its rule for the check."""
    metadata = {"meaning": meaning, **rule}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Limits:
    """What is accepted from outside. Meeting one costs the answer or object concerned and names the limit."""

    payload_bytes: int = _setting(200_000_000, "bytes of a consolidation payload", least=1)
    answer_bytes: int = _setting(50_000_000, "bytes of one worker's answer", least=1)
    values: int = _setting(
        5_000_000, "JSON values in one worker's answer, told by its commas and opening brackets", least=1
    )
    png_bytes: int = _setting(30_000_000, "bytes of a mask PNG after base64", least=1)
    pixels: int = _setting(100_000_000, "pixels of a mask, read from its header before decoding", least=1)
    vertices: int = _setting(
        100_000, "vertices of all polygons, polylines or points in one answer or frame", least=1
    )
    frames: int = _setting(2_000, "frames of one video or point-cloud sequence", least=1)
    points: int = _setting(5_000_000, "points of one point cloud", least=1)
    parts: int = _setting(5_000, "boxes, instances or other parts in one answer", least=1)
    sequence_parts: int = _setting(
        100_000, "parts in all frames, and of all sensors, of one video or point-cloud sequence", least=1
    )
    categories: int = _setting(250, "label categories of one job", least=1)
    text: int = _setting(100_000, "characters of a text or name inside an answer", least=1)
    held_bytes: int = _setting(
        400_000_000,
        "bytes of answers held in memory from learning the workers' skill to merging; what is beyond is read twice",
        least=0,
    )
    nesting: int = _setting(64, "levels of arrays and objects in an answer", least=1)
    overlaps: int = _setting(
        500_000,
        "pairs of overlapping parts of different workers in one data object; in a sequence in one frame, and four times as many in all",
        least=1,
    )
    cells: int = _setting(
        40_000_000, "pixel patterns times label categories in the masks of one data object", least=1
    )
    reply_bytes: int = _setting(5_500_000, "bytes of the Lambda's reply; larger labels go to S3", least=1_000)


@dataclass(frozen=True)
class Settings:
    """How the labels of a job are made. The JSON names have hyphens: `review_confidence` is `review-confidence`."""

    method: str = _setting(
        "em",
        "how answers are weighed: `em` (by the skill that the workers show), `majority` (one worker, one vote) or `weighted`",
        choices=METHODS,
    )
    quorum: float = _setting(
        0.5,
        "a part becomes a label when more than this share of the votes supports it; for entities a worker who did not mark it counts "
        "for half a vote against it",
        least=0,
        below=1,
    )
    iou_threshold: float = _setting(
        0.3,
        "least mean IoU (of keypoints and lines: likeness) at which parts of different workers are taken for the same",
        least=0.01,
        most=1,
    )
    iou_thresholds: dict[str, float] = _setting(
        {},
        "`iou-threshold` for one kind (such as `boxes`, `keypoints`, `entities`) or one label category",
        least=0.01,
        most=1,
    )
    number_tolerance: float = _setting(
        0.1,
        "numbers that differ by this share of their size say the same; the confidence of a number is that of lying so near the truth",
        least=0.000001,
        most=1,
    )
    distance_tolerance: float = _setting(
        0.05,
        "farthest that keypoints or lines of different workers may lie apart and be taken for the same, as a share of the image's "
        "diagonal; less where the workers are seen to be closer",
        least=0.001,
        most=1,
    )
    review_confidence: float = _setting(0.7, "a label under this confidence needs review", least=0, most=1)
    review_agreement: float = _setting(0.5, "a label under this agreement needs review", least=0, most=1)
    label_categories: tuple[str, ...] = _setting(
        (), "label categories in order, for jobs whose event carries none", distinct=True
    )
    worker_weights: dict[str, float] = _setting(
        {}, "votes a worker counts for under `weighted`", least=0, most=1e6
    )
    default_worker_weight: float = _setting(
        1.0, "votes of a worker without an entry in `worker-weights`", least=0, most=1e6
    )
    include_worker_annotations: bool = _setting(
        False, "add the raw answers to each label as `annotationsFromAllWorkers`"
    )
    always_fields: bool = _setting(
        False,
        "give labels `fields` even when only one form element was answered, for pages with optional ones",
    )
    pass_through: tuple[str, ...] = _setting(
        (),
        "names of form elements whose answers are kept as they came and ask for no review, such as comments",
    )
    element_kinds: dict[str, str] = _setting(
        {},
        "the kind of a form element by its name, where its answers' shape would say another, such as `text` for house numbers",
    )
    worker_ids: str = _setting(
        "plain", "worker ids in labels: `plain`, `hashed` or `omitted`", choices=WORKER_IDS
    )
    disagreement_maps: bool = _setting(False, "write a heat map of disagreement beside each semantic mask")
    artefact_prefix: str = _setting(
        "",
        "s3:// prefix for masks and large labels; empty: `<outputConfig>/consolidated-annotation/output/`",
        s3_prefix=True,
    )
    skill_store: str = _setting(
        "job",
        "where `em` keeps what it knows of workers from batch to batch: `job` (beside the job's output), `off`, or an s3:// prefix "
        "that several jobs share",
        s3_prefix=True,
        words=("job", "off"),
    )
    gold_answers: dict[str, dict[str, Any]] = _setting(
        {},
        "known truth by data object (its S3 URI or its text) and form element, as a worker would answer; `em` learns from it how "
        "often workers are right",
    )
    adjust_label: str = _setting(
        "",
        "pre-annotation: the earlier label that workers adjust, given to the page as `initialValue`; empty: the line's only one",
    )
    skip_label: str = _setting(
        "", "pre-annotation: skip lines that already carry this label with `skip-confidence`"
    )
    skip_confidence: float = _setting(
        0.9, "least confidence at which `skip-label` spares a line its workers", least=0, most=1
    )
    limits: Limits = field(default_factory=Limits, metadata={"meaning": "limits, see below"})

    @classmethod
    def parse(cls, root: JsonNode, labeling_job_name: str | None = None) -> Self:
        """Read a settings document for one job.

        The document holds settings directly, or `{"defaults": {...}, "jobs": [{"pattern": "roads-*", "settings": {...}}]}`:
        then the blocks whose pattern matches the lower-case job name are laid over the defaults, later ones over earlier.

        Raises:
            SettingsError: an unknown name, a value of a wrong type or out of range; names the JSON path.
        """
        values: dict[str, JsonNode] = {}
        for block in _blocks(root, labeling_job_name):
            for name, node in block.items():
                earlier = values[name].object() if name == "limits" and name in values else {}
                values[name] = (
                    JsonNode({**earlier, **node.object()}, node.path, SettingsError) if earlier else node
                )
        return _read(cls, values)

    def fingerprint(self) -> str:
        """The first 12 hex digits of SHA-256 over all settings: labels made under the same settings share it."""
        return self._digests[0]

    def weights_fingerprint(self) -> str:
        """The same over the workers' weights alone."""
        return self._digests[1]

    @cached_property
    def _digests(self) -> tuple[str, str]:
        """Made once: every label of a batch carries them, and a document may name thousands of workers."""
        return digest(to_wire(self)), digest([self.worker_weights, self.default_worker_weight])

    def weight_of(self, worker_id: str) -> float:
        """Votes the worker counts for under `weighted`."""
        return self.worker_weights.get(worker_id, self.default_worker_weight)

    def gold_of(self, data_object: Mapping[str, Any]) -> dict[str, JsonNode]:
        """The known answers to a data object, by form element; empty where nothing is known of it."""
        for source in data_object.values():
            if isinstance(source, str) and source in self.gold_answers:
                place = f"$.gold-answers[{json.dumps(source, ensure_ascii=False)}]"
                return dict(JsonNode(self.gold_answers[source], place, AnswerError).items())
        return {}

    def iou_threshold_of(self, kind: str, label_category: str) -> float:
        """The threshold of the category, else of the kind, else the common one."""
        return self.iou_thresholds.get(label_category, self.iou_thresholds.get(kind, self.iou_threshold))


@dataclass(frozen=True)
class Deployment:
    """What the environment of a Lambda says."""

    allowed_locations: AllowedLocations
    allowed_roles: frozenset[str]
    kms_key_id: str | None
    settings_s3_uri: str | None
    read_label_categories: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the variables of `ENVIRONMENT` that this project interprets itself.

        Raises:
            SettingsError: a variable is malformed, or ALLOWED_LOCATIONS is empty, so that nothing could be read.
        """
        locations = _listed(environment.get("ALLOWED_LOCATIONS", ""))
        if not locations:
            raise SettingsError(
                "names no place: set the stack parameter AllowedLocations to the buckets and prefixes of the jobs",
                path="ALLOWED_LOCATIONS",
            )
        settings_uri = environment.get("SETTINGS_S3_URI", "").strip()
        if settings_uri:
            S3Uri.parse(settings_uri)
        return cls(
            allowed_locations=AllowedLocations.parse(locations),
            allowed_roles=frozenset(_listed(environment.get("ALLOWED_ROLES", ""))),
            kms_key_id=environment.get("KMS_KEY_ID", "").strip() or None,
            settings_s3_uri=settings_uri or None,
            read_label_categories=environment.get("READ_LABEL_CATEGORIES", "").strip().lower() == "true",
        )


def to_wire(settings: Settings | Limits) -> dict[str, Any]:
    """All settings under their JSON names."""
    wire: dict[str, Any] = {}
    for item in dataclasses.fields(settings):
        value = getattr(settings, item.name)
        wire[_json_name(item.name)] = to_wire(value) if isinstance(value, Limits) else value
    return wire


def digest(document: Any) -> str:
    """The first 12 hex digits of SHA-256 over the document's canonical JSON."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_PREFIX_DIGITS]


def _blocks(root: JsonNode, labeling_job_name: str | None) -> list[JsonNode]:
    root = JsonNode(root.value, root.path, SettingsError)
    if not root.object().keys() & {"defaults", "jobs"}:
        return [root]
    for name, node in root.items():
        if name not in {"defaults", "jobs"}:
            raise node.fail("stands beside defaults and jobs; move it into defaults")
    blocks = [defaults] if (defaults := root.get("defaults")) else []
    jobs = root.get("jobs")
    blocks += [
        job["settings"] for job in (jobs.elements() if jobs else ()) if _matches(job, labeling_job_name)
    ]
    return blocks


def _matches(job: JsonNode, labeling_job_name: str | None) -> bool:
    return fnmatchcase((labeling_job_name or "").lower(), job["pattern"].string().lower())


def _read(cls: type[T], values: Mapping[str, JsonNode]) -> T:
    known = {_json_name(item.name): item for item in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for name, node in values.items():
        if name not in known:
            raise node.fail(f"is not a setting; settings are {', '.join(known)}")
    return cls(**{known[name].name: _value(known[name], node) for name, node in values.items()})


def _value(item: dataclasses.Field[Any], node: JsonNode) -> Any:
    """The value of a setting, read by the type its field declares."""
    rule = item.metadata
    least, most = rule.get("least", float("-inf")), rule.get("most", float("inf"))
    readers: dict[str, Callable[[], Any]] = {
        "Limits": lambda: _read(Limits, dict(node.items())),
        "bool": node.boolean,
        "int": lambda: node.integer(least=least, most=most),
        "float": lambda: node.number(least=least, most=most),
        "str": lambda: node.string(empty=True),
        "dict[str, float]": lambda: {
            name: member.number(least=least, most=most) for name, member in node.items()
        },
        "dict[str, str]": lambda: {name: member.string() for name, member in node.items()},
        "dict[str, dict[str, Any]]": lambda: {name: member.object() for name, member in node.items()},
        "tuple[str, ...]": node.strings,
    }
    value = readers[str(item.type)]()
    if "below" in rule and value >= rule["below"]:
        raise node.fail(f"must be below {rule['below']}, is {value}")
    if "distinct" in rule and len(set(value)) < len(value):
        raise node.fail("names something twice")
    words = rule.get("words", ())
    if words and not value:
        raise node.fail("must not be empty")
    if "s3_prefix" in rule and value and value not in words:
        _check_prefix(node, value, words)
    if "choices" in rule and value not in rule["choices"]:
        raise node.fail(f"must be one of {', '.join(rule['choices'])}, is {value!r}")
    return value


def _check_prefix(node: JsonNode, prefix: str, words: Sequence[str]) -> None:
    try:
        S3Uri.parse(f"{prefix.rstrip('/')}/name")
    except NotAllowedError as failure:
        wanted = " or ".join([*words, "an s3:// prefix"])
        raise node.fail(f"must be {wanted}: {failure.message}") from failure


def _json_name(name: str) -> str:
    return name.replace("_", "-")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
