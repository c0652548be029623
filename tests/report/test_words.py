"""The reasons for review in words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from consolidation.kinds import KINDS
from labeljob.report.words import explain, shortened, tally

CONSOLIDATION = Path(__file__).parents[2] / "consolidation"
PARTS = ("tie:part-2", "quorum:candidate-1")
TRACKS = ("tie:object-3", "quorum:object-2", "quorum:candidate-object-1")
OF_ANY = (
    "single-worker",
    "low-confidence",
    "low-agreement",
    "rejected-answer",
    "rejected-part",
    "unrecognised",
    "error:unusable-answers",
)
OF_KIND = {
    "rating": ("tie",),
    "class": ("tie", "quorum"),
    "multi-label": ("quorum:candidate-1",),
    "boxes": PARTS,
    "rotated-boxes": PARTS,
    "polygons": PARTS,
    "polylines": PARTS,
    "lines": PARTS,
    "keypoints": PARTS,
    "semantic-mask": ("quorum:candidate-1",),
    "instance-mask": PARTS,
    "entities": (*PARTS, "offset-unit"),
    "text": ("tie", "quorum", "quorum:part-4"),
    "number": ("quorum",),
    "ranking": ("tie:part-2", "cycle"),
    "cuboids": PARTS,
    "point-labels": ("quorum:candidate-1",),
    "video-detections": ("tie:frame-7", "quorum:frame-f0007.jpeg"),
    "video-tracks": TRACKS,
    "cuboid-tracks": TRACKS,
    "linked-tracks": (*(f"camera-0:{code}" for code in TRACKS), "lidar:tie:object-1", "category:Car:1"),
}
"""Every code that a kind can give; the tests below keep it whole."""


@pytest.mark.parametrize(
    ("kind", "code"), [(kind, code) for kind, codes in OF_KIND.items() for code in codes]
)
def test_every_code_of_a_kind_has_words(kind: str, code: str) -> None:
    """Alone, and behind the name of a form element."""
    reason = explain(code, {"": kind})
    assert reason.code == code
    assert reason.words.endswith(".")
    named = explain(f"element: 1:{code}", {"element: 1": kind})
    assert named.words == f"element: 1: {reason.words}"


@pytest.mark.parametrize("code", OF_ANY)
def test_every_code_of_any_kind_has_words(code: str) -> None:
    assert explain(code).words.endswith(".")
    assert explain(code, {"": "boxes"}).words.endswith(".")


def test_a_code_that_is_not_known_stands_as_it_is() -> None:
    assert explain("new-code", {"": "boxes"}).words == "new code"


def test_the_same_code_means_what_it_means_in_its_kind() -> None:
    """The votes of a class are equal; those of a rating are split in half."""
    assert "Categories had equal votes" in explain("tie", {"": "class"}).words
    assert "in half between two steps" in explain("tie", {"": "rating"}).words
    assert explain("camera-0:tie:object-3", {"": "linked-tracks"}).words.startswith("camera-0: Track 3")


def templates_in(source: str) -> Iterator[str]:
    """The f-strings of a module, `#` in place of what is put in."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "#" for part in node.values)


def test_no_kind_gives_a_numbered_code_that_is_not_listed() -> None:
    """Every f-string in `consolidation` that looks like a code is in the lists above; the laws' answers bring the other codes up."""
    found = {
        template
        for file in CONSOLIDATION.rglob("*.py")
        for template in templates_in(file.read_text())
        if re.fullmatch(r"(tie|quorum|category|error):[a-z-]*#", template)
    }
    listed = {*OF_ANY, *(code for codes in OF_KIND.values() for code in codes)}
    shapes = {re.sub(r"-(\d+|f0007\.jpeg)$", "-#", code) for code in listed} | {"category:#", "error:#"}
    assert len(found) > 8
    assert found <= shapes


def test_all_kinds_are_listed() -> None:
    assert {kind.name for kind in KINDS} <= set(OF_KIND)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["bus", "car", "car"], "2 x car, bus"),
        (list("abcdefgh"), "a, b, c, d, e, f, 2 more categories"),
    ],
)
def test_a_tally_counts_and_stays_short(names: list[str], words: str) -> None:
    assert tally(names) == words


def test_a_long_text_is_cut_and_says_so() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
