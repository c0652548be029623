"""Every rule, broken by one thing in a manifest that is sound otherwise: that rule is named, at that line, and no other."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from labeljob.aws import Aws as Clients
from labeljob.launch.tasks import TASKS
from labeljob.manifest.check import Checks, check_manifest
from labeljob.manifest.kinds import Kind
from labeljob.manifest.rules import RULES, Fault
from tests.conftest import Aws
from tests.manifest.files import claimed_png, cloud, picture, sequence

GOOD = b'{"source-ref": "s3://acme-in/birds/good.jpg", "camera": "front"}\n'
AT = "s3://acme-in/birds/"


def line(**members: Any) -> bytes:
    """A line; `_` in a key stands for `-`."""
    written = {key.replace("_", "-"): value for key, value in members.items()}
    return json.dumps(written, ensure_ascii=False).encode() + b"\n"


def cloud_line(key: str = "1.bin", /, **metadata: Any) -> bytes:
    """A line of one point cloud."""
    return line(source_ref=f"{AT}{key}", source_ref_metadata={"unix-timestamp": 1566861644, **metadata})


@dataclass(frozen=True)
class Broken:
    """A manifest with a fault.

    Attributes:
        rule: that is broken.
        body: the manifest.
        line: of the fault, None for the whole.
        says: part of what is wrong.
        files: in S3 beside `birds/good.jpg`.
        serious: whether the job would fail.
    """

    rule: str
    body: bytes
    line: int | None = 2
    says: str = ""
    checks: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    serious: bool = True


def image(rule: str, name: str, body: bytes, says: str, **more: Any) -> Broken:
    """A manifest whose second line names an image that has a fault."""
    return Broken(
        rule, GOOD + line(source_ref=f"{AT}{name}"), says=says, files={f"birds/{name}": body}, **more
    )


def frames(
    rule: str, body: bytes, says: str, *, names: tuple[str, ...] = ("f1.jpg", "f2.jpg"), **more: Any
) -> Broken:
    """A manifest of one sequence that has a fault."""
    files = {"birds/seq.json": body, **{f"birds/clip/{name}": b"x" for name in names}}
    return Broken(rule, line(source_ref=f"{AT}seq.json"), 1, says, files=files, **more)


CLIP, TWO = f"{AT}clip/", ("f1.jpg", "f2.jpg")
POSED = line(
    source_ref=f"{AT}1.bin",
    source_ref_metadata={"unix-timestamp": 1, "ego-vehicle-pose": {"position": {"x": 0, "y": 0, "z": 0}}},
)
FORM = {
    "no line": Broken("manifest-empty", b"", None, "has no line"),
    "gzip": Broken("manifest-compressed", gzip.compress(GOOD, mtime=0), None, "gzip"),
    "UTF-16": Broken("manifest-encoding", GOOD.decode().encode("utf-16"), None, "UTF-16"),
    "Latin-1": Broken("manifest-encoding", GOOD + '{"source-ref": "s3://acme-in/ü.jpg"}'.encode("latin-1"), says="byte 30"),
    "byte-order mark": Broken("manifest-byte-order-mark", b"\xef\xbb\xbf" + GOOD, 1, "byte-order mark"),
    "empty line": Broken("manifest-blank-line", GOOD + b"\n", says="it is empty"),
    "blank line in between": Broken("manifest-blank-line", GOOD + b" \r\n" + line(source_ref=f"{AT}2.jpg"), says="empty"),
    "Python's text": Broken("manifest-json", GOOD + b"{'source-ref': 's3://acme-in/1.jpg'}\n", says="character 2"),
    "an array": Broken("manifest-json", GOOD + b"[1]\n", says="it is an array"),
    "two objects": Broken("manifest-json", GOOD + b'{"source-ref": "s3://a/b"}{}\n', says="Extra data"),
    "a number beyond all floats": Broken("manifest-json", GOOD + b'{"source-ref": "s3://acme/b", "n": 1e999}', says="1e999"),
    "nested too deep": Broken("manifest-json", GOOD + b'{"a":' + b"[" * 90_000, says="nested too deep"),
    "a key twice": Broken("manifest-duplicate-key", GOOD + b'{"source-ref": "s3://acme-in/2.jpg", "a": {"b": 1, "b": 2}}', says="'b'"),
    "a long line": Broken(
        "manifest-line-length",
        GOOD + line(source_ref=f"{AT}2.jpg", **{f"k{place}": "x" * 19_000 for place in range(6)}),
        says="characters, allowed are 100000",
    ),
    "a line without end": Broken("manifest-line-length", GOOD + b"x" * 3_000_000, says="more than 100,000"),
    "a long attribute": Broken(
        "manifest-attribute-length",
        GOOD + line(source_ref=f"{AT}2.jpg", note="é" * 20_001),
        says="has 20001 characters in 'note'",
    ),
    "a dollar": Broken("manifest-dollar-key", GOOD + line(source_ref=f"{AT}2.jpg", **{"$x": 1}), says="'$x'"),
    "a dollar, escaped": Broken("manifest-dollar-key", GOOD + b'{"source-ref": "s3://acme-in/2.jpg", "\\u0024x": 1}', says="'$x'"),
    "nothing to label": Broken("manifest-source", GOOD + line(camera="front"), says="has neither source"),
    "empty source-ref": Broken("manifest-source", GOOD + line(source_ref=""), says="has neither source"),
    "source as an object": Broken("manifest-source", GOOD + line(source={"a": 1}), says="not a string"),
    "both sources": Broken("manifest-two-sources", GOOD + line(source_ref=f"{AT}2.jpg", source="x"), says="both"),
    "some text": Broken("manifest-mixed-sources", GOOD + line(source="a wren"), None, "(first: 2)", serious=False),
    "text in an image job": Broken(
        "manifest-source-of-kind", line(source="a wren"), 1, "text in source", {"task": TASKS["bounding-box"]}
    ),
    "a text file in a text job": Broken(
        "manifest-source-of-kind", line(source_ref=f"{AT}1.txt"), 1, "no source", {"kind": Kind.TEXT}
    ),
    "https": Broken("manifest-uri", GOOD + line(source_ref="https://acme-in.s3.amazonaws.com/1.jpg"), says="only s3://"),
    "climbing key": Broken("manifest-uri", GOOD + line(source_ref="s3://acme-in/a/../1.jpg"), says="'..'"),
    "half a character": Broken("manifest-uri", GOOD + b'{"source-ref": "s3://acme-in/\\ud83d.jpg"}', says="control characters"),
    "bucket alone": Broken("manifest-uri", GOOD + line(source_ref="s3://acme-in/"), says="key is empty"),
    "URL-encoded key": Broken("manifest-encoded-key", GOOD + line(source_ref=f"{AT}a%20b.jpg"), says="URL-encoded", serious=False),
    "an image by another name": Broken(
        "manifest-extension", GOOD + line(source_ref=f"{AT}2.tif"), says="none of .jpeg .jpg .png", checks={"kind": Kind.IMAGES}
    ),
    "a name of no kind": Broken("manifest-extension", GOOD + line(source_ref=f"{AT}2"), says="ending is none of", serious=False),
    "the label is there": Broken(
        "manifest-label-taken",
        GOOD + line(source_ref=f"{AT}2.jpg", wings=[], wings_metadata={}),
        says="not labelled again",
        checks={"label_attribute": "wings"},
        serious=False,
    ),
    "the label is an attribute": Broken(
        "manifest-label-taken", GOOD, 1, "'camera' that is no label", {"label_attribute": "camera"}
    ),
    "too many images": Broken(
        "manifest-objects",
        b"".join(line(source_ref=f"{AT}{number}.jpg") for number in range(20_001)),
        None,
        "has 20,001 lines; a job takes 20,000",
        {"task": TASKS["semantic-segmentation"]},
    ),
    "more than the usual quota": Broken(
        "manifest-objects",
        b"".join(line(source=str(number)) for number in range(100_001)),
        None,
        "has 100,001 lines; a job takes 100,000",
        {"kind": Kind.TEXT},
        serious=False,
    ),
    "too many sequences": Broken(
        "manifest-objects",
        b"".join(line(source_ref=f"{AT}{number}.json") for number in range(11)),
        None,
        "a job takes 10",
        {"kind": Kind.FRAMES},
    ),
    "few for automated labeling": Broken(
        "manifest-few-objects",
        GOOD,
        None,
        "has 1 line; automated labeling needs 1,250",
        {"task": TASKS["bounding-box"], "automated": True},
    ),
    "the same source": Broken("manifest-repeated-source", GOOD + GOOD, says="as line 1", serious=False),
    "a cloud without time": Broken(
        "manifest-cloud-metadata", line(source_ref=f"{AT}1.bin", source_ref_metadata={"format": "text/xyz"}), 1, "unix-timestamp"
    ),
    "a cloud without metadata": Broken(
        "manifest-cloud-metadata", line(source_ref=f"{AT}1.bin"), 1, "no source-ref-metadata", {"kind": Kind.CLOUDS}
    ),
    "metadata of another shape": Broken(
        "manifest-cloud-metadata", line(source_ref=f"{AT}1.bin", source_ref_metadata=[1]), 1, "must be an object"
    ),
    "a cloud of unknown format": Broken("manifest-cloud-metadata", cloud_line(format="binary/rgb"), 1, "must be one of binary/xyz"),
    "a pose without heading": Broken(
        "manifest-cloud-metadata", POSED, 1, "heading"
    ),
    "nine cameras": Broken("manifest-cloud-metadata", cloud_line(images=[{}] * 9), 1, "has 9 images, allowed are 8"),
    "a camera without lens": Broken(
        "manifest-cloud-metadata",
        cloud_line(
            images=[
                {
                    "image-path": "1.jpg",
                    "unix-timestamp": 1566861644,
                    "position": {"x": 0, "y": 0, "z": 0},
                    "heading": {"qx": 0, "qy": 0, "qz": 0, "qw": 1},
                }
            ]
        ),
        1,
        "fx: is required",
    ),
}  # fmt: skip
OBJECTS = {
    "no such object": Broken("object-missing", GOOD + line(source_ref=f"{AT}2.jpg"), says="no such object"),
    "no such bucket": Broken("object-missing", GOOD + line(source_ref="s3://acme-none/2.jpg"), says="no such bucket"),
    "archived": Broken("object-unreadable", GOOD + line(source_ref="s3://acme-in/birds/frozen.jpg"), says="archived"),
    "another Region": Broken(
        "object-region", GOOD + line(source_ref="s3://acme-far/good.jpg"), says="lies in eu-west-1; the job runs in us-east-1",
    ),
    "an empty image": image("object-size", "2.jpg", b"", "which is empty"),
    "an image of 41 MB": image("object-size", "2.png", picture("PNG")[:-12] + b"\0" * (41 << 20) + picture("PNG")[-12:], "41.0 MB"),
    "the same in a custom job": image(
        "object-size",
        "2.png",
        picture("PNG")[:-12] + b"\0" * (41 << 20) + picture("PNG")[-12:],
        "41.0 MB",
        checks={"task": TASKS["custom"]},
        serious=False,
    ),
    "a WebP named .jpg": image("object-format", "2.jpg", picture("WEBP"), "which is WebP, not JPEG"),
    "a PNG named .jpg": image("object-format", "2.jpg", picture("PNG"), "which is PNG, not JPEG", serious=False),
    "an error page named .jpg": image("object-format", "2.jpg", b"<!DOCTYPE html><html>", "which is HTML, not JPEG"),
    "rubbish": image("object-format", "2.png", b"rubbish", "which is no PNG"),
    "a clip of another form": Broken(
        "object-format",
        line(source_ref=f"{AT}2.mp4"),
        1,
        "which is AVI, not MP4",
        files={"birds/2.mp4": b"RIFF\0\0\0\0AVI LIST"},
    ),
    "a cloud with a header": Broken(
        "object-format", cloud_line("2.pcd"), 1, "which is PCD", files={"birds/2.pcd": b"# .PCD v.7 - Point Cloud Data file format"}
    ),
    "a cloud of another format": Broken(
        "object-format", cloud_line("2.bin"), 1, "no multiple of 16", files={"birds/2.bin": b"\0" * 12}
    ),
    "a cloud in text of another format": Broken(
        "object-format", cloud_line("2.txt", format="text/xyz"), 1, "has not 3 numbers", files={"birds/2.txt": b"1 2 3 4\n5 6 7 8\n"}
    ),
    "a JPEG cut short": image("object-damaged", "2.jpg", picture("JPEG", (900, 900))[:-900], "cut short"),
    "a long JPEG cut short": image("object-damaged", "2.jpg", picture("JPEG")[:-2] + b"\0" * 200_000, "cut short"),
    "a PNG cut short": image("object-damaged", "2.png", picture("PNG")[:-12], "cut short"),
    "a PNG without header": image("object-damaged", "2.png", picture("PNG")[:16], "header is damaged"),
    "400 million pixels": image("object-pixels", "2.png", claimed_png(20_000, 20_000), "20000x20000 pixels, allowed are 100 million"),
    "a turned JPEG": image("object-turned", "2.jpg", picture("JPEG", orientation=6), "EXIF orientation 6", serious=False),
    "a turned PNG": image("object-turned", "2.png", picture("PNG", orientation=3), "EXIF orientation 3", serious=False),
}  # fmt: skip
SEQUENCES = {
    "no JSON": frames("sequence-file", b"f1.jpg\n", "is not JSON", checks={"kind": Kind.FRAMES}),
    "no frames": frames("sequence-file", sequence(CLIP), "has no frame"),
    "another number of frames": frames("sequence-file", sequence(CLIP, *TWO, **{"number-of-frames": 3}), "is 3, but frames has 2"),
    "no slash": frames("sequence-file", sequence(CLIP[:-1], *TWO), "must end in /"),
    "the bucket's root": frames("sequence-file", sequence("s3://acme-in/", *TWO), "not the whole bucket"),
    "a frame twice": frames("sequence-file", sequence(CLIP, "f1.jpg", "f1.jpg"), "has a frame twice"),
    "501 clouds": frames(
        "sequence-length",
        sequence(CLIP, *(cloud(f"{number:03}.bin", number) for number in range(501))),
        "501 frames, allowed are 500",
        names=tuple(f"{number:03}.bin" for number in range(501)),
    ),
    "numbers that are not padded": frames(
        "sequence-order",
        sequence(CLIP, *TWO, "f10.jpg"),
        "'f10.jpg' comes before 'f2.jpg'",
        names=(*TWO, "f10.jpg"),
        serious=False,
    ),
    "another order than that of names": frames("sequence-order", sequence(CLIP, *TWO[::-1]), "another order"),
    "clouds of one time": frames(
        "sequence-times", sequence(CLIP, cloud("a.bin", 1.5), cloud("b.bin", 1.5)), "1.5 after 1.5", names=("a.bin", "b.bin")
    ),
    "clouds without time": frames(
        "manifest-cloud-metadata", sequence(CLIP, cloud("a.bin", 1.5), "b.bin"), "$.frames[1].unix-timestamp", names=("a.bin", "b.bin")
    ),
    "a missing frame": frames("sequence-frames", sequence(CLIP, *TWO, "f3.jpg"), "of whose 3 frames 1 are not under"),
}  # fmt: skip
ALL = FORM | OBJECTS | SEQUENCES


def expect(found: Iterable[Fault], broken: Broken) -> None:
    """That rule is named, at that line, and no other."""
    (told,) = found
    assert (told.line, told.finding.rule.code, told.finding.serious) == (
        broken.line,
        broken.rule,
        broken.serious,
    )
    assert broken.says in told.finding.what
    assert told.finding.mend


@pytest.mark.parametrize("name", FORM)
def test_a_broken_rule_of_lines_is_named_and_no_other(name: str, tmp_path: Path) -> None:
    broken, manifest = FORM[name], tmp_path / "input.manifest"
    manifest.write_bytes(broken.body)
    expect(check_manifest(str(manifest), checks=Checks(**broken.checks)), broken)


@pytest.mark.parametrize("name", OBJECTS | SEQUENCES)
def test_a_broken_rule_of_objects_is_named_and_no_other(name: str, aws: Aws) -> None:
    broken = ALL[name]
    aws.put(f"{AT}good.jpg", picture("JPEG"))
    aws.s3.put_object(
        Bucket="acme-in", Key="birds/frozen.jpg", Body=picture("JPEG"), StorageClass="DEEP_ARCHIVE"
    )
    aws.s3.create_bucket(Bucket="acme-far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.put("s3://acme-far/good.jpg", picture("JPEG"))
    for key, body in broken.files.items():
        aws.put(f"s3://acme-in/{key}", body)
    uri = aws.put("s3://acme-config/input.manifest", broken.body)
    expect(check_manifest(uri, Clients(), Checks(**broken.checks, objects=True)), broken)


def test_every_rule_is_broken_once_at_least() -> None:
    assert {broken.rule for broken in ALL.values()} == {rule.code for rule in RULES}


def test_codes_are_unique_and_every_rule_says_why() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert all(rule.asks and rule.why and rule.source for rule in RULES)


SOUND: dict[str, tuple[bytes, dict[str, Any]]] = {
    "images": (GOOD, {}),
    "line ends of Windows": (GOOD.replace(b"\n", b"\r\n"), {}),
    "no line feed at the end": (GOOD[:-1], {}),
    "a key with all sorts of characters": (line(source_ref="s3://acme-in/a b/ü:+&=?,100%.jpg"), {}),
    "upper case": (line(source_ref="s3://acme-in/1.JPG"), {"kind": Kind.IMAGES}),
    "a line of 100,000 characters": (
        (line(source_ref=f"{AT}1.jpg", **{f"k{n}": "é" * 19_000 for n in range(5)}).decode().encode()),
        {},
    ),
    "text": (line(source="a wren {'sings'}"), {"task": TASKS["text-classification"]}),
    "anything in a custom job": (line(source_ref=f"{AT}report.pdf"), {"task": TASKS["custom"], "kind": None}),
    "an object that failed in an earlier job": (
        line(source_ref=f"{AT}1.jpg", wings_metadata={"failure-reason": "expired"}),
        {"label_attribute": "wings"},
    ),
    "a point cloud with a camera": (
        cloud_line(
            format="text/xyzirgb",
            images=[
                {
                    "image-path": "1.jpg",
                    "unix-timestamp": 1566861644.75,
                    "position": {"x": 0, "y": 0, "z": 0},
                    "heading": {"qx": 0, "qy": 0, "qz": 0, "qw": 1},
                    "fx": 1,
                    "fy": 1,
                    "cx": 1,
                    "cy": 1,
                    "k1": 0.1,
                    "camera-model": "fisheye",
                }
            ],
        ),
        {"kind": Kind.CLOUDS},
    ),
}


@pytest.mark.parametrize(
    ("task", "most"), [("semantic-segmentation", "1920x1080"), ("bounding-box", "3840x2160")]
)
def test_automated_labeling_takes_smaller_images(aws: Aws, task: str, most: str) -> None:
    lines = b""
    for width in (1_920, 2_000, 4_000):
        aws.put(f"{AT}{width}.png", claimed_png(width, width * 1_080 // 1_920))
        lines += line(source_ref=f"{AT}{width}.png")
    uri = aws.put("s3://acme-config/input.manifest", lines)
    found = check_manifest(uri, Clients(), Checks(TASKS[task], automated=True, objects=True))
    told = [fault.line for fault in found if f"automated labeling takes {most}" in fault.finding.what]
    assert told == ([2, 3] if most == "1920x1080" else [3])


def test_json_that_a_custom_job_labels_is_no_sequence_file(aws: Aws) -> None:
    aws.put(f"{AT}page.json", '{"words": []}')
    uri = aws.put("s3://acme-config/input.manifest", line(source_ref=f"{AT}page.json"))
    assert list(check_manifest(uri, Clients(), Checks(task=TASKS["custom"], objects=True))) == []


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_has_no_fault(name: str, tmp_path: Path) -> None:
    body, checks = SOUND[name]
    manifest = tmp_path / "input.manifest"
    manifest.write_bytes(body)
    assert list(check_manifest(str(manifest), checks=Checks(**checks))) == []
