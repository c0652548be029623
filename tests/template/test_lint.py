"""The linters that AWS gives have nothing to say about the template, not even a warning."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cfnlint.api
from cfnlint.config import ManualArgs

from tools.artefact import ROOT, sam_environment, tool


def test_cfn_lint_finds_nothing() -> None:
    """Warnings and informational remarks count as findings."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    arguments = ManualArgs(regions=["us-east-1", "eu-central-1", "ap-northeast-1"], include_checks=["I"])
    findings = cfnlint.api.lint(text, config=arguments)
    assert [f"{finding.rule.id} line {finding.linenumber}: {finding.message}" for finding in findings] == []


def test_sam_validate_accepts_the_template() -> None:
    """`sam validate --lint` also checks that the SAM transform succeeds."""
    command: list[str | Path] = [
        tool("sam", "sam"),
        "validate",
        "--lint",
        "--region",
        "us-east-1",
        "--template",
        ROOT / "template.yaml",
    ]
    run = subprocess.run(
        command, cwd=ROOT, env=sam_environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "is a valid SAM Template" in run.stdout
