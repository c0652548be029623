"""The report of a labeling job: one HTML page that shows every label, what speaks for it, and what a person should look at."""

from typing import TYPE_CHECKING

from labeljob.lazy import names

if TYPE_CHECKING:
    from labeljob.report.facts import JobFacts, read_job
    from labeljob.report.page import render_report, write_report

_PLACES = {
    "JobFacts": "labeljob.report.facts:JobFacts",
    "read_job": "labeljob.report.facts:read_job",
    "render_report": "labeljob.report.page:render_report",
    "write_report": "labeljob.report.page:write_report",
}
"""Where each name is defined."""
__all__ = ["JobFacts", "read_job", "render_report", "write_report"]
__getattr__ = names(__name__, _PLACES)
