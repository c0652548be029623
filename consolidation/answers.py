"""A worker's form to its elements: one answer per worker, and which kind each form element is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consolidation.kinds import KINDS, Kind
from consolidation.rejections import Rejection
from shared.contract import AnnotatedDataObject, WorkerAnnotation
from shared.errors import AnswerError, DeadlineError, GtConsensusError, LimitError, SettingsError
from shared.json_node import Json, JsonNode, parse_json
from shared.settings import Limits

INITIAL_VALUE = "-initial-value"
"""Behind the name of a form element: the name of the hidden field that carries its initial value in adjustment jobs."""
Fetch = Callable[[str], bytes]
"""Reads an answer that lies in S3, by its URI."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A string that is JSON, as a hidden form field carries it; only the kind of the element tells which of the two it is.

    Attributes:
        text: the string.
        value: the array or object it states.
    """

    text: str
    value: Json

    def read_as(self, kind: Kind | None) -> Json:
        """The value where the kind takes it; else, and where no kind is known, the text."""
        return self.value if kind is not None and kind.accepts(self.value) else self.text


@dataclass(frozen=True, slots=True)
class WorkerForm:
    """The form one worker submitted.

    Attributes:
        worker_id: who.
        elements: answer of each form element, by the element's name: JSON, or `Hidden` where it came as a string.
        skill: votes the worker counts for where answers are weighted, and what breaks ties.
        earlier: the elements of the worker's answers before this one, newest first: what counts where the last cannot be used.
        person: the id that Ground Truth sent, where `worker_id` is one that labels may show.
    """

    worker_id: str
    elements: Mapping[str, Any]
    skill: float = 1.0
    earlier: tuple[Mapping[str, Any], ...] = ()
    person: str = ""

    def answer(self, name: str, kind: Kind | None) -> Json:
        """The worker's last answer to a form element, which must be there, as the element's kind reads it."""
        return read_as(self.elements[name], kind)

    def tries(self, name: str, kind: Kind) -> list[Json]:
        """The worker's answers to a form element, the last first, as the element's kind reads them."""
        every = (self.elements, *self.earlier)
        return [read_as(elements[name], kind) for elements in every if name in elements]


@dataclass(frozen=True, slots=True)
class Forms:
    """All that workers submitted for a data object.

    Attributes:
        forms: one per worker, in the order received.
        rejected: answers that could not be read, and those that a later one replaced.
        annotations: every answer as received, for labels that carry the raw answers.
    """

    forms: tuple[WorkerForm, ...]
    rejected: tuple[Rejection, ...]
    annotations: tuple[WorkerAnnotation, ...]


def read_forms(data_object: AnnotatedDataObject, fetch: Fetch, limits: Limits) -> Forms:
    """Read the answers of a data object; a broken one costs only itself.

    Of several answers by one worker the last that can be read counts, so that no worker votes twice.

    Args:
        data_object: as received.
        fetch: called for every answer that is an `s3Uri`; its errors cost that answer.
        limits: `answer_bytes` and `nesting` are applied.

    Returns:
        The forms, and a rejection for every answer that does not count, and for what of the entry cannot be read.

    Raises:
        DeadlineError: an answer did not come before the function's time ran out.
    """
    forms: dict[str, WorkerForm] = {}
    rejected: list[Rejection] = []
    annotations = []
    for node in data_object.annotations:
        worker_id = _worker_id(node)
        try:
            annotation = WorkerAnnotation.parse(node)
            annotations.append(annotation)
            elements = _elements(annotation, fetch, limits)
        except DeadlineError:
            raise  # a label of the answers that happened to come in time would pass for one of all
        except GtConsensusError as failure:
            rejected.append(Rejection(worker_id, failure.reason))
            continue
        replaced = forms.get(worker_id)
        earlier = (replaced.elements, *replaced.earlier) if replaced else ()
        if replaced:
            rejected.append(
                Rejection(worker_id, "the worker answered more than once; the last answer counts")
            )
        forms[worker_id] = WorkerForm(worker_id, elements, earlier=earlier)
    if data_object.fault:
        rejected.append(Rejection("unknown", data_object.fault))
    return Forms(tuple(forms.values()), tuple(rejected), tuple(annotations))


def element_names(forms: Sequence[WorkerForm]) -> list[str]:
    """Names of the form elements that workers answered, sorted, without the fields that carry the initial value of another."""
    names = {name for form in forms for name in form.elements}
    carriers = {name + INITIAL_VALUE for name in names}
    return sorted(names - carriers)


def element_kinds(
    forms: Sequence[WorkerForm], named: Mapping[str, str] | None = None
) -> dict[str, Kind | None]:
    """Which kind each form element is: the one that recognises the answers of most workers.

    Args:
        forms: of a data object.
        named: kinds that the settings give to elements by name; these are not guessed.

    Returns:
        Kind by element name, sorted by name; None where no kind recognises any worker's answer.

    Raises:
        SettingsError: `named` names no kind.

    Ties: the kind that comes first in the table of kinds.
    """
    given = {name: _kind_named(name, kind) for name, kind in (named or {}).items()}
    return {
        name: given.get(name) or _kind_of([form.elements[name] for form in forms if name in form.elements])
        for name in element_names(forms)
    }


def read_as(element: Any, kind: Kind | None) -> Json:
    """An element of a form as a kind reads it; None reads it as it came."""
    read: Json = element.read_as(kind) if isinstance(element, Hidden) else element
    return read


def recognise(element: Json) -> Kind | None:
    """The first kind that says an element's answer is its own, or None."""
    return next((kind for kind in KINDS if kind.recognise(element)), None)


