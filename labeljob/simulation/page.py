"""Worker templates rendered as Ground Truth renders them: Liquid with its filters, escaping by default, missing input reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from liquid import BoundTemplate, Environment, FalsyStrictUndefined
from liquid.exceptions import LiquidError
from liquid.undefined import Undefined
from markupsafe import Markup

from shared.errors import ContractError
from shared.json_node import write_json

TEMPLATE_CHARACTERS = 128_000
"""The longest template that RenderUiTemplate takes."""
_CROWD_ELEMENTS = "https://assets.crowd.aws/crowd-html-elements.js"


@dataclass(frozen=True, slots=True)
class WorkerTemplate:
    """A worker template.

    Attributes:
        name: file name, for errors.
        source: its text.
        parsed: what is rendered.
    """

    name: str
    source: str
    parsed: BoundTemplate

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a template.

        Raises:
            ContractError: there is none, it is too long, or it is not Liquid with the filters that Ground Truth has; names line and column.
        """
        try:
            source = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as failure:
            raise ContractError(f"the worker template {path} cannot be read: {failure}") from failure
        if not 1 <= len(source) <= TEMPLATE_CHARACTERS:
            raise ContractError(
                f"{path.name} has {len(source)} characters, allowed are 1 to {TEMPLATE_CHARACTERS}"
            )
        try:
            return cls(path.name, source, _environment().from_string(source, name=path.name))
        except LiquidError as failure:
            raise _placed(failure, path.name) from failure

    def render(self, task_input: Mapping[str, Any]) -> str:
        """The page of one data object.

        An input that is missing is an error unless the template asks for it first (`{% if task.input.x %}`, `| default: ""`); the
        real service leaves a hole in the page.

        Args:
            task_input: `taskInput` of the pre-annotation reply.

        Raises:
            ContractError: the template reads what `task_input` has not; names line and column.
        """
        try:
            return self.parsed.render(task={"input": task_input})
        except LiquidError as failure:
            raise _placed(failure, self.name) from failure

    def warnings(self) -> list[str]:
        """What makes a page useless although it renders."""
        found = []
        if _CROWD_ELEMENTS not in self.source:
            found.append(f"{self.name} does not load {_CROWD_ELEMENTS}; crowd elements stay blank")
        if "<crowd-form" not in self.source and "<crowd-entity-annotation" not in self.source:
            found.append(f"{self.name} has no <crowd-form>, so workers cannot submit")
        return found


def _environment() -> Environment:
    environment = Environment(autoescape=True, undefined=FalsyStrictUndefined)
    environment.add_filter("to_json", _to_json)
    environment.add_filter("skip_autoescape", _skip_autoescape)
    environment.add_filter("grant_read_access", _grant_read_access)
    return environment


def _to_json(value: object) -> str:
    return write_json(_present(value))


def _skip_autoescape(value: object) -> Markup:
    return Markup(str(_present(value)))  # noqa: S704 - the filter's purpose; the page is never served


def _grant_read_access(value: object) -> str:
    """An HTTPS URL with a stand-in for the signature; what is no S3 URI stays as it is."""
    text = str(_present(value))
    if not text.startswith("s3://"):
        return text
    bucket, _, key = text.removeprefix("s3://").partition("/")
    return f"https://{bucket}.s3.amazonaws.com/{quote(key)}?X-Amz-Expires=900&X-Amz-Signature=simulated"


def _present(value: object) -> object:
    """The value; one that is undefined raises the error that names it."""
    if isinstance(value, Undefined):
        str(value)
    return value


def _placed(failure: LiquidError, name: str) -> ContractError:
    context = failure.context()
    place = f"{name} line {context[0]}, column {context[1] + 1}" if context else name
    return ContractError(f"{place}: {failure.message}")
