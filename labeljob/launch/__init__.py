"""From a job file to a labeling job."""

from labeljob.launch.creating import UnsoundJobError, create
from labeljob.launch.job_file import JobFile, Workforce, read_job_file
from labeljob.launch.request import LaunchPlan, Upload, build

__all__ = [
    "JobFile",
    "LaunchPlan",
    "UnsoundJobError",
    "Upload",
    "Workforce",
    "build",
    "create",
    "read_job_file",
]
