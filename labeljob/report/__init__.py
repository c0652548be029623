"""The report of a labeling job: one HTML page that shows every label, what speaks for it, and what a person should look at."""

from labeljob.report.facts import JobFacts, read_job
from labeljob.report.page import render_report, write_report

__all__ = ["JobFacts", "read_job", "render_report", "write_report"]
