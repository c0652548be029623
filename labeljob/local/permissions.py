"""IAM's policy simulator, and who may do what in the local account."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labeljob.local.job import ACCOUNT, REGION, LabelingJob
from labeljob.local.policy import Context, Decision, Policy, Request, decide
from labeljob.local.protocol import ServiceError
from labeljob.simulation.job import JobFailedError

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_SOURCE_TYPES = {True: "IAM Policy", False: "Resource Policy"}
_SEVEREST = ("explicitDeny", "implicitDeny", "allowed")


@dataclass(frozen=True, slots=True)
class Identity:
    """What limits a role or a user.

    Attributes:
        arn: of it.
        policies: inline and attached.
        boundary: permissions boundary, or None.
    """

    arn: str
    policies: tuple[Policy, ...]
    boundary: tuple[Policy, ...] | None

    def may(self, action: str, resource: str, context: Context | None = None) -> bool:
        """Whether it may do something to something."""
        return decide(Request(action, resource, context or {}), self.policies, boundary=self.boundary).allowed


@dataclass(frozen=True, slots=True)
class Permissions:
    """Evaluates the policies that the account has.

    Attributes:
        client: of its IAM.
    """

    client: IAMClient

    @property
    def calls(self) -> Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]:
        """The operations that are answered here."""
        return {
            "SimulatePrincipalPolicy": self.simulate_principal,
            "SimulateCustomPolicy": self.simulate_custom,
        }

    def simulate_principal(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """SimulatePrincipalPolicy.

        Raises:
            ServiceError: there is no such role or user, or a policy is not JSON.
        """
        identity = self.identity(request["PolicySourceArn"])
        given = [*identity.policies, *_given(request, "PolicyInputList")]
        return _simulate(request, given, identity.boundary, request.get("CallerArn", identity.arn))

    def simulate_custom(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """SimulateCustomPolicy.

        Raises:
            ServiceError: a policy is not JSON.
        """
        return _simulate(request, _given(request, "PolicyInputList"), None, request.get("CallerArn", ""))

    def identity(self, arn: str) -> Identity:
        """The policies of a role or a user.

        Raises:
            ServiceError: there is none.
        """
        kind, name = arn.rpartition(":")[2].split("/")[0], arn.rpartition("/")[2]
        try:
            if kind == "role":
                return Identity(
                    arn,
                    tuple(self._of_role(name)),
                    self._boundary(self.client.get_role(RoleName=name)["Role"]),
                )
            user = self.client.get_user(UserName=name)["User"]
            return Identity(arn, tuple(self._of_user(name)), self._boundary(user))
        except self.client.exceptions.NoSuchEntityException as failure:
            raise ServiceError("NoSuchEntity", f"The entity {arn} cannot be found.", 404) from failure

    def _of_role(self, name: str) -> Iterator[Policy]:
        for policy in self.client.list_role_policies(RoleName=name)["PolicyNames"]:
            found = self.client.get_role_policy(RoleName=name, PolicyName=policy)
            yield Policy(policy, _document(found["PolicyDocument"]))
        for attached in self.client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            yield self._managed(attached["PolicyArn"])

    def _of_user(self, name: str) -> Iterator[Policy]:
        for policy in self.client.list_user_policies(UserName=name)["PolicyNames"]:
            found = self.client.get_user_policy(UserName=name, PolicyName=policy)
            yield Policy(policy, _document(found["PolicyDocument"]))
        for attached in self.client.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
            yield self._managed(attached["PolicyArn"])

    def _boundary(self, entity: Any) -> tuple[Policy, ...] | None:
        boundary = entity.get("PermissionsBoundary")
        return (self._managed(boundary["PermissionsBoundaryArn"]),) if boundary else None

    def _managed(self, arn: str) -> Policy:
        version = self.client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = self.client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return Policy(arn.rpartition("/")[2], _document(found))


def require(role: Identity, job: LabelingJob) -> None:
    """Fail a job whose role may not do what the job does before its first object.

    Raises:
        JobFailedError: names the action and its resource.
    """
    for action, resource, context in _needs(job):
        if not role.may(action, resource, context):
            raise JobFailedError(
                f"ClientError: Access denied: the role {role.arn} is not allowed to perform {action} on {resource}."
            )


def _needs(job: LabelingJob) -> Iterator[tuple[str, str, Context]]:
    if job.manifest_uri:
        yield "s3:GetObject", f"arn:aws:s3:::{job.manifest_uri.removeprefix('s3://')}", {}
    yield "s3:PutObject", f"arn:aws:s3:::{job.output_folder.removeprefix('s3://')}/", {}
    if job.input_topic:
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:GroundTruth-{job.name.lower()}"
        yield "sqs:CreateQueue", queue, {}
        yield "sns:Subscribe", job.input_topic, {"sns:protocol": ["sqs"], "sns:endpoint": [queue]}
        yield "sqs:ReceiveMessage", queue, {}
    if job.output_topic:
        yield "sns:Publish", job.output_topic, {}


def _document(found: Any) -> Mapping[str, Any]:
    """A policy document; boto3 parses most of them."""
    document: Mapping[str, Any] = json.loads(found) if isinstance(found, str) else found
    return document


def _simulate(
    request: Mapping[str, Any], identity: list[Policy], boundary: tuple[Policy, ...] | None, caller: str
) -> dict[str, Any]:
    context = {
        entry["ContextKeyName"].lower(): entry.get("ContextKeyValues", [])
        for entry in request.get("ContextEntries", [])
    }
    given = _given(request, "PermissionsBoundaryPolicyInputList")
    limits = given or (None if boundary is None else list(boundary))
    of_resource = next(iter(_given(request, "ResourcePolicy")), None)
    results = [
        _result(
            action,
            {
                resource: decide(
                    Request(action, resource, context),
                    identity,
                    boundary=limits,
                    resource=of_resource,
                    principal=caller,
                )
                for resource in request.get("ResourceArns", ["*"])
            },
        )
        for action in request["ActionNames"]
    ]
    return {"EvaluationResults": results, "IsTruncated": False}


def _result(action: str, decisions: Mapping[str, Decision]) -> dict[str, Any]:
    """What came of an action: one result, and in it that for each resource."""
    resource, worst = min(decisions.items(), key=lambda item: _SEVEREST.index(item[1].outcome))
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": worst.outcome,
        "MatchedStatements": _matched(worst),
        "MissingContextValues": list(worst.missing),
        "ResourceSpecificResults": [
            {
                "EvalResourceName": name,
                "EvalResourceDecision": decision.outcome,
                "MatchedStatements": _matched(decision),
                "MissingContextValues": list(decision.missing),
            }
            for name, decision in decisions.items()
        ],
    }


def _matched(decision: Decision) -> list[dict[str, Any]]:
    return [
        {"SourcePolicyId": name, "SourcePolicyType": _SOURCE_TYPES[name != "ResourcePolicy"]}
        for name in decision.deciding
    ]


def _given(request: Mapping[str, Any], name: str) -> list[Policy]:
    """The policies that a parameter of the request holds as JSON text."""
    texts = request.get(name, [])
    texts = [texts] if isinstance(texts, str) else texts
    try:
        documents = [json.loads(text) for text in texts]
    except ValueError as failure:
        raise ServiceError("InvalidInput", f"Syntax errors in policy: {failure}") from failure
    if len(documents) == 1 and name == "ResourcePolicy":
        return [Policy(name, documents[0])]
    return [Policy(f"{name}.{place}", document) for place, document in enumerate(documents, start=1)]
