"""Commands that mend: the AWS CLI with every value filled in, ready to paste into a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH = 100
_VERSION = "2012-10-17"


def aws_command(service: str, operation: str, **options: Any) -> str:
    """A command of the AWS CLI.

    Args:
        service: such as `s3api`.
        operation: such as `put-bucket-cors`.
        options: values by name with underscores; a mapping or list becomes a JSON document, None is left out.

    Returns:
        One line, or one line per option where that would be long or a document is among them.
    """
    parts = [f"aws {service} {operation}"]
    parts += [
        f"--{name.replace('_', '-')} {_quoted(value)}" for name, value in options.items() if value is not None
    ]
    line = " ".join(parts)
    return line if len(line) <= _WIDTH and "\n" not in line else " \\\n  ".join(parts)


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """An IAM policy document."""
    return {"Version": _VERSION, "Statement": list(statements)}


def allow(actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    """A statement of an identity policy."""
    return {
        "Effect": "Allow",
        "Action": sorted(set(actions)),
        "Resource": sorted(set(resources)),
    }


def _quoted(value: Any) -> str:
    if isinstance(value, str | int):
        return shlex.quote(str(value))
    return shlex.quote(json.dumps(value, indent=2))
