"""Ground Truth on a laptop: a custom labeling job run from recorded answers with the real handlers and a real S3 protocol."""

from typing import TYPE_CHECKING

from labeljob.lazy import names

if TYPE_CHECKING:
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
    from labeljob.simulation.streaming_run import StreamingResult, simulate_streaming

_JOB = "labeljob.simulation.job"
_PLACES = {
    "SWITCHES": f"{_JOB}:SWITCHES",
    "Counts": f"{_JOB}:Counts",
    "Failure": f"{_JOB}:Failure",
    "Handlers": "labeljob.simulation.handlers:Handlers",
    "Iteration": f"{_JOB}:Iteration",
    "JobFailedError": f"{_JOB}:JobFailedError",
    "Progress": f"{_JOB}:Progress",
    "SimulatedJob": f"{_JOB}:SimulatedJob",
    "SimulationResult": f"{_JOB}:SimulationResult",
    "StreamingResult": "labeljob.simulation.streaming_run:StreamingResult",
    "Switches": f"{_JOB}:Switches",
    "simulate": "labeljob.simulation.run:simulate",
    "simulate_streaming": "labeljob.simulation.streaming_run:simulate_streaming",
}
"""Where each name is defined."""
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
    "StreamingResult",
    "Switches",
    "simulate",
    "simulate_streaming",
]
__getattr__ = names(__name__, _PLACES)
