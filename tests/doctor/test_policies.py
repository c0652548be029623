"""What IAM says of needs that are asked together."""

from __future__ import annotations

from labeljob.doctor.policies import Need, grant, refusals
from tests.doctor.conftest import EXECUTION, Bench, role_arn

IN, OUT, OTHER = (f"arn:aws:s3:::{place}" for place in ("acme-in/1", "acme-out/1", "acme-else/1"))


def test_each_need_has_its_own_answer(bench: Bench) -> None:
    needs = [
        Need(("s3:GetObject",), OTHER),
        Need(("s3:GetObject",), IN),
        Need(("s3:GetObject", "s3:PutObject"), OUT),
        Need(("s3:GetObject", "s3:DeleteObject"), OUT),
    ]
    found = refusals(bench.aws, role_arn(EXECUTION), needs)
    assert [(one.need, one.actions) for one in found] == [
        (needs[0], ("s3:GetObject",)),
        (needs[3], ("s3:DeleteObject",)),
    ]


def test_a_permissions_boundary_is_not_mended_by_a_policy(bench: Bench) -> None:
    """The local AWS does not say which of several kinds of policies refuses; IAM does."""
    one = (
        "<EvalResourceName>{resource}</EvalResourceName><EvalResourceDecision>{decision}</EvalResourceDecision>"
        "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>{allowed}</AllowedByPermissionsBoundary>"
        "</PermissionsBoundaryDecisionDetail>"
    )
    specific = "".join(
        f"<member>{one.format(resource=resource, decision=decision, allowed=allowed)}</member>"
        for resource, decision, allowed in ((IN, "allowed", "true"), (OUT, "implicitDeny", "false"))
    )
    bench.front.operations["SimulatePrincipalPolicy"] = (
        "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>"
        "<EvaluationResults><member><EvalActionName>s3:GetObject</EvalActionName><EvalResourceName>*</EvalResourceName>"
        f"<EvalDecision>implicitDeny</EvalDecision><ResourceSpecificResults>{specific}</ResourceSpecificResults></member>"
        "</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    )
    (found,) = refusals(
        bench.aws, role_arn(EXECUTION), [Need(("s3:GetObject",), IN), Need(("s3:GetObject",), OUT)]
    )
    assert (found.need.resource, found.beyond) == (OUT, "permissions boundary")
    assert "put-role-policy" not in grant(role_arn(EXECUTION), "test", [found])
