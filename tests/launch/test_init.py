"""`labeljob init`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from labeljob.cli import cli
from labeljob.launch.job_file import read_job_file
from labeljob.launch.rules.places import CLASSIFIERS
from labeljob.launch.starting_file import job_file_text
from labeljob.launch.tasks import TASKS, TaskType
from shared.errors import ContractError


def test_init_writes_a_job_file_and_says_what_comes_next(tmp_path: Path) -> None:
    path = tmp_path / "roads.yaml"
    result = CliRunner().invoke(cli, ["init", str(path), "--task", "bounding-box", "--public"])
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == f"wrote    {path}"
    job = read_job_file(path)
    assert (job.task, job.workforce.public) == ("bounding-box", True)
    assert '<crowd-bounding-box name="boundingBox">' in path.read_text()


def test_what_comes_next_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    path = tmp_path / "my roads.yaml"
    result = CliRunner().invoke(cli, ["init", str(path)])
    assert f"         labeljob create '{path}' --dry-run" in result.output.splitlines()


def test_init_writes_over_nothing_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("mine")
    with pytest.raises(ContractError, match="is there already; give another name, or --force"):
        CliRunner().invoke(cli, ["init", str(path)], catch_exceptions=False)
    assert path.read_text() == "mine"
    assert CliRunner().invoke(cli, ["init", str(path), "--force"]).exit_code == 0
    assert read_job_file(path).task == "custom"


def test_init_refuses_what_the_public_workforce_does_not_take(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="does not take task video-object-tracking"):
        CliRunner().invoke(
            cli,
            ["init", str(tmp_path / "job.yaml"), "--task", "video-object-tracking", "--public"],
            catch_exceptions=False,
        )
    assert not (tmp_path / "job.yaml").exists()


_OPTIONAL = re.compile(
    r"^( *)# ?((?:  )?(?!label-categories|vendor|private|public|manifest)[a-z-]+:( [^A-Z].*)?)$"
)
"""A key that is commented out, and excludes no other; a comment in words begins with a capital."""


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_optional_key_of_the_file_can_be_taken_in(task: TaskType, tmp_path: Path) -> None:
    lines = job_file_text(task).splitlines()
    path = tmp_path / "job.yaml"
    path.write_text("\n".join(_OPTIONAL.sub(r"\1\2", line) for line in lines))
    job = read_job_file(path)
    assert job.keywords == ("images", "street scenes")
    assert job.tags == {"project": "roads"}
    assert (job.max_concurrent, job.availability) == (1_000, 21_600)
    assert (job.stop_after_objects, job.stop_after_percentage) == (500, 50)
    assert job.content_classifiers == CLASSIFIERS
    assert job.output_key
    assert job.output_topic
    assert job.uploads
    assert job.label_attribute
    assert job.automated_labeling == (task.algorithm is not None)
