"""`labeljob manifest SOURCE --out ...` as a person sees it, for each kind of data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeljob.manifest.write_sequences import time_in_name
from tests.conftest import Aws
from tests.manifest.conftest import Run
from tests.manifest.files import picture

Labeljob = Callable[..., Run]
FRAMES = "s3://acme-in/drive/"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "input.manifest"


def lines(manifest: Path | bytes) -> list[Any]:
    """What a manifest says."""
    body = manifest if isinstance(manifest, bytes) else manifest.read_bytes()
    return [json.loads(line) for line in body.decode().splitlines()]


def references(manifest: Path | bytes) -> list[str]:
    return [line["source-ref"] for line in lines(manifest)]


def put(aws: Aws, *uris: str, body: bytes | str = b"x") -> None:
    for uri in uris:
        aws.put(uri, body)


def test_images_become_lines_and_what_is_left_out_is_told(labeljob: Labeljob, aws: Aws, out: Path) -> None:
    put(aws, "s3://acme-in/birds/a b.jpg", "s3://acme-in/birds/deep/ü:+&.JPEG", "s3://acme-in/birds/1.png")
    put(aws, "s3://acme-in/birds/notes.xml", "s3://acme-in/birds/old/x.xml", "s3://acme-in/birds/README")
    put(aws, "s3://acme-in/birds/empty.jpg", "s3://acme-in/birds/folder/", body=b"")
    put(aws, "s3://acme-in/birds-of-others/2.jpg")
    aws.s3.put_object(Bucket="acme-in", Key="birds/frozen.png", Body=b"x", StorageClass="GLACIER")
    run = labeljob("s3://acme-in/birds", "--out", out)
    assert run.status == 0
    assert (
        run.out
        == f"""\
