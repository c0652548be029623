"""What the artefact tests share: the built artefact, and the real answers they send through it."""

from __future__ import annotations

import json
import platform
from typing import Any

import pytest

from tools.artefact import ROOT, Artefact, build

STREETSCENES = ROOT / "tests" / "data" / "streetscenes" / "consolidation_request.json"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lambda is Linux, and so are the wheels in the artefact."""
    if platform.system() == "Linux":
        return
    for item in items:
        if "artefact" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason="the artefact's wheels are for Linux"))


@pytest.fixture(scope="session")
def artefact() -> Artefact:
    """The output of `sam build` for the sources as they are and the Python at hand."""
    return build()


@pytest.fixture(scope="session")
def streetscenes() -> list[dict[str, Any]]:
    """Two street scenes, three workers' instance masks each, as Ground Truth sends them."""
    payload: list[dict[str, Any]] = json.loads(STREETSCENES.read_text(encoding="utf-8"))
    return payload
