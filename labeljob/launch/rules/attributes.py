"""Rules of the attributes that a label-category file gives to labels and frames of video and point clouds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labeljob.findings import Finding, Rule
from labeljob.launch.category_document import CategoryDocument

_MOST, _MOST_FREE = 10, 5
_NAME, _VALUE, _VALUES, _DESCRIPTION = 16, 16, 10, 128
_PAGE = "Developer Guide: Create a Labeling Category Configuration File"
_FRAME, _GLOBAL, _OWN = "frameAttributes", "categoryGlobalAttributes", "categoryAttributes"
_TYPES, _EDITS = ("string", "number"), ("any", "none")
_Attribute = tuple[str, dict[str, Any]]

ATTRIBUTE_SHAPE = Rule(
    "attribute-shape",
    "Attributes are lists of objects.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
ATTRIBUTE_NAME = Rule(
    "attribute-name",
    "An attribute's name has 1 to 16 characters.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
ATTRIBUTE_TYPE = Rule(
    "attribute-type",
    "An attribute is a string or a number.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
ATTRIBUTE_RANGE = Rule(
    "attribute-range",
    "A number attribute has minimum and maximum, whole numbers.",
    "AWS's table asks for them, though its examples leave them out: the job may be refused.",
    _PAGE,
)
ATTRIBUTE_ENUM = Rule(
    "attribute-enum",
    "An attribute's enum has 1 to 10 values of 1 to 16 characters.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
ATTRIBUTE_DESCRIPTION = Rule(
    "attribute-description",
    "An attribute's description has at most 128 characters; a frame attribute has one.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
ATTRIBUTE_COUNT = Rule(
    "attribute-count",
    "A label, and the frames, have at most 10 attributes, at most 5 of them free text.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
ATTRIBUTE_TWICE = Rule(
    "attribute-twice",
    "An attribute of all labels is not one of a single label as well.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
ATTRIBUTE_EDITS = Rule(
    "attribute-edits",
    "editsAllowed of an attribute is any or none.",
    "CreateLabelingJob refuses the job.",
    _PAGE,
)
ATTRIBUTE_IGNORED = Rule(
    "attribute-ignored",
    "Labels of point-cloud segmentation have no attributes.",
    "They are ignored: workers do not see them.",
    _PAGE,
)


def check_attributes(document: CategoryDocument) -> Iterator[Finding]:
    """What is wrong with the attributes."""
    frame = _attributes(document.value, _FRAME)
    everywhere = _attributes(document.value, _GLOBAL)
    own = [_attributes(entry, _OWN, f"labels[{index}].") for index, entry in enumerate(document.labels)]
    yield from _check_shape(document)
    for path, attribute in (*frame, *everywhere, *(one for group in own for one in group)):
        yield from _check_attribute(document, path, attribute)
    yield from _check_count(document, frame, _FRAME)
    for index, group in enumerate(own):
        yield from _check_count(document, [*everywhere, *group], f"labels[{index}]")
        yield from _check_twice(document, everywhere, group)
    if document.launch.task.ui == "PointCloudSemanticSegmentation":
        for path, _ in [*everywhere, *(one for group in own for one in group)][:1]:
            told = "labels of this task type have no attributes"
            yield document.broken(ATTRIBUTE_IGNORED, path, told, "leave it out", serious=False)


def _attributes(holder: dict[str, Any], key: str, prefix: str = "") -> list[_Attribute]:
    """The attributes under a key that are objects, each with its path."""
    listed = holder.get(key)
    return [
        (f"{prefix}{key}[{index}]", attribute)
        for index, attribute in enumerate(listed if isinstance(listed, list) else [])
        if isinstance(attribute, dict)
    ]


def _check_shape(document: CategoryDocument) -> Iterator[Finding]:
    holders = [(document.value, _FRAME, ""), (document.value, _GLOBAL, "")]
    holders += [(entry, _OWN, f"labels[{index}].") for index, entry in enumerate(document.labels)]
    for holder, key, prefix in holders:
        listed = holder.get(key, [])
        if not isinstance(listed, list) or not all(isinstance(attribute, dict) for attribute in listed):
            mend = 'write [{"name": "occluded", "type": "string", "enum": ["no", "yes"]}]'
            yield document.broken(ATTRIBUTE_SHAPE, f"{prefix}{key}", "is not a list of objects", mend)


def _check_attribute(document: CategoryDocument, path: str, attribute: dict[str, Any]) -> Iterator[Finding]:
    name, kind = attribute.get("name"), attribute.get("type")
    if not isinstance(name, str) or not 1 <= len(name) <= _NAME:
        yield document.broken(
            ATTRIBUTE_NAME, f"{path}.name", f"the name is {name!r}", f"give it 1 to {_NAME} characters"
        )
    if kind not in _TYPES:
        yield document.broken(
            ATTRIBUTE_TYPE, f"{path}.type", f"the type is {kind!r}", f"write {' or '.join(_TYPES)}"
        )
    if attribute.get("editsAllowed", "any") not in _EDITS:
        told = f"editsAllowed is {attribute['editsAllowed']!r}"
        yield document.broken(ATTRIBUTE_EDITS, path, told, f"write {' or '.join(_EDITS)}")
    if kind == "number":
        yield from _check_range(document, path, attribute)
    if "enum" in attribute:
        yield from _check_enum(document, path, attribute["enum"])
    description = attribute.get("description")
    if len(str(description or "")) > _DESCRIPTION:
        told = f"the description has {len(str(description))} characters, allowed are {_DESCRIPTION}"
        yield document.broken(ATTRIBUTE_DESCRIPTION, path, told, "shorten it")
    elif path.startswith(_FRAME) and not description:
        told = "the frame attribute has no description"
        yield document.broken(ATTRIBUTE_DESCRIPTION, path, told, 'write "description": "..."')


def _check_range(document: CategoryDocument, path: str, attribute: dict[str, Any]) -> Iterator[Finding]:
    least, most = attribute.get("minimum"), attribute.get("maximum")
    if "enum" in attribute and least is most is None:
        return
    if type(least) is not int or type(most) is not int:
        told = f"minimum is {least!r}, maximum is {most!r}"
        mend = 'write whole numbers: "minimum": 0, "maximum": 6'
        yield document.broken(ATTRIBUTE_RANGE, path, told, mend, serious=not least is most is None)
    elif least > most:
        told = f"minimum {least} is more than maximum {most}"
        yield document.broken(ATTRIBUTE_RANGE, path, told, "exchange them")


def _check_enum(document: CategoryDocument, path: str, values: Any) -> Iterator[Finding]:
    if not isinstance(values, list) or not 1 <= len(values) <= _VALUES:
        has = f"{len(values)} values" if isinstance(values, list) else repr(values)
        yield document.broken(ATTRIBUTE_ENUM, f"{path}.enum", f"enum is {has}", f"list 1 to {_VALUES} values")
        return
    for index, value in enumerate(values):
        if not 1 <= len(str(value)) <= _VALUE:
            told = f"{value!r} has {len(str(value))} characters, allowed are 1 to {_VALUE}"
            yield document.broken(ATTRIBUTE_ENUM, f"{path}.enum[{index}]", told, "shorten it")


def _check_count(document: CategoryDocument, attributes: list[_Attribute], path: str) -> Iterator[Finding]:
    free = [one for _, one in attributes if one.get("type") == "string" and "enum" not in one]
    for count, most, kind in ((len(attributes), _MOST, "attributes"), (len(free), _MOST_FREE, "free texts")):
        if count > most:
            told = f"there are {count} {kind}, allowed are {most}"
            yield document.broken(ATTRIBUTE_COUNT, path, told, "leave some out")


def _check_twice(
    document: CategoryDocument, everywhere: list[_Attribute], own: list[_Attribute]
) -> Iterator[Finding]:
    shared = [attribute.get("name") for _, attribute in everywhere]
    for path, attribute in own:
        if attribute.get("name") in shared:
            told = f"{attribute.get('name')!r} is an attribute of all labels already"
            yield document.broken(ATTRIBUTE_TWICE, path, told, f"keep it here, or in {_GLOBAL}")