taken     1 .png, 1 .jpg, 1 .jpeg
left out  2 .xml, such as birds/notes.xml
left out  1 archived, such as birds/frozen.png
left out  1 empty, such as birds/empty.jpg
left out  1 without ending, such as birds/README
objects   3 of kind images
manifest  {out}
next      labeljob manifest check {out} --check-objects
"""
    )
    assert references(out) == [
        "s3://acme-in/birds/1.png",
        "s3://acme-in/birds/a b.jpg",
        "s3://acme-in/birds/deep/ü:+&.JPEG",
    ]


def test_what_was_made_is_sound(labeljob: Labeljob, aws: Aws) -> None:
    put(aws, "s3://acme-in/birds/1.png", body=picture("PNG"))
    put(aws, "s3://acme-in/birds/2 ü.jpg", body=picture("JPEG"))
    manifest = "s3://acme-in/birds/input.manifest"
    assert labeljob("s3://acme-in/birds/", "--out", manifest, "--attribute", "camera=a=b").status == 0
    assert lines(aws.get(manifest)) == [
        {"source-ref": "s3://acme-in/birds/1.png", "camera": "a=b"},
        {"source-ref": "s3://acme-in/birds/2 ü.jpg", "camera": "a=b"},
    ]
    run = labeljob("check", manifest, "--check-objects", "--task", "bounding-box")
    assert (run.status, run.out) == (0, "2 lines: 0 faults, 0 advice\n")


def test_what_a_job_wrote_is_never_labelled(labeljob: Labeljob, aws: Aws, out: Path) -> None:
    put(aws, "s3://acme-out/run/image.png", "s3://acme-out/run/my annotations/1.png")
    put(aws, "s3://acme-out/run/cats/annotations/consolidated-annotation/output/0_2026-02-03T10:11:12.png")
    put(aws, "s3://acme-out/run/cats/annotations/intermediate/1/0.png")
    run = labeljob("s3://acme-out/run/", "--out", out)
    assert "left out  2 output of a labeling job, such as run/cats/annotations/" in run.out
    assert references(out) == ["s3://acme-out/run/image.png", "s3://acme-out/run/my annotations/1.png"]


def test_a_pattern_leaves_keys_out(labeljob: Labeljob, aws: Aws, out: Path) -> None:
    put(aws, "s3://acme-in/a/1.jpg", "s3://acme-in/a/small/1.jpg", "s3://acme-in/a/b/small/1.jpg")
    run = labeljob("s3://acme-in/a/", "--out", out, "--exclude", "small/*", "--exclude", "*/small/*")
    assert "left out  2 excluded" in run.out
    assert references(out) == ["s3://acme-in/a/1.jpg"]


def test_more_keys_than_a_page_of_the_listing(labeljob: Labeljob, aws: Aws, out: Path) -> None:
    keys = [f"s3://acme-in/many/{number:04}.jpg" for number in range(1_001)]
    put(aws, *keys)
    assert labeljob("s3://acme-in/many/", "--out", out).status == 0
    assert references(out) == keys


def test_of_several_kinds_one_must_be_chosen(labeljob: Labeljob, aws: Aws, out: Path) -> None:
    put(aws, "s3://acme-in/a/1.jpg", "s3://acme-in/a/2.jpg", "s3://acme-in/a/1.mp4")
    run = labeljob("s3://acme-in/a/", "--out", out)
    assert run.status == 2
    assert "holds 2 .jpg, 1 .mp4: say what is to be labelled, --kind images or --kind clips" in run.err
    assert not out.exists()
    assert labeljob("s3://acme-in/a/", "--out", out, "--kind", "clips").status == 0
    assert references(out) == ["s3://acme-in/a/1.mp4"]


@pytest.mark.parametrize(
    ("source", "options", "says"),
    [
        ("s3://acme-in/none/", (), "holds nothing"),
        ("s3://acme-in/zips/", (), "holds 1 .zip: no image"),
        ("s3://acme-in/zips/", ("--kind", "images"), "holds no image; left out: 1 .zip"),
        ("s3://acme-none/", (), "NoSuchBucket"),
        ("https://acme-in/", (), "only s3:// URIs are read"),
        ("s3://acme-in/old.manifest", (), "labeljob manifest check s3://acme-in/old.manifest"),
        ("s3://acme-in/zips/", ("--attribute", "source=x"), "'source' cannot be an attribute"),
        ("s3://acme-in/zips/", ("--attribute", "x"), "is not KEY=VALUE"),
    ],
)
def test_what_cannot_be_made_is_explained(
    labeljob: Labeljob, aws: Aws, out: Path, source: str, options: tuple[str, ...], says: str
) -> None:
    put(aws, "s3://acme-in/zips/1.zip")
    run = labeljob(source, "--out", out, *options)
    assert (run.status, run.out) == (2, "")
    assert says in run.err.replace("\n", " ")


@pytest.mark.parametrize(
    "place", ["s3://acme-none/a.manifest", "no/such/folder/a.manifest", f"{__file__}/a.manifest", "."]
)
def test_a_place_that_cannot_be_written_is_named(labeljob: Labeljob, aws: Aws, place: str) -> None:
    put(aws, "s3://acme-in/a/1.jpg")
    run = labeljob("s3://acme-in/a/", "--out", place)
    assert (run.status, run.out) == (2, "")
    assert place in run.err


def test_a_manifest_that_was_there_stays_until_the_new_one_is_complete(
    labeljob: Labeljob, aws: Aws, tmp_path: Path, out: Path
) -> None:
    out.write_text("old")
    texts = tmp_path / "a.txt"
    texts.write_bytes(b"good\n\xff\n")
    run = labeljob(texts, "--out", out)
    assert run.status == 2
    assert "line 2 is not UTF-8" in run.err
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "input.manifest"]


def test_lines_of_a_text_file_become_texts(labeljob: Labeljob, tmp_path: Path, out: Path) -> None:
    texts = tmp_path / "a.txt"
    texts.write_bytes('\ufeffa "wren"\r\n\n  \nüber\n'.encode() + b"x" * 20_001 + b"\nlast")
    run = labeljob(texts, "--out", out)
    assert (
        run.out
        == f"""\
