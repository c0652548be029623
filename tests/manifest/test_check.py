"""`labeljob manifest check` as a person sees it, and manifests too large to be held."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeljob.aws import Aws as Clients
from labeljob.aws import AwsError
from labeljob.manifest.check import CheckProgress, Checks, check_manifest
from labeljob.manifest.lines import LINE_BYTES
from labeljob.manifest.reading import rows
from labeljob.manifest.window import in_order
from shared.errors import ContractError
from tests.conftest import Aws
from tests.manifest.conftest import Run
from tests.manifest.files import picture

Labeljob = Callable[..., Run]
SOUND = [{"source-ref": f"s3://acme-in/birds/{number}.jpg"} for number in range(3)]


def written(path: Path, *lines: object) -> Path:
    """A manifest of lines."""
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_every_fault_is_told_with_its_line_its_rule_and_what_mends_it(
    labeljob: Labeljob, tmp_path: Path
) -> None:
    manifest = written(
        tmp_path / "a.manifest", *SOUND, "{'source-ref': 's3://acme-in/birds/4.jpg'}", "", SOUND[0]
    )
    run = labeljob("check", manifest)
    assert run.status == 1
    assert (
        run.out
        == """\
line 4 is not JSON: Expecting property name enclosed in double quotes at character 2 [manifest-json]
  mend: this is Python's text of a dict, not JSON: write json.dumps(...) instead of str(...)
line 5 is not JSON: it is empty [manifest-blank-line]
  mend: delete it: sed -i '/^\\s*$/d' FILE
line 6 has the same source as line 1 [manifest-repeated-source]
  advice: delete one of them, unless both are meant

        1  manifest-json: the line cannot be read, and the job fails
        1  manifest-blank-line: an empty line is no JSON object, and the job fails
        1  manifest-repeated-source: the object is labelled, and paid for, once for each line
