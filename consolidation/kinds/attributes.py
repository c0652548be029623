"""Attributes of parts and frames, such as `occluded`: each is a vote of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from consolidation.estimation.medians import weighted_median
from consolidation.kinds.ballots import count_ballot
from consolidation.kinds.base import Answer, text_within
from shared.json_node import Json, JsonNode
from shared.settings import Limits

Attributes = Mapping[str, Any]
_DIGITS = 6


def parse_attributes(node: JsonNode | None, limits: Limits) -> Attributes:
    """Attributes by name; a value may be a text, a number, a boolean, or any other JSON. Missing or null: none.

    Raises:
        AnswerError: it is no object, or a number beyond floats. LimitError: a text is too long.
    """
    if node is None:
        return {}
    for name, value in node.object().items():
        if isinstance(value, str):
            text_within(node[name], limits, empty=True)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            node[name].number()
    return node.object()


def vote_on_attributes(said: Sequence[tuple[Answer, Attributes]]) -> dict[str, Json]:
    """What workers who saw the same thing say of it, attribute by attribute.

    A number is the weighted median (whole where all are, halves going to the even number); anything else the value with most
    votes. A worker who does not give an attribute abstains on it.

    Args:
        said: each worker with what the worker gave.

    Returns:
        Values by attribute name, sorted by name.

    Ties: higher summed skill, then the lesser value as JSON text.
    """
    given = [attributes for _, attributes in said]
    if all(_same(attributes, given[0]) for attributes in given[1:]):
        return dict(sorted(given[0].items())) if given else {}
    names = sorted({name for attributes in given for name in attributes})
    return {
        name: _voted([(answer, attributes[name]) for answer, attributes in said if name in attributes])
        for name in names
    }


def _same(one: Attributes, other: Attributes) -> bool:
    """Equal, and of the same types: 1 equals true and 1.0, and is neither."""
    return one == other and all(type(value) is type(other[name]) for name, value in one.items())


def _voted(said: Sequence[tuple[Answer, Any]]) -> Json:
    values = [value for _, value in said]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        median = weighted_median(
            np.array(values, np.float64), np.array([answer.weight for answer, _ in said], np.float64)
        )
        whole = all(float(value).is_integer() for value in values)
        return round(median) if whole else round(median, _DIGITS)
    chosen = count_ballot((json.dumps(value, sort_keys=True), answer) for answer, value in said).choice
    voted: Json = json.loads(chosen)
    return voted