def _kind_named(element: str, kind: str) -> Kind:
    for known in KINDS:
        if known.name == kind:
            return known
    names = ", ".join(known.name for known in KINDS)
    raise SettingsError(f"{kind!r} is no kind; kinds are {names}", path=f"element-kinds.{element}")


def _kind_of(answers: Sequence[Any]) -> Kind | None:
    """Each kind is asked about every answer: checkboxes of which most workers ticked one are no radio buttons.

    A kind whose answers are all answers of another too, as ratings are classes, is the element's when it recognises at least half of
    those. No kind has the element where more answers than it recognises are not to be read by it and known to no other.
    """
    shapes = [_shape(answer) for answer in answers]
    votes = {kind.name: sum(kind.recognise(shape) for shape in shapes) for kind in KINDS}
    for kind in KINDS:
        if votes[kind.name]:
            votes[kind.name] += sum(votes[name] for name in kind.absorbs)
    best = max((kind for kind in KINDS if votes[kind.name]), key=lambda kind: votes[kind.name], default=None)
    if best is None:
        return None
    best = next(
        (
            kind
            for kind in KINDS
            if kind.special_of == best.name and 2 * votes[kind.name] >= votes[best.name] > 0
        ),
        best,
    )
    strangers = sum(bool(shape) and not best.accepts(shape) and not recognise(shape) for shape in shapes)
    return None if strangers > votes[best.name] else best


def _shape(element: Any) -> Json:
    """What the kinds are asked about: of hidden JSON the value, unless no kind knows it and something is in it: then it is a text."""
    stated = isinstance(element, Hidden) and (not element.value or recognise(element.value))
    shape: Json = element.value if stated else read_as(element, None)
    return shape


def _worker_id(node: JsonNode) -> str:
    """The id, or a stand-in that names the place, so that even a nameless answer is accounted for."""
    worker_id = node.value.get("workerId") if isinstance(node.value, dict) else None
    return worker_id if isinstance(worker_id, str) and worker_id else f"unknown at {node.path}"


def _elements(annotation: WorkerAnnotation, fetch: Fetch, limits: Limits) -> Mapping[str, Any]:
    content: str | bytes
    if annotation.content is not None:
        content = annotation.content
        if len(content) > limits.answer_bytes:
            raise LimitError(
                f"the answer has {len(content)} characters, allowed are {limits.answer_bytes}",
                limit="limits.answer-bytes",
            )
    else:
        content = fetch(annotation.s3_uri or "")
    _check_values(content, limits)
    form = parse_json(content, error=AnswerError, nesting=limits.nesting)
    if isinstance(form.value, list) and len(form.value) == 1:
        form = next(form.elements())
    elements = _without_envelope(form).object()
    if not elements:
        raise AnswerError("the form came back empty")
    return {name: _unwrapped(element, limits) for name, element in elements.items()}


def _check_values(content: str | bytes, limits: Limits) -> None:
    """Refuse text that would fill the memory once it is parsed: small values need many times their text."""
    text = content.encode() if isinstance(content, str) else content
    most = sum(text.count(mark) for mark in (b"[", b"{", b","))
    if most > limits.values:
        raise LimitError(
            f"the answer has about {most} values, allowed are {limits.values}", limit="limits.values"
        )


def _unwrapped(element: Json, limits: Limits) -> Any:
    """`Hidden` where a string states an array or object, else the element."""
    if not isinstance(element, str) or not element.lstrip().startswith(("{", "[")):
        return element
    try:
        return Hidden(element, parse_json(element, error=AnswerError, nesting=limits.nesting).value)
    except AnswerError:
        return element


def _without_envelope(form: JsonNode) -> JsonNode:
    """An answer fetched from S3 may be a worker-response entry, whose form stands under `answerContent`."""
    content = form.get("answerContent") if isinstance(form.value, dict) else None
    return content if content is not None and isinstance(content.value, dict) else form
