"""From a job file to a labeling job."""
