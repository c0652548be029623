"""What policies say: trust and key policies are read here, what identity policies allow is asked of IAM."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labeljob.aws import Aws, calling
from labeljob.doctor.commands import allow, aws_command, policy

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import ContextEntryTypeDef, EvaluationResultTypeDef

_ASSUME = "sts:AssumeRole"


@dataclass(frozen=True, slots=True)
class Need:
    """Actions on one resource.

    Attributes:
        actions: such as `s3:GetObject`.
        resource: ARN that is asked about.
        granted: resource of the statement that grants it; empty for `resource`.
        context: condition keys of the request.
    """

    actions: tuple[str, ...]
    resource: str
    granted: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What of a need IAM would refuse.

    Attributes:
        need: all that was asked.
        actions: that are refused.
        explicit: ids of the policies that deny it in so many words; what is merely not allowed has none.
        beyond: `permissions boundary` or `organization's policies` where one of these refuses; else empty.
    """

    need: Need
    actions: tuple[str, ...]
    explicit: tuple[str, ...] = ()
    beyond: str = ""

    def __str__(self) -> str:
        return f"{', '.join(self.actions)} on {self.need.resource}"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one action on one resource: `allowed`, `implicitDeny` or `explicitDeny`, and by what; see `Refusal`."""

    action: str
    outcome: str
    explicit: tuple[str, ...]
    beyond: str


def statements(document: Any) -> list[Mapping[str, Any]]:
    """The statements of a policy document, given as such or as JSON text."""
    parsed = json.loads(document) if isinstance(document, str) else document
    found = parsed.get("Statement", []) if isinstance(parsed, dict) else []
    return [one for one in _listed(found) if isinstance(one, dict)]


def trusts(document: Any, principal: str) -> bool:
    """Whether a trust policy lets someone assume the role. Conditions are taken to be met.

    Args:
        document: `AssumeRolePolicyDocument`.
        principal: a service such as `sagemaker.amazonaws.com`, or a role's ARN; a role is also let in by its whole account.
    """
    return _allows([one for one in statements(document) if _names(one, principal)], _ASSUME)


def refused_by_key(document: Any, principal: str, actions: Sequence[str]) -> tuple[str, ...]:
    """The actions that a key policy does not let a role do, neither itself nor through its account's IAM policies."""
    found = [one for one in statements(document) if _names(one, principal)]
    return tuple(action for action in actions if not _allows(found, action))


def left_to_account(document: Any, principal: str, actions: Sequence[str]) -> tuple[str, ...]:
    """Of the actions that a key policy allows, those that it leaves to the IAM policies of the account."""
    own = [one for one in statements(document) if _names(one, principal, through_account=False)]
    return tuple(action for action in actions if not _allows(own, action))


def refusals(aws: Aws, role_arn: str, needs: Sequence[Need]) -> list[Refusal]:
    """What IAM would refuse a role: its identity policies, permissions boundary and the organization's policies.

    Raises:
        AwsError: the simulation is refused or fails.
    """
    alike: dict[tuple[Any, ...], list[Need]] = {}
    for need in needs:
        alike.setdefault((need.actions, *need.context.items()), []).append(need)
    found = [
        refusal for group in alike.values() for refusal in _refused(group, _simulated(aws, role_arn, group))
    ]
    return sorted(found, key=lambda refusal: needs.index(refusal.need))


def grant(role_arn: str, name: str, found: Sequence[Refusal]) -> str:
    """What lets a role do what is refused: a command, or who must change what."""
    if explicit := sorted({one for refusal in found for one in refusal.explicit}):
        return f"take the Deny out of {', '.join(explicit)}; a Deny wins over whatever is allowed beside it"
    if beyond := sorted({refusal.beyond for refusal in found} - {""}):
        return f"have the {' and the '.join(beyond)} of {role_arn} allow it; a policy of the role cannot"
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for refusal in found:
        by_actions.setdefault(refusal.actions, []).append(refusal.need.granted or refusal.need.resource)
    return aws_command(
        "iam",
        "put-role-policy",
        role_name=role_name(role_arn),
        policy_name=f"labeljob-{name}",
        policy_document=policy(*(allow(actions, resources) for actions, resources in by_actions.items())),
    )


