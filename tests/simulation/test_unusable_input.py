"""Lines, names and files that a job cannot use: each is named, and the exit status tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeljob.simulation import simulate
from shared.errors import ContractError, SettingsError

GOOD = json.dumps({"source-ref": "s3://acme-in/cats/0.jpg"})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "is not JSON"),
        ("", "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"source-ref": 1}', "has a source or source-ref that is not a string"),
        ('{"camera": "front"}', "has neither source nor source-ref"),
        ('{"source": "a", "$x": 1}', "names must not start with $"),
        ('{"source": "a", "n": NaN}', "NaN is not a number"),
        ('{"source": "a", "n": 1e999}', "1e999 is not a number"),
        (json.dumps({"source": "a" * 20_001}), "has 20001 characters in 'source', allowed are 20000"),
        (json.dumps({"source": "a", "x": [1] * 10_000}), "has 20001 characters in 'x', allowed are 20000"),
        (
            json.dumps({"source": "a", **{f"k{place}": "x" * 19_000 for place in range(6)}}),
            "characters, allowed are 100000",
        ),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_labelled(
    make_job: Callable[..., Any], line: str, reason: str
) -> None:
    """By Ground Truth's rules for manifests."""
    result = simulate(make_job([GOOD, line, GOOD]))
    assert result.counts.labeled == 2
    assert result.counts.failed == 1
    failure = result.failures[0]
    assert (failure.line, failure.data_object_id, failure.kind) == (2, "1", "bad line")
    assert reason in failure.reason
    assert "Cats" not in result.lines[1]
    assert result.lines[1]["Cats-metadata"]["failure-reason"].startswith(
        "ClientError: line 2 of the input manifest"
    )


def test_a_line_that_is_not_utf8_is_named(make_job: Callable[..., Any], tmp_path: Path) -> None:
    """A manifest of another encoding is a common slip."""
    job = make_job([GOOD, GOOD])
    (tmp_path / "input.manifest").write_bytes(f"{GOOD}\n".encode() + b'{"source": "\xff"}\n')
    result = simulate(job)
    assert [failure.line for failure in result.failures] == [2]
    assert "is not UTF-8" in result.failures[0].reason


def test_crlf_line_ends_are_fine(make_job: Callable[..., Any], tmp_path: Path) -> None:
    """Ground Truth takes both."""
    job = make_job([GOOD, GOOD])
    (tmp_path / "input.manifest").write_bytes(f"{GOOD}\r\n{GOOD}\r\n".encode())
    assert simulate(job).all_labeled


def test_a_line_with_both_sources_is_labelled_with_a_warning(make_job: Callable[..., Any]) -> None:
    """What the service does is not documented."""
    result = simulate(make_job([{"source": "a cat", "source-ref": "s3://acme-in/cats/0.jpg"}]))
    assert result.all_labeled
    assert [warning for warning in result.warnings if "line 1 has both source and source-ref" in warning]


@pytest.mark.parametrize("name", ["under_score", "", "-x", "Cats-metadata", "Cats-ref", "source", "a" * 128])
def test_a_label_attribute_name_that_the_service_refuses_is_unusable(
    name: str, tmp_path: Path, labeljob: Any
) -> None:
    """Found here, not after uploading."""
    manifest = tmp_path / "input.manifest"
    manifest.write_text(f"{GOOD}\n")
    run = labeljob(
        "simulate", manifest, "--answers", tmp_path, f"--label-attribute={name}", "--out", tmp_path / "out"
    )
    assert run.status == 2
    assert "LabelAttributeName" in run.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "a b"}, "no job name"),
        ({"workers": 10}, "from 1 to 9"),
        ({"max_concurrent": 0}, "from 1 to 5000"),
        ({"output_path": "https://acme-out/run"}, "only s3://"),
    ],
)
def test_what_create_labeling_job_refuses_is_refused(
    make_job: Callable[..., Any], options: dict[str, Any], message: str
) -> None:
    """The limits of the API."""
    with pytest.raises(Exception, match=message):
        make_job(**options)


def test_an_empty_manifest_is_unusable(make_job: Callable[..., Any]) -> None:
    """There is nothing to simulate."""
    job = make_job([])
    (job.answers / "0").mkdir(parents=True)
    with pytest.raises(ContractError, match="the input manifest is empty"):
        simulate(job)


def test_a_folder_without_answers_is_unusable_and_says_what_it_should_hold(
    make_job: Callable[..., Any], tmp_path: Path
) -> None:
    """The message lists the three forms."""
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ContractError, match="has neither iteration-N"):
        simulate(replace(make_job(), answers=empty))


def test_a_wrong_setting_is_found_before_the_first_object(
    make_job: Callable[..., Any], tmp_path: Path
) -> None:
    """And nothing is written."""
    settings = tmp_path / "settings.json"
    settings.write_text('{"quorum": 2}')
    with pytest.raises(SettingsError, match=r"\$\.quorum"):
        simulate(make_job(settings=settings))
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_left_alone(make_job: Callable[..., Any], tmp_path: Path) -> None:
    """`--out` never destroys what is not ours."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(ContractError, match="is not empty"):
        simulate(make_job())
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"


def test_an_earlier_simulation_is_replaced(make_job: Callable[..., Any], tmp_path: Path) -> None:
    """No file of the earlier job is left among the new."""
    first = simulate(make_job(count=12))
    assert len(first.iterations) == 2
    second = simulate(make_job(count=1))
    assert len(second.iterations) == 1
    assert not list((tmp_path / "out").glob("annotations/worker-response/iteration-2"))


def test_a_missing_answer_key_names_line_and_attribute(make_job: Callable[..., Any]) -> None:
    """Rather than leaving the object without answers."""
    with pytest.raises(ContractError, match="line 1 of the manifest has no attribute 'recorded'"):
        simulate(make_job(answer_key="recorded"))
