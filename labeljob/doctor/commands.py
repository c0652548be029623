"""Commands that mend: the AWS CLI with every value filled in, ready to paste into a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH, _DOCUMENT_WIDTH = 92, 88
_VERSION = "2012-10-17"


def aws_command(service: str, operation: str, **options: Any) -> str:
    """A command of the AWS CLI.

    Args:
        service: such as `s3api`.
        operation: such as `put-bucket-cors`.
        options: values by name with underscores; a mapping or list becomes a JSON document, None is left out.

    Returns:
        As few lines as are not long.
    """
    parts = [f"aws {service} {operation}"]
    parts += [
        f"--{name.replace('_', '-')} {_quoted(value)}" for name, value in options.items() if value is not None
    ]
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1].rpartition("\n")[2]) + len(part.partition("\n")[0]) < _WIDTH:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return " \\\n  ".join(lines)


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
    return shlex.quote(str(value) if isinstance(value, str | int) else _document(value))


def _document(value: Any, indent: str = "", head: str = "") -> str:
    """JSON in which what fits into a line is not broken."""
    line = json.dumps(value)
    if not isinstance(value, dict | list) or len(indent) + len(head) + len(line) <= _DOCUMENT_WIDTH:
        return indent + head + line
    if isinstance(value, dict):
        parts = [_document(member, f"{indent}  ", f"{json.dumps(key)}: ") for key, member in value.items()]
    else:
        parts = [_document(member, f"{indent}  ") for member in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    body = ",\n".join(parts)
    return f"{indent}{head}{opening}\n{body}\n{indent}{closing}"
