"""Work teams of the local AWS: recorded answers stand in for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labeljob.local.crowd import Crowd
from labeljob.local.job import ACCOUNT, REGION
from labeljob.local.protocol import ServiceError
from labeljob.simulation.answers import RecordedAnswers, read_answers

PUBLIC_TEAM = f"arn:aws:sagemaker:{REGION}:394669845002:workteam/public-crowd/default"
"""Amazon Mechanical Turk."""
PUBLIC_CROWD = "public"
"""Name of the crowd that answers for it."""


@dataclass(frozen=True, slots=True)
class Workteams:
    """The work teams there are: one private team per crowd, and Mechanical Turk.

    Attributes:
        crowds: by team name; `public` answers for Mechanical Turk.
        recorded: their answers.
    """

    crowds: dict[str, Crowd] = field(default_factory=dict)
    recorded: dict[str, RecordedAnswers] = field(default_factory=dict)

    def recruit(self, name: str, crowd: Crowd) -> None:
        """Add a team, or give it other people.

        Raises:
            ContractError: the answers cannot be read; names the file.
        """
        self.recorded[name] = read_answers(crowd.answers)
        self.crowds[name] = crowd

    @property
    def private(self) -> list[str]:
        """Names of the private teams."""
        return sorted(set(self.crowds) - {PUBLIC_CROWD})

    def name_of(self, arn: str) -> str:
        """The crowd that answers for a work team; nobody needs to answer for Mechanical Turk.

        Raises:
            ServiceError: there is no such team.
        """
        names = {team_arn(name): name for name in self.private} | {PUBLIC_TEAM: PUBLIC_CROWD}
        if arn not in names:
            raise ServiceError("ValidationException", f"The work team {arn} does not exist.")
        return names[arn]

    def people(self, arn: str) -> tuple[str | None, RecordedAnswers]:
        """Who answers for a work team: the manifest attribute to find their answers by, and the answers.

        Raises:
            ServiceError: there is no such team.
        """
        name = self.name_of(arn)
        if name not in self.crowds:
            return None, RecordedAnswers({})
        return self.crowds[name].answer_key, self.recorded[name]

    def describe(self, name: str, created: datetime) -> dict[str, Any]:
        """A private team as DescribeWorkteam shows it.

        Raises:
            ServiceError: there is no such team.
        """
        if name not in self.private:
            raise ServiceError("ValidationException", f"The work team {name} does not exist.")
        member = {"UserPool": f"{REGION}_local", "UserGroup": name, "ClientId": "local"}
        return {
            "WorkteamName": name,
            "WorkteamArn": team_arn(name),
            "WorkforceArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workforce/private-crowd/default",
            "MemberDefinitions": [{"CognitoMemberDefinition": member}],
            "Description": f"Recorded answers of the crowd {name}",
            "SubDomain": "localhost",
            "CreateDate": created,
            "LastUpdatedDate": created,
        }


def team_arn(name: str) -> str:
    """ARN of a private work team."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/{name}"
