"""The template under test."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.cloudformation import read_template
from tools.artefact import ROOT


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml as plain Python."""
    return read_template(ROOT / "template.yaml")