def role_name(role_arn: str) -> str:
    """The name in a role's ARN, without its path."""
    return role_arn.rpartition("/")[2]


def account_of(arn: str) -> str:
    """The account in an ARN; empty where there is none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 else ""


def _simulated(aws: Aws, role_arn: str, needs: Sequence[Need]) -> list[EvaluationResultTypeDef]:
    """The results for needs of the same actions and context, one for each action."""
    entries: list[ContextEntryTypeDef] = [
        {"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}
    ]
    entries += [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in needs[0].context.items()
    ]
    with calling(f"ask IAM what role {role_name(role_arn)} may do"):
        pages = aws.iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=role_arn,
            ActionNames=list(needs[0].actions),
            ResourceArns=list(dict.fromkeys(need.resource for need in needs)),
            ContextEntries=entries,
        )
        return [result for page in pages for result in page["EvaluationResults"]]


def _refused(needs: Sequence[Need], results: Sequence[EvaluationResultTypeDef]) -> Iterator[Refusal]:
    """What of needs that were asked together is refused."""
    for need in needs:
        denied = [
            one for one in (_about(need.resource, result) for result in results) if one.outcome != "allowed"
        ]
        if denied:
            actions = dict.fromkeys(one.action for one in denied)
            explicit = {name for one in denied for name in one.explicit}
            beyond = next((one.beyond for one in denied if one.beyond), "")
            yield Refusal(need, tuple(actions), tuple(sorted(explicit)), beyond)


def _about(resource: str, result: EvaluationResultTypeDef) -> _Outcome:
    """What came of an action on a resource. The service gives one result for all resources of a call, with one of each inside."""
    own = next(
        (one for one in result.get("ResourceSpecificResults", []) if one["EvalResourceName"] == resource),
        None,
    )
    outcome = own["EvalResourceDecision"] if own else result["EvalDecision"]
    matched = (own or result).get("MatchedStatements", [])
    explicit = [one.get("SourcePolicyId", "a policy") for one in matched] if outcome == "explicitDeny" else []
    beyond = ""
    if result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations") is False:
        beyond = "organization's policies"
    elif (own or result).get("PermissionsBoundaryDecisionDetail", {}).get(
        "AllowedByPermissionsBoundary"
    ) is False:
        beyond = "permissions boundary"
    return _Outcome(result["EvalActionName"], outcome, tuple(explicit), beyond)


def _allows(found: Sequence[Mapping[str, Any]], action: str) -> bool:
    """Whether statements allow an action; the conditions of those that allow are taken to be met, of those that deny not to be."""
    effects = {
        one.get("Effect")
        for one in found
        if _covers(one, action) and not (one.get("Effect") == "Deny" and "Condition" in one)
    }
    return effects == {"Allow"}


def _covers(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(_matches(one, action) for one in _listed(statement["NotAction"]))
    return any(_matches(one, action) for one in _listed(statement.get("Action", [])))


def _names(statement: Mapping[str, Any], principal: str, *, through_account: bool = True) -> bool:
    principals = statement.get("Principal", {})
    if principals == "*":
        return True
    if not isinstance(principals, dict):
        return False
    if not principal.startswith("arn:"):
        return principal in _listed(principals.get("Service", []))
    account = account_of(principal)
    partition = principal.split(":")[1]
    accepted = {principal, "*"}
    if through_account:
        accepted |= {account, f"arn:{partition}:iam::{account}:root"}
    return bool(accepted & set(_listed(principals.get("AWS", []))))


def _matches(pattern: Any, action: str) -> bool:
    expression = re.escape(str(pattern)).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, action, re.IGNORECASE) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
