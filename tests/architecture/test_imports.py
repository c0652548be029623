"""Imports run one way: labeljob -> consolidation, pre_annotation -> shared; kinds -> estimation -> numpy."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("shared", "pre_annotation", "consolidation", "labeljob")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAY_IMPORT = {
    "shared": {"shared"},
    "pre_annotation": {"pre_annotation", "shared"},
    "consolidation": {"consolidation", "shared"},
    "labeljob": {"labeljob", "consolidation", "pre_annotation", "shared"},
}
IN_LAMBDA = {"aws_lambda_powertools", "boto3", "botocore", "numpy", "PIL", "mypy_boto3_s3"}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_import_runs_against_the_arrows(path: Path) -> None:
    allowed = MAY_IMPORT[path.relative_to(ROOT).parts[0]]
    own = {name.split(".")[0] for name in _imports(path)} & set(PACKAGES)
    assert own <= allowed


@pytest.mark.parametrize("path", [path for path in MODULES if "labeljob" not in path.parts], ids=_name)
def test_what_runs_in_lambda_imports_nothing_heavy(path: Path) -> None:
    outside = {name.split(".")[0] for name in _imports(path)} - set(PACKAGES) - set(sys.stdlib_module_names)
    assert outside <= IN_LAMBDA


@pytest.mark.parametrize("path", sorted((ROOT / "consolidation" / "estimation").glob("*.py")), ids=_name)
def test_estimation_imports_numpy_only(path: Path) -> None:
    outside = {name for name in _imports(path) if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in outside if not name.startswith("consolidation.estimation")} <= {
        "numpy",
        "numpy.typing",
    }


def test_only_storage_talks_to_aws_in_lambda() -> None:
    talking = {
        _name(path)
        for path in MODULES
        if "labeljob" not in path.parts
        and {name.split(".")[0] for name in _imports(path)} & {"boto3", "botocore"}
    }
    assert talking == {"shared/storage.py"}
