"""Ground Truth's requests, payloads, files and replies as frozen dataclasses: `parse` reads tolerantly, `to_wire` writes.

Knows the shapes of the Developer Guide's "Pre-annotation and Post-annotation Lambda Function Requirements" and the keys that
real events carry besides. Knows nothing of what an answer means: that is `consolidation.kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from shared.errors import ContractError
from shared.json_node import Json, JsonNode, encodable

EVENT_VERSION = "2018-10-06"
"""`version` of every captured event. The documentation prints 2018-10-16; nothing may depend on it."""


@dataclass(frozen=True, slots=True)
class PreAnnotationRequest:
    """The event of the pre-annotation Lambda.

    Attributes:
        labeling_job_arn: ARN of the job; its job-name part is lower-cased by the service. None in hand-written events.
        data_object: one whole manifest line, or the body of one SNS message.
    """

    labeling_job_arn: str | None
    data_object: Mapping[str, Any]

    @classmethod
    def parse(cls, event: Json) -> Self:
        """Read the event.

        Raises:
            ContractError: no `dataObject` object; names the JSON path.
        """
        root = JsonNode(event)
        return cls(_optional_string(root, "labelingJobArn"), root["dataObject"].object())


@dataclass(frozen=True, slots=True)
class PreAnnotationResponse:
    """The reply of the pre-annotation Lambda.

    Attributes:
        task_input: becomes `task.input` of the worker template.
        human_annotation_required: whether workers are to see the data object.
    """

    task_input: Mapping[str, Any]
    human_annotation_required: bool

    def to_wire(self) -> dict[str, Json]:
        """Both spellings of the flag: the Developer Guide documents the first, AWS's sample code returns the second."""
        return {
            "taskInput": dict(self.task_input),
            "isHumanAnnotationRequired": self.human_annotation_required,
            "humanAnnotationRequired": "true" if self.human_annotation_required else "false",
        }


@dataclass(frozen=True, slots=True)
class WorkerAnnotation:
    """One worker's answer as the payload carries it: inline text, or where the text lies.

    Attributes:
        worker_id: opaque id.
        content: the answer as JSON text, or None.
        s3_uri: URI of the answer's JSON, or None.
    """

    worker_id: str
    content: str | None
    s3_uri: str | None

    @classmethod
    def parse(cls, node: JsonNode) -> Self:
        """Read one element of `annotations`.

        Raises:
            ContractError: no worker id, no `annotationData`, or neither `content` nor `s3Uri` in it.
        """
        worker_id = node["workerId"].string()
        data = node["annotationData"]
        content, uri = data.get("content"), data.get("s3Uri")
        if content is not None:
            return cls(worker_id, content.string(empty=True), None)
        if uri is not None:
            return cls(worker_id, None, uri.string())
        raise data.fail("has neither content nor s3Uri").at(worker_id=worker_id)

    def to_wire(self) -> dict[str, Json]:
        """The element of `annotations` it was read from, without unknown keys."""
        data = {"s3Uri": self.s3_uri} if self.content is None else {"content": self.content}
        return {"workerId": self.worker_id, "annotationData": data}


@dataclass(frozen=True, slots=True)
class AnnotatedDataObject:
    """One data object of a consolidation payload with its workers' answers, still unread.

    Attributes:
        data_object_id: `datasetObjectId`, unique in a job. Opaque.
        data_object: `{"s3Uri": ...}` or `{"content": ...}`.
        annotations: the elements of `annotations`, unread, so that a broken one costs only itself.
        fault: what of the object's entry cannot be read, or None.
    """

    data_object_id: str
    data_object: Mapping[str, Any]
    annotations: tuple[JsonNode, ...]
    fault: str | None = None

    @classmethod
    def parse(cls, node: JsonNode) -> Self:
        """Read one element of the payload; a missing `dataObject` or `annotations` counts as empty.

        Raises:
            ContractError: it has no `datasetObjectId`, so nothing can be replied for it.
        """
        identifier = node["datasetObjectId"]
        is_number = isinstance(identifier.value, int) and not isinstance(identifier.value, bool)
        name = str(identifier.value) if is_number else identifier.string()
        data_object: Mapping[str, Any] = {}
        annotations: tuple[JsonNode, ...] = ()
        fault = None
        try:
            if (found := node.get("annotations")) is not None:
                annotations = tuple(found.elements())
            if (found := node.get("dataObject")) is not None:
                data_object = found.object()
        except ContractError as failure:
            fault = failure.reason
        return cls(name, data_object, annotations, fault)

    def joined(self, other: Self) -> Self:
        """This entry with the answers of a second entry for the same id behind its own."""
        return replace(
            self, annotations=self.annotations + other.annotations, fault=self.fault or other.fault
        )


