"""Who answers for a work team."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who answers for a work team.

    Attributes:
        answers: recorded answers, in one of the forms that `labeljob simulate` reads.
        answer_key: manifest attribute with the id under which an object's answers were recorded; None: see `labeljob simulate`.
    """

    answers: Path
    answer_key: str | None = None
