"""Ground Truth on a laptop: a custom labeling job run from recorded answers with the real handlers and a real S3 protocol."""

from labeljob.simulation.handlers import Handlers
from labeljob.simulation.job import (
    SWITCHES,
    Counts,
    Failure,
    Iteration,
    JobFailedError,
    Progress,
    SimulatedJob,
    SimulationResult,
    Switches,
)
from labeljob.simulation.run import simulate

__all__ = [
    "SWITCHES",
    "Counts",
    "Failure",
    "Handlers",
    "Iteration",
    "JobFailedError",
    "Progress",
    "SimulatedJob",
    "SimulationResult",
    "Switches",
    "simulate",
]