@dataclass(frozen=True, slots=True)
class ConsolidationPayload:
    """The document at `payload.s3Uri`.

    Attributes:
        data_objects: one per id, in the order in which the ids first come.
        faults: what cannot be replied to, since it has no id; for the log.
    """

    data_objects: tuple[AnnotatedDataObject, ...]
    faults: tuple[str, ...]

    @classmethod
    def parse(cls, root: JsonNode) -> Self:
        """Read the payload. Entries that repeat an id are joined, since the service takes one reply per id.

        Raises:
            ContractError: the document is not an array.
        """
        data_objects: dict[str, AnnotatedDataObject] = {}
        faults = []
        for element in root.elements():
            try:
                entry = AnnotatedDataObject.parse(element)
            except ContractError as failure:
                faults.append(str(failure))
                continue
            first = data_objects.get(entry.data_object_id)
            data_objects[entry.data_object_id] = first.joined(entry) if first else entry
        return cls(tuple(data_objects.values()), tuple(faults))


@dataclass(frozen=True, slots=True)
class ConsolidationRequest:
    """The event of the consolidation Lambda.

    Attributes:
        labeling_job_arn: ARN of the job, or None.
        label_attribute_name: the key the label is to stand under, in the caller's case.
        label_categories: the job's label categories in order; empty when the event has none, as in most custom jobs.
        role_arn: the job's execution role, or None.
        payload: URI of the payload, or the payload itself where a test event carries it inline.
        output_config: `s3://<output path>/<job>/annotations`, or None.
        kms_key_id: the job's output key, or None.
    """

    labeling_job_arn: str | None
    label_attribute_name: str
    label_categories: tuple[str, ...]
    role_arn: str | None
    payload: str | JsonNode
    output_config: str | None
    kms_key_id: str | None

    @classmethod
    def parse(cls, event: Json) -> Self:
        """Read the event; unknown keys are ignored, optional ones may be absent or null.

        Raises:
            ContractError: `labelAttributeName` or `payload` is missing or of a wrong type; names the JSON path.
        """
        root = JsonNode(event)
        payload = root["payload"]
        inline = isinstance(payload.value, list)
        return cls(
            labeling_job_arn=_optional_string(root, "labelingJobArn"),
            label_attribute_name=root["labelAttributeName"].string(),
            label_categories=_label_categories(root.get("labelCategories")),
            role_arn=_optional_string(root, "roleArn"),
            payload=JsonNode(encodable(payload.value), payload.path) if inline else payload["s3Uri"].string(),
            output_config=_output_config(root.get("outputConfig")),
            kms_key_id=_optional_string(root, "kmsKeyId"),
        )

    @property
    def labeling_job_name(self) -> str | None:
        """The job's name as the ARN has it (lower case), or None without an ARN."""
        return job_name_of(self.labeling_job_arn)

    @property
    def payload_name(self) -> str:
        """What tells this request from the job's others in the log: the payload's URI."""
        return self.payload if isinstance(self.payload, str) else "inline"


@dataclass(frozen=True, slots=True)
class ConsolidatedAnnotation:
    """One element of the consolidation reply.

    Attributes:
        data_object_id: the id received.
        label_attribute_name: the key inside `content`.
        label: the label value, plain JSON.
    """

    data_object_id: str
    label_attribute_name: str
    label: dict[str, Json]

    def to_wire(self) -> dict[str, Json]:
        """The element as the service reads it."""
        return {
            "datasetObjectId": self.data_object_id,
            "consolidatedAnnotation": {"content": {self.label_attribute_name: self.label}},
        }


def job_name_of(labeling_job_arn: str | None) -> str | None:
    """The job name of a labeling-job ARN, or None when there is none in it."""
    if labeling_job_arn is None or "/" not in labeling_job_arn:
        return None
    return labeling_job_arn.rpartition("/")[2] or None


def parse_label_category_file(root: JsonNode) -> tuple[str, ...]:
    """Label names of a label-category configuration file, in order.

    Reads `{"labels": [{"label": "car"}, ...]}`; both document versions have it.

    Raises:
        ContractError: no `labels`, or an entry without a name.
    """
    return tuple(entry["label"].string() for entry in root["labels"].elements())


def _label_categories(node: JsonNode | None) -> tuple[str, ...]:
    """Distinct names in order. An entry may be a string or `{"label": name}`."""
    if node is None:
        return ()
    names = (
        entry["label"].string() if isinstance(entry.value, dict) else entry.string()
        for entry in node.elements()
    )
    return tuple(dict.fromkeys(names))


def _output_config(node: JsonNode | None) -> str | None:
    """Real events carry a string; the object form of the API's `OutputConfig` is read as well."""
    if node is None:
        return None
    if isinstance(node.value, dict):
        return node["s3OutputPath" if "s3OutputPath" in node.value else "S3OutputPath"].string()
    return node.string()


def _optional_string(root: JsonNode, key: str) -> str | None:
    node = root.get(key)
    return None if node is None or node.value == "" else node.string()
