"""Attributes: what workers say of an object besides its category (`label-category-attributes`), such as `occluded: no` or `doors: 4`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from consolidation.estimation.medians import weighted_median
from consolidation.estimation.votes import winner
from consolidation.kinds.base import Answer, check_count, text_within
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Attributes: TypeAlias = Mapping[str, Json]
_DIGITS = 6


def parse_attributes(node: JsonNode | None, limits: Limits) -> Attributes:
    """The attributes of one object: texts, numbers, booleans, or arrays of texts; null is no answer.

    Raises:
        AnswerError: not an object, or a value is something else. LimitError: too many, or too long a text.
    """
    if node is None:
        return {}
    check_count(node, len(node.object()), "has {} attributes", limits.categories, "limits.categories")
    return {name: _value(member, limits) for name, member in node.items() if member.value is not None}


def fuse_attributes(given: Sequence[Attributes], makers: Sequence[Answer]) -> dict[str, Json]:
    """What the workers say of one object, attribute by attribute; those who leave one out have no vote on it.

    Numbers give their weighted median, anything else the value with most votes.

    Args:
        given: attributes by each worker.
        makers: those workers' answers.

    Ties: higher summed skill, then the value's JSON text.
    """
    if all(attributes == given[0] for attributes in given):
        return dict(given[0])
    names = dict.fromkeys(sorted(name for attributes in given for name in attributes))
    fused = {}
    for name in names:
        said = [
            (attributes[name], maker)
            for attributes, maker in zip(given, makers, strict=True)
            if name in attributes
        ]
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value, _ in said)
        fused[name] = _median(said) if numbers else _elected(said)
    return fused


def _value(node: JsonNode, limits: Limits) -> Json:
    value = node.value
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text_within(node, limits, empty=True)
    if isinstance(value, list):
        check_count(node, len(value), "has {} values", limits.categories, "limits.categories")
        return [text_within(member, limits, empty=True) for member in node.elements()]
    if isinstance(value, int | float):
        return node.number()
    raise node.fail("must be a text, a number, a boolean or an array of texts")


def _median(said: Sequence[tuple[Json, Answer]]) -> float:
    values = np.array([[value] for value, _ in said], np.float64)
    median = float(weighted_median(values, np.array([maker.weight for _, maker in said]))[0])
    if median not in values:
        median = round(median, _DIGITS)
    return int(median) if median.is_integer() else median


def _elected(said: Sequence[tuple[Json, Answer]]) -> Json:
    texts = [json.dumps(value, sort_keys=True) for value, _ in said]
    options = sorted(set(texts))
    votes = np.zeros(len(options))
    skill = np.zeros(len(options))
    for text, (_, maker) in zip(texts, said, strict=True):
        votes[options.index(text)] += maker.weight
        skill[options.index(text)] += maker.skill
    value: Json = json.loads(options[winner(votes, skill)[0]])
    return value