taken     1 .txt
left out  2 blank lines, such as {texts} line 2
left out  1 texts over 20,000 characters, such as {texts} line 5
objects   3 of kind text
manifest  {out}
next      labeljob manifest check {out} --check-objects
"""
    )
    assert lines(out) == [{"source": 'a "wren"'}, {"source": "über"}, {"source": "last"}]


def test_texts_in_s3(labeljob: Labeljob, aws: Aws) -> None:
    aws.put("s3://acme-in/texts/b.txt", "two\nthree")
    aws.put("s3://acme-in/texts/a.csv", "one\n")
    aws.put("s3://acme-in/texts/b.txt.bak", "no")
    assert labeljob("s3://acme-in/texts/", "--out", "s3://acme-config/1.manifest", "--no-header").status == 0
    assert [line["source"] for line in lines(aws.get("s3://acme-config/1.manifest"))] == [
        "one",
        "two",
        "three",
    ]
    assert labeljob("s3://acme-in/texts/b.txt", "--out", "s3://acme-config/2.manifest").status == 0
    assert [line["source"] for line in lines(aws.get("s3://acme-config/2.manifest"))] == ["two", "three"]


CSV = 'id,text,lang\n7,"a ""wren"",\nsinging",en\n8,,de\n9,eine Amsel,de\n'


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), [{"source": 'a "wren",\nsinging'}, {"source": "eine Amsel"}]),
        (("--column", "lang"), [{"source": "en"}, {"source": "de"}, {"source": "de"}]),
        (("--column", "1"), [{"source": "7"}, {"source": "8"}, {"source": "9"}]),
        (
            ("--keep", "id", "--keep", "lang"),
            [
                {"source": 'a "wren",\nsinging', "id": "7", "lang": "en"},
                {"source": "eine Amsel", "id": "9", "lang": "de"},
            ],
        ),
        (
            ("--no-header", "--column", "3"),
            [{"source": "lang"}, {"source": "en"}, {"source": "de"}, {"source": "de"}],
        ),
    ],
)
def test_rows_of_a_csv_file_become_texts(
    labeljob: Labeljob, tmp_path: Path, out: Path, options: tuple[str, ...], expected: list[dict[str, str]]
) -> None:
    table = tmp_path / "a.csv"
    table.write_text(CSV)
    assert labeljob(table, "--out", out, *options).status == 0
    assert lines(out) == expected


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--column", "words"), "has no column 'words': it has columns id, text, lang"),
        (("--column", "4"), "has no column '4'"),
        (("--no-header",), "has several columns (3 without header): say which is the text with --column"),
        (("--keep", "year"), "has no column 'year'"),
        (("--column", "lang", "--keep", "source"), "'source' cannot be an attribute"),
    ],
)
def test_a_column_that_is_not_there_is_named(
    labeljob: Labeljob, tmp_path: Path, out: Path, options: tuple[str, ...], says: str
) -> None:
    table = tmp_path / "a.csv"
    table.write_text(CSV)
    run = labeljob(table, "--out", out, *options)
    assert run.status == 2
    assert says in run.err


def test_images_on_this_machine_must_be_uploaded_first(labeljob: Labeljob, tmp_path: Path, out: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"x")
    run = labeljob(tmp_path, "--out", out)
    assert run.status == 2
    assert f"aws s3 sync {tmp_path} s3://bucket/prefix/" in run.err


def test_folders_of_frames_become_sequences(labeljob: Labeljob, aws: Aws) -> None:
    put(aws, *(f"{FRAMES}monday/{number:02}.jpg" for number in range(12, 0, -1)), f"{FRAMES}monday/x/1.png")
    put(aws, *(f"{FRAMES}tuesday/f{number}.png" for number in (1, 2, 10)), body=b"x")
    manifest = "s3://acme-in/video.manifest"
    run = labeljob(FRAMES, "--kind", "frames", "--out", manifest)
    assert run.status == 0
    assert "warning   s3://acme-in/drive/tuesday/: workers get f10.png before f2.png" in run.out
    assert references(aws.get(manifest)) == [
        f"s3://acme-in/video-sequences/{folder}/sequence.json" for folder in ("monday", "monday/x", "tuesday")
    ]
    assert json.loads(aws.get("s3://acme-in/video-sequences/tuesday/sequence.json")) == {
        "seq-no": 3,
        "prefix": "s3://acme-in/drive/tuesday/",
        "number-of-frames": 3,
        "frames": [
            {"frame-no": 1, "frame": "f1.png"},
            {"frame-no": 2, "frame": "f10.png"},
            {"frame-no": 3, "frame": "f2.png"},
        ],
    }
    checked = labeljob("check", manifest, "--check-objects", "--task", "video-object-tracking")
    assert checked.status == 0
    assert (
        "line 3 names s3://acme-in/video-sequences/tuesday/sequence.json, where frame 'f10.png'"
        in checked.out
    )


@pytest.mark.parametrize(
    ("uris", "kind", "says"),
    [
        ([f"{FRAMES}{n}/1.jpg" for n in range(11)], "frames", "holds 11 folders of frames, a job takes 10"),
        (
            [f"{FRAMES}a/{n}.bin" for n in range(501)],
            "cloud-sequences",
            "holds 501 frames, a sequence has at most 500",
        ),
        (["s3://acme-in/1.jpg"], "frames", "frames lie in the root of s3://acme-in/"),
    ],
)
def test_sequences_that_no_job_takes_are_refused_before_anything_is_written(
    labeljob: Labeljob, aws: Aws, uris: list[str], kind: str, says: str
) -> None:
    put(aws, *uris)
    source = FRAMES if uris[0].startswith(FRAMES) else "s3://acme-in/"
    run = labeljob(source, "--kind", kind, "--out", "s3://acme-out/a.manifest")
    assert run.status == 2
    assert says in run.err
    assert aws.keys("acme-out") == []


def test_sequence_files_must_lie_in_s3(labeljob: Labeljob, aws: Aws, out: Path) -> None:
    put(aws, f"{FRAMES}a/1.jpg")
    run = labeljob(FRAMES, "--kind", "frames", "--out", out)
    assert run.status == 2
    assert "give --sequences s3://bucket/prefix/" in run.err
    labeljob(FRAMES, "--kind", "frames", "--out", out, "--sequences", "s3://acme-out/seq/")
    assert references(out) == ["s3://acme-out/seq/a/sequence.json"]


def test_point_clouds_get_their_time_and_format(labeljob: Labeljob, aws: Aws) -> None:
    put(aws, f"{FRAMES}1566861644.25.bin", f"{FRAMES}cam_1566861645250.xyz", body=b"1 2 3 4\n" * 2)
    put(aws, f"{FRAMES}none.bin", body=b"\0" * 16)
    manifest = "s3://acme-in/clouds.manifest"
    run = labeljob(FRAMES, "--out", manifest)
    assert "warning   1 point clouds without a time in the name" in run.out
    first, second, third = lines(aws.get(manifest))
    assert first["source-ref-metadata"] == {"format": "binary/xyzi", "unix-timestamp": 1566861644.25}
    assert second["source-ref-metadata"] == {"format": "text/xyzi", "unix-timestamp": 1566861645.25}
    uploaded = aws.s3.head_object(Bucket="acme-in", Key="drive/none.bin")["LastModified"].timestamp()
    assert third["source-ref-metadata"]["unix-timestamp"] == uploaded
    checked = labeljob("check", manifest, "--check-objects", "--task", "point-cloud-object-detection")
    assert (checked.status, checked.out) == (0, "3 lines: 0 faults, 0 advice\n")


def test_point_clouds_by_time_become_a_sequence(labeljob: Labeljob, aws: Aws) -> None:
    put(
        aws, *(f"{FRAMES}a/{time}.txt" for time in ("1566861700", "1566861644.5", "1566861699")), body="1 2 3"
    )
    manifest = "s3://acme-in/clouds.manifest"
    run = labeljob(FRAMES, "--out", manifest, "--kind", "cloud-sequences", "--cloud-format", "text/xyz")
    assert run.status == 0
    written = json.loads(aws.get("s3://acme-in/clouds-sequences/a/sequence.json"))
    assert [(frame["frame"], frame["unix-timestamp"], frame["format"]) for frame in written["frames"]] == [
        ("1566861644.5.txt", 1566861644.5, "text/xyz"),
        ("1566861699.txt", 1566861699, "text/xyz"),
        ("1566861700.txt", 1566861700, "text/xyz"),
    ]
    checked = labeljob("check", manifest, "--check-objects", "--task", "point-cloud-object-tracking")
    assert (checked.status, checked.out) == (0, "1 line: 0 faults, 0 advice\n")


def test_point_clouds_without_time_are_numbered_at_a_rate(labeljob: Labeljob, aws: Aws) -> None:
    put(aws, *(f"{FRAMES}a/{number}.bin" for number in (10, 9, 8)))
    command = (FRAMES, "--out", "s3://acme-in/clouds.manifest", "--kind", "cloud-sequences")
    refused = labeljob(*command)
    assert refused.status == 2
    assert "or give --frames-per-second" in refused.err
    assert labeljob(*command, "--frames-per-second", "4").status == 0
    frames = json.loads(aws.get("s3://acme-in/clouds-sequences/a/sequence.json"))["frames"]
    assert [frame["frame"] for frame in frames] == ["8.bin", "9.bin", "10.bin"]
    start = frames[0]["unix-timestamp"]
    assert [frame["unix-timestamp"] - start for frame in frames] == [0, 0.25, 0.5]


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("1566861644.bin", 1566861644),
        ("1566861644.759115.bin", 1566861644.759115),
        ("lidar-1566861644759.bin", 1566861644.759),
        ("1566861644759115_top.pcd", 1566861644.759115),
        ("1566861644759115000.bin", 1566861644.759115),
        ("0001.bin", None),
        ("20260203.bin", None),
        ("12345678901.bin", None),
    ],
)
def test_a_time_in_a_name_is_seconds_to_nanoseconds(name: str, time: float | None) -> None:
    assert time_in_name(name) == time
