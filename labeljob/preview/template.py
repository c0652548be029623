"""Worker templates rendered as Ground Truth renders them: Liquid with its filters, escaping by default, missing input reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
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
Grant = Callable[[str], str]
"""Makes a URL that a browser can read of an S3 URI: what `grant_read_access` does."""


def signed(uri: str) -> str:
    """An HTTPS URL with a stand-in for the signature."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return f"https://{bucket}.s3.amazonaws.com/{quote(key)}?X-Amz-Expires=900&X-Amz-Signature=simulated"


@dataclass(frozen=True, slots=True)
class WorkerTemplate:
    """A worker template.

    Attributes:
        name: file name, for errors.
        source: its text.
        parsed: what is rendered.
        grant: what `grant_read_access` makes of an S3 URI.
    """

    name: str
    source: str
    parsed: BoundTemplate
    grant: Grant = signed

    @classmethod
    def read(cls, path: Path, grant: Grant = signed) -> Self:
        """Read a template.

        Args:
            path: of its file.
            grant: what `grant_read_access` makes of an S3 URI; anything else stays as it is.

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
        return cls(path.name, source, parse_liquid(source, path.name, grant), grant)

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

    def render_leniently(self, task_input: Mapping[str, Any]) -> str:
        """The page as the real service renders it: what is missing leaves a hole."""
        return parse_liquid(self.source, self.name, self.grant, Undefined).render(task={"input": task_input})


def parse_liquid(
    source: str, name: str, grant: Grant = signed, undefined: type[Undefined] = FalsyStrictUndefined
) -> BoundTemplate:
    """Parse Liquid with the filters that Ground Truth has.

    Args:
        source: of the template.
        name: for errors.
        grant: see `WorkerTemplate.read`.
        undefined: what stands for an input that is missing.

    Raises:
        ContractError: it is not such Liquid; names line and column.
    """
    environment = Environment(autoescape=True, undefined=undefined)
    environment.add_filter("to_json", _to_json)
    environment.add_filter("skip_autoescape", _skip_autoescape)
    environment.add_filter("grant_read_access", partial(_grant_read_access, grant))
    try:
        return environment.from_string(source, name=name)
    except LiquidError as failure:
        raise _placed(failure, name) from failure


def _to_json(value: object) -> str:
    return write_json(_present(value))


def _skip_autoescape(value: object) -> Markup:
    return Markup(str(_present(value)))  # noqa: S704 - the filter's purpose; stand-ins are served on this machine only


def _grant_read_access(grant: Grant, value: object) -> str:
    text = str(_present(value))
    return grant(text) if text.startswith("s3://") else text


def _present(value: object) -> object:
    """The value; one that is undefined raises the error that names it, or is empty where the template is only checked."""
    return str(value) if isinstance(value, Undefined) else value


def _placed(failure: LiquidError, name: str) -> ContractError:
    context = failure.context()
    place = f"{name} line {context[0]}, column {context[1] + 1}" if context else name
    return ContractError(f"{place}: {failure.message}")
