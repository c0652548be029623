"""What IAM policies allow: identity policies, boundaries and resource policies, evaluated as IAM documents it. Pure values, no calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Context = Mapping[str, Sequence[str]]
"""Values by condition key in lower case, such as `sns:protocol`."""
_Test = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document.

    Attributes:
        name: how it is named where it decides.
        document: as IAM has it.
    """

    name: str
    document: Mapping[str, Any]

    @property
    def statements(self) -> list[Mapping[str, Any]]:
        """Its statements."""
        statements = self.document.get("Statement", [])
        return statements if isinstance(statements, list) else [statements]


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do.

    Attributes:
        action: such as `s3:GetObject`.
        resource: ARN, or `*`.
        context: values of condition keys.
    """

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a request.

    Attributes:
        outcome: `allowed`, `explicitDeny` or `implicitDeny`.
        deciding: names of the policies whose statements decided.
        missing: condition keys that a statement asks for and the request does not have.
    """

    outcome: str
    deciding: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether it may be done."""
        return self.outcome == "allowed"


def decide(
    request: Request,
    identity: Iterable[Policy],
    *,
    boundary: Iterable[Policy] | None = None,
    resource: Policy | None = None,
    principal: str = "",
) -> Decision:
    """Evaluate a request within one account: a Deny anywhere wins; else an Allow of the identity or of the resource is needed.

    Args:
        request: what is asked.
        identity: policies of who asks.
        boundary: policies that limit the identity's; None for no limit.
        resource: of what is asked for, or None.
        principal: ARN of who asks; matched with the resource policy's.
    """
    own = _matching(request, identity, "")
    limits = None if boundary is None else _matching(request, boundary, "")
    granted = _matching(request, [resource] if resource else [], principal)
    found = [*own.found, *(limits.found if limits else []), *granted.found]
    missing = tuple(sorted({*own.missing, *granted.missing}))
    denied = [name for name, effect in found if effect == "Deny"]
    if denied:
        return Decision("explicitDeny", tuple(dict.fromkeys(denied)), missing)
    allowed = own.allowing if limits is None or limits.allowing else []
    if allowed or granted.allowing:
        return Decision("allowed", tuple(dict.fromkeys([*allowed, *granted.allowing])), missing)
    return Decision("implicitDeny", (), missing)


@dataclass(slots=True)
class _Matches:
    found: list[tuple[str, str]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    @property
    def allowing(self) -> list[str]:
        return [name for name, effect in self.found if effect == "Allow"]


def _matching(request: Request, policies: Iterable[Policy], principal: str) -> _Matches:
    """The statements that speak of the request, by policy name, and the condition keys that were not there."""
    matches = _Matches()
    for policy in policies:
        for statement in policy.statements:
            if not (_concerns(statement, request) and _is_about(statement, principal)):
                continue
            conditions = statement.get("Condition", {})
            matches.missing |= {
                key for tests in conditions.values() for key in tests if key.lower() not in request.context
            }
            if all(_holds(operator, tests, request.context) for operator, tests in conditions.items()):
                matches.found.append((policy.name, statement["Effect"]))
    return matches


def _concerns(statement: Mapping[str, Any], request: Request) -> bool:
    return _named(statement, "Action", request.action, ignore_case=True) and _named(
        statement, "Resource", request.resource, ignore_case=False
    )


def _named(statement: Mapping[str, Any], element: str, value: str, *, ignore_case: bool) -> bool:
    """Whether an element or its negation covers a value; a policy of a resource or of trust has no Resource."""
    if f"Not{element}" in statement:
        return not any(
            _like(pattern, value, ignore_case=ignore_case) for pattern in _list(statement[f"Not{element}"])
        )
    if element not in statement:
        return element == "Resource"
    return any(_like(pattern, value, ignore_case=ignore_case) for pattern in _list(statement[element]))


def _is_about(statement: Mapping[str, Any], principal: str) -> bool:
    """Whether a statement of a resource policy speaks of who asks; the account's root stands for all of the account."""
    if "Principal" not in statement:
        return True
    principals = statement["Principal"]
    names = ["*"] if principals == "*" else [name for each in principals.values() for name in _list(each)]
    account = principal.split(":")[4] if principal.count(":") > 4 else ""
    return bool({"*", principal, account, f"arn:aws:iam::{account}:root"} & set(names))


def _holds(operator: str, tests: Mapping[str, Any], context: Context) -> bool:
    """Whether all tests of one operator hold."""
    quantifier, _, name = operator.rpartition(":")
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    for key, wanted in tests.items():
        values = context.get(key.lower())
        if name == "Null":
            if (values is None) != (str(_list(wanted)[0]).lower() == "true"):
                return False
        elif values is None:
            if not (optional or name in _NEGATED or quantifier == "ForAllValues"):
                return False
        elif not _compares(name, quantifier, _list(wanted), values):
            return False
    return True


def _compares(name: str, quantifier: str, wanted: Sequence[Any], values: Sequence[str]) -> bool:
    negated = name in _NEGATED
    test = _TESTS.get(_NEGATED.get(name, name))
    if test is None:
        return False
    results = [any(test(str(pattern), value) for pattern in wanted) != negated for value in values]
    return all(results) if quantifier == "ForAllValues" or negated else any(results)


def _like(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    return _expression(pattern, ignore_case).fullmatch(value) is not None


@cache
def _expression(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    text = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG))


def _same(pattern: str, value: str) -> bool:
    return pattern == value


def _same_in_any_case(pattern: str, value: str) -> bool:
    return pattern.lower() == value.lower()


def _number(compare: Callable[[float, float], bool]) -> _Test:
    return lambda wanted, value: compare(float(value), float(wanted))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_TESTS: Mapping[str, _Test] = {
    "StringEquals": _same,
    "StringEqualsIgnoreCase": _same_in_any_case,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": _same_in_any_case,
    "NumericEquals": _number(lambda value, wanted: value == wanted),
    "NumericLessThan": _number(lambda value, wanted: value < wanted),
    "NumericLessThanEquals": _number(lambda value, wanted: value <= wanted),
    "NumericGreaterThan": _number(lambda value, wanted: value > wanted),
    "NumericGreaterThanEquals": _number(lambda value, wanted: value >= wanted),
}
"""Condition operators; a statement with any other, such as of dates and addresses, does not match."""
_NEGATED: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
}
