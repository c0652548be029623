"""Job files read: values, defaults, and every fault with its line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeljob.launch.job_file import Workforce, read_job_file
from shared.errors import ContractError

LEAST = """\
name: roads-7
input: {manifest: input.manifest}
output: {path: s3://acme-out/run/}
role: gt-execution
title: Box every vehicle
description: Draw boxes.
workforce: {private: birds}
"""


def read(folder: Path, text: str) -> Any:
    """Read a job file of this text."""
    path = folder / "job.yaml"
    path.write_text(text, encoding="utf-8")
    return read_job_file(path)


def faults(folder: Path, text: str) -> str:
    """What is wrong with a job file, without its path."""
    with pytest.raises(ContractError) as refused:
        read(folder, text)
    return str(refused.value).replace(str(folder / "job.yaml"), "job.yaml")


def test_what_is_left_out_has_the_defaults_of_the_documentation(tmp_path: Path) -> None:
    job = read(tmp_path, LEAST)
    assert (job.task, job.label, job.workers, job.time_limit) == ("custom", "roads-7", 3, 3_600)
    assert job.workforce == Workforce(private="birds")
    assert (job.labels, job.keywords, job.tags, job.streaming) == ((), (), {}, False)


@pytest.mark.parametrize(
    ("task", "workers", "label"),
    [
        ("semantic-segmentation", 3, "roads-7-ref"),
        ("video-object-tracking", 1, "roads-7-ref"),
        ("point-cloud-object-detection", 1, "roads-7"),
    ],
)
def test_defaults_follow_the_task(task: str, workers: int, label: str, tmp_path: Path) -> None:
    job = read(tmp_path, f"{LEAST}task: {task}\n")
    assert (job.workers, job.label) == (workers, label)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("8h", 28_800), ("30 min", 1_800), ("45 s", 45), ("1h 30m", 5_400), ("2 days", 172_800), ("900", 900)],
)
def test_durations_are_read_as_people_write_them(written: str, seconds: int, tmp_path: Path) -> None:
    assert read(tmp_path, f"{LEAST}time-limit: {written}\n").time_limit == seconds


def test_prices_are_exact(tmp_path: Path) -> None:
    text = LEAST.replace("private: birds", "public: {price: $0.036}")
    assert read(tmp_path, text).workforce == Workforce(public=True, price=Decimal("0.036"))


def test_words_that_yaml_takes_for_something_else_stay_words(tmp_path: Path) -> None:
    job = read(tmp_path, f"{LEAST}labels: [yes, no, off, 1.50, 007]\ntags: {{cost-centre: 0012, empty: }}\n")
    assert job.labels == ("yes", "no", "off", "1.50", "007")
    assert job.tags == {"cost-centre": "0012", "empty": ""}


def test_a_block_of_text_does_not_end_in_a_line_of_its_own(tmp_path: Path) -> None:
    text = LEAST.replace("description: Draw boxes.", "description: >\n  Draw\n  boxes.")
    assert read(tmp_path, text).description == "Draw boxes."


def test_places_name_the_line_of_a_key_or_of_what_holds_it(tmp_path: Path) -> None:
    job = read(tmp_path, f"{LEAST}keywords:\n- images\n- roads\n")
    assert job.place("keywords[1]") == "job.yaml line 10, keywords[1]"
    assert job.place("output.path") == "job.yaml line 3, output.path"
    assert job.place("output.key") == "job.yaml line 3, output.key"
    assert job.place("template") == "job.yaml, template"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wokers: 3\n", "line 8: wokers: is not a key of a job file; did you mean `workers`?"),
        ("time_limit: 3\n", "line 8: time_limit: is not a key of a job file; did you mean `time-limit`?"),
        ("title: Again\n", "line 8: title: is there twice; line 5 has it as well"),
        (
            "task: bounding-boxes\n",
            "line 8: task: there is no 'bounding-boxes'; did you mean `bounding-box`?",
        ),
        ("workers: three\n", "line 8: workers: must be a whole number, is 'three'"),
        ("workers: [3]\n", "line 8: workers: must be one value, is a list"),
        ("keywords: roads\n", "line 8: keywords: must be a list such as [one, two], is 'roads'"),
        ("streaming: maybe\n", "line 8: streaming: must be true or false, is 'maybe'"),
        (
            "time-limit: soon\n",
            "line 8: time-limit: must be a duration such as 8h, 30 min or 45 s, is 'soon'",
        ),
        ("stop-after: 5\n", "line 8: stop-after: must be `key: value` lines, is '5'"),
        ("template: ''\n", "line 8: template: is empty; leave the key out instead"),
        ("labels: [car, [bus]]\n", "line 8: labels[1]: must be one value, is a list"),
    ],
)
def test_a_fault_is_named_with_its_line_and_key(text: str, told: str, tmp_path: Path) -> None:
    assert faults(tmp_path, LEAST + text) == f"job.yaml {told}"


def test_prices_that_are_none(tmp_path: Path) -> None:
    for price in ("cheap", "nan", "inf", "1e30"):
        text = LEAST.replace("private: birds", f"public: {{price: {price}}}")
        told = f"line 7: workforce.public.price: must be US dollars such as 0.036, is '{price}'"
        assert faults(tmp_path, text) == f"job.yaml {told}"


def test_all_faults_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = LEAST.replace("role: gt-execution\n", "rol: x\n").replace("{path:", "{kay: k, path:")
    assert faults(tmp_path, text).splitlines() == [
        "job.yaml: 3 faults",
        "  role: is missing",
        "  line 3: output.kay: is not a key of a job file; did you mean `key`?",
        "  line 4: rol: is not a key of a job file; did you mean `role`?",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: [roads\ntask: custom\n", "job.yaml line 2, column 5: not YAML"),
        ("a: b\n---\nc: d\n", "job.yaml line 2, column 1: not YAML"),
        ("- name\n", "job.yaml: 7 faults\n  "),
        ("", "job.yaml: 6 faults\n  "),
        ("name: \x07\n", "job.yaml: not YAML"),
    ],
)
def test_what_is_no_job_file_at_all(text: str, told: str, tmp_path: Path) -> None:
    assert faults(tmp_path, text).startswith(told)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"job\.yaml cannot be read: .*No such file"):
        read_job_file(tmp_path / "job.yaml")
    (tmp_path / "job.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(ContractError, match="cannot be read: 'utf-8'"):
        read_job_file(tmp_path / "job.yaml")


@given(st.text())
def test_any_text_is_read_or_refused_in_our_words(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ContractError):
        read_job_file(path)