6 lines: 2 faults, 1 advice
"""
    )


@pytest.mark.parametrize("key", ["source_ref", "sourceRef", "Source-Ref", "source-ref "])
def test_a_slip_in_the_name_of_the_key_is_told(labeljob: Labeljob, tmp_path: Path, key: str) -> None:
    run = labeljob("check", written(tmp_path / "a.manifest", {"camera": "front", key: "s3://acme-in/1.jpg"}))
    assert f"mend: rename {key!r} to 'source-ref'" in run.out


def test_a_sound_manifest_needs_neither_region_nor_credentials(
    labeljob: Labeljob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    run = labeljob("check", written(tmp_path / "a.manifest", *SOUND))
    assert (run.status, run.out, run.err) == (0, "3 lines: 0 faults, 0 advice\n", "")


def test_advice_alone_is_no_fault(labeljob: Labeljob, tmp_path: Path) -> None:
    run = labeljob("check", written(tmp_path / "a.manifest", *SOUND, *SOUND))
    assert run.status == 0
    assert run.out.endswith("6 lines: 0 faults, 3 advice\n")


def test_of_each_rule_so_many_are_shown_and_all_are_counted(labeljob: Labeljob, tmp_path: Path) -> None:
    manifest = written(tmp_path / "a.manifest", *["rubbish"] * 1_500, {"camera": "front"})
    run = labeljob("check", manifest, "--max-faults", 2)
    assert run.out.count("[manifest-json]") == 2
    assert run.out.count("[manifest-source]") == 1
    assert (
        "    1,500  manifest-json: the line cannot be read, and the job fails (1,498 not shown)\n" in run.out
    )
    assert run.out.endswith("1,501 lines: 1,501 faults, 0 advice\n")


def test_a_rule_can_be_left_out(labeljob: Labeljob, tmp_path: Path) -> None:
    manifest = written(tmp_path / "a.manifest", *SOUND, "")
    assert labeljob("check", manifest, "--ignore", "manifest-blank-line").status == 0


def test_a_rule_that_does_not_exist_cannot_be_left_out(labeljob: Labeljob, tmp_path: Path) -> None:
    run = labeljob("check", written(tmp_path / "a.manifest", *SOUND), "--ignore", "manifest-blank-lines")
    assert run.status == 2
    assert "manifest-blank-line" in run.err


def test_json_has_every_fault_on_a_line_of_its_own(labeljob: Labeljob, tmp_path: Path) -> None:
    run = labeljob("check", written(tmp_path / "a.manifest", SOUND[0], *["x"] * 30), "--json")
    found = [json.loads(line) for line in run.out.splitlines()]
    assert [entry["line"] for entry in found] == list(range(2, 32))
    assert found[0] == {
        "line": 2,
        "rule": "manifest-json",
        "what": "is not JSON: Expecting value at character 1",
        "why": "the line cannot be read, and the job fails",
        "mend": "write every object on one line of its own, as `json.dumps` does",
        "serious": True,
    }


def test_the_task_says_what_lines_must_be(labeljob: Labeljob, tmp_path: Path) -> None:
    run = labeljob("check", written(tmp_path / "a.manifest", *SOUND), "--task", "text-classification")
    assert run.status == 1
    assert run.out.count("[manifest-source-of-kind]") == 3


@pytest.mark.parametrize("task", [(), ("--task", "custom")])
def test_automated_labeling_is_of_tasks_that_have_it(
    labeljob: Labeljob, tmp_path: Path, task: tuple[str, ...]
) -> None:
    run = labeljob("check", written(tmp_path / "a.manifest", *SOUND), "--automated-labeling", *task)
    assert run.status == 2
    assert "bounding-box" in run.err


@pytest.mark.parametrize("name", ["none.manifest", "s3://acme-in/none.manifest", "s3://acme-in"])
def test_a_manifest_that_is_not_there_is_named(labeljob: Labeljob, aws: Aws, name: str) -> None:
    run = labeljob("check", name)
    assert (run.status, run.out) == (2, "")
    assert name in run.err


def test_objects_are_checked_many_at_once_and_told_in_the_order_of_lines(
    labeljob: Labeljob, aws: Aws
) -> None:
    lines = []
    for number in range(200):
        uri = f"s3://acme-in/birds/{number}.jpg"
        lines.append(json.dumps({"source-ref": uri}))
        if number % 3:
            aws.put(uri, picture("JPEG"))
    manifest = aws.put("s3://acme-config/a.manifest", "\n".join(lines))
    run = labeljob("check", manifest, "--check-objects", "--max-faults", 1_000)
    missing = [line for line in run.out.splitlines() if line.endswith("[object-missing]")]
    assert [int(line.split()[1]) for line in missing] == [number + 1 for number in range(0, 200, 3)]
    assert run.out.endswith("200 lines: 67 faults, 0 advice\n")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("1.jpg", picture("JPEG", icc_profile=b"x" * 200_000)),
        ("1.png", picture("PNG", icc_profile=random.Random(0).randbytes(200_000))),
        ("1.jpg", picture("JPEG", exif=b"Exif\0\0rubbish")),
        ("1.jpg", picture("JPEG") + b"\0" * 9_000),
        ("1.mp4", b"\0\0\0\x18ftypisom"),
        ("1.webm", b"\x1a\x45\xdf\xa3"),
        ("1.ogg", b"OggS"),
    ],
)
def test_an_object_that_is_odd_but_can_be_shown_is_sound(
    labeljob: Labeljob, aws: Aws, name: str, body: bytes
) -> None:
    """Long headers, damaged EXIF, bytes after the end, the start of clips."""
    uri = aws.put(f"s3://acme-in/birds/{name}", body)
    manifest = aws.put("s3://acme-config/a.manifest", json.dumps({"source-ref": uri}))
    run = labeljob("check", manifest, "--check-objects")
    assert (run.status, run.out, run.err) == (0, "1 line: 0 faults, 0 advice\n", "")


def test_a_manifest_in_s3_is_read_in_parts(aws: Aws) -> None:
    line = json.dumps({"source-ref": "s3://acme-in/birds/1.jpg", "note": "x" * 9_900}) + "\n"
    count = (20 << 20) // len(line)
    uri = aws.put("s3://acme-config/a.manifest", line * count + "rubbish")
    told: list[CheckProgress] = []
    faults = list(check_manifest(uri, Clients(), Checks(repeats=False), told.append))
    assert [fault.line for fault in faults] == [count + 1]
    assert told[-1] == CheckProgress(count + 1, len(line) * count + 7, len(line) * count + 7)
    assert [progress.done for progress in told] == sorted(progress.done for progress in told)


def test_a_manifest_that_is_replaced_meanwhile_is_not_read_half_and_half(aws: Aws) -> None:
    uri = "s3://acme-config/a.manifest"
    line = json.dumps({"source-ref": "s3://acme-in/birds/1.jpg", "note": "x" * 9_900}) + "\n"
    aws.put(uri, line * 2_000)

    def replace(progress: CheckProgress) -> None:
        aws.put(uri, line * 3_000)

    with pytest.raises(AwsError, match="PreconditionFailed"):
        list(check_manifest(uri, Clients(), Checks(repeats=False), replace))


def test_memory_does_not_grow_with_the_lines(tmp_path: Path) -> None:
    """Not with faults either."""

    def peak(lines: int) -> int:
        manifest = tmp_path / f"{lines}.manifest"
        with manifest.open("w") as file:
            for number in range(lines):
                file.write(f'{{"source-ref": "s3://acme-in/birds/{number:09}.jpg", "a": "{number:0500}"}}\n')
                if not number % 10:
                    file.write("rubbish\n")
        tracemalloc.start()
        found = sum(1 for _ in check_manifest(str(manifest)))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found >= lines / 10
        return most

    few, many = peak(10_000), peak(40_000)
    assert many < few * 1.05


@given(st.lists(st.binary(max_size=9).map(lambda body: body.replace(b"\0", b"\n"))))
def test_lines_do_not_depend_on_how_the_file_is_read(blocks: list[bytes]) -> None:
    whole = b"".join(blocks)
    lines = whole.split(b"\n")
    assert list(rows(blocks)) == (lines if lines[-1] else lines[:-1])


def test_a_line_without_end_is_not_held(tmp_path: Path) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"short\n"
        for _ in range(100):
            yield b"x" * LINE_BYTES
        yield b"\nlast"

    first, long, last = rows(blocks())
    assert (first, last) == (b"short", b"last")
    assert LINE_BYTES < len(long) < 3 * LINE_BYTES


def test_no_more_is_read_ahead_than_a_few_dozen_lines() -> None:
    read: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(10_000):
            read.append(number)
            yield number

    results = in_order(lambda number: number * 2, numbers())
    assert next(results) == 0
    assert len(read) < 100
    assert list(results) == [number * 2 for number in range(1, 10_000)]


def test_objects_cannot_be_looked_at_without_aws(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="give `aws`"):
        list(check_manifest(str(written(tmp_path / "a.manifest", *SOUND)), checks=Checks(objects=True)))
