"""The accuracy table: what it shows, what it says of sets that are not there, and that its measures are what they are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import accuracy
from benchmarks.real.metrics import (
    as_element,
    average_precision,
    box_iou,
    calibration_error,
    mask_iou,
    outline_f,
    same_groups,
)
from benchmarks.real.rows import Row
from consolidation.kinds.boxes import BoxesKind
from shared.errors import AnswerError
from shared.json_node import JsonNode
from shared.settings import Limits

BIRDS = "gt_birds_image_classification"
STREETS = "gt_streetscenes_instance_segmentation"
FULL = Row("set-a", "class", "accuracy", 12, 0.91, 0.9, 0.5, {"low": 0.8, "same": 0.91004, "high": 0.95})
BARE = Row("set-b", "boxes", "distance, mm", 3, 12.345, published={"far": 20.0}, higher_is_better=False)


def test_table_shows_a_row_with_what_is_known_and_blanks_for_the_rest() -> None:
    assert accuracy.table([FULL, BARE]).splitlines()[2:] == [
        "| set-a | `class` | accuracy | 12 | **0.9100** | 0.9000 | 0.5000 | 0.9500 high |",
        "| set-b | `boxes` | distance, mm (less is better) | 3 | **12.35** |  |  | 20.00 far |",
    ]


def test_figures_of_others_are_beaten_equalled_or_not_reached_as_printed() -> None:
    assert accuracy.standing(FULL) == (["low"], ["same"], ["high"])


def test_where_less_is_better_a_larger_figure_is_beaten() -> None:
    assert accuracy.standing(BARE) == (["far"], [], [])


def test_page_counts_what_is_beaten_and_names_where_a_majority_is_better() -> None:
    behind = Row("set-c", "class", "accuracy", 5, 0.6, 0.8, note="Few items.")
    page = accuracy.page([FULL, BARE, behind])
    assert "Of 4 figures 2 are beaten, 1 equalled and 1 not reached" in page
    assert "behind the plainest merge: set-c, `class`, accuracy (0.6000, 0.8000)." in page
    assert "- **set-c**, `class`, accuracy: Few items." in page


@pytest.fixture(scope="module")
def shipped() -> tuple[list[Row], list[str]]:
    """Rows and words where the data folder does not exist."""
    told: list[str] = []
    return accuracy.measured(Path("nowhere"), tell=told.append), told


def test_sets_that_are_not_there_are_skipped_with_a_word(shipped: tuple[list[Row], list[str]]) -> None:
    rows, told = shipped
    assert "classes: bluebirds is skipped, its data are not there" in told
    assert {BIRDS, STREETS} <= {row.data_set for row in rows}
    for source in accuracy.sources():
        for name in source.data_sets:
            assert any(row.data_set == name for row in rows) != any(
                f" {name} is skipped" in line for line in told
            )


def test_no_module_is_passed_over_in_silence() -> None:
    for source in accuracy.sources():
        told: list[str] = []
        assert accuracy.measured(Path("nowhere"), [source.name], told.append) or told, source.name


def test_a_module_whose_files_are_missing_says_which() -> None:
    told: list[str] = []

    def measure(data: Path) -> list[Row]:
        raise FileNotFoundError(2, "No such file", str(data / "tracks" / "frames.csv"))

    missing = accuracy.Source("tracks", (), measure)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accuracy, "sources", lambda: [missing])
        assert accuracy.measured(Path("nowhere"), tell=told.append) == []
    assert told == ["tracks is skipped, frames.csv is not there"]


def test_birds_are_the_figures_of_their_readme(shipped: tuple[list[Row], list[str]]) -> None:
    row = next(row for row in shipped[0] if (row.data_set, row.metric) == (BIRDS, "accuracy"))
    assert row.items == 151
    assert row.ours == pytest.approx(137 / 151)
    assert row.majority == pytest.approx(137 / 151)
    assert row.published["Ground Truth's own label"] == pytest.approx(137 / 151, abs=1e-6)
    assert "One answer is right at 0.8623." in row.note


def test_street_scenes_are_what_two_of_three_drew(shipped: tuple[list[Row], list[str]]) -> None:
    row = next(row for row in shipped[0] if row.data_set == STREETS)
    assert row.majority == 1.0
    assert row.single is not None
    assert row.single < row.ours


def test_page_in_the_docs_has_the_rows_measured_here(shipped: tuple[list[Row], list[str]]) -> None:
    written = accuracy.PAGE.read_text().splitlines()
    for line in accuracy.table([row for row in shipped[0] if row.data_set in {BIRDS, STREETS}]).splitlines():
        assert line in written


def test_a_named_set_is_measured_alone() -> None:
    told: list[str] = []
    rows = accuracy.measured(Path("nowhere"), [BIRDS], told.append)
    assert {row.data_set for row in rows} == {BIRDS}
    assert told == []


def test_an_unknown_set_ends_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        accuracy.run(["bluebrids"])
    error = capsys.readouterr().err
    assert "no such set: bluebrids" in error
    assert "bluebirds" in error


@pytest.mark.parametrize("arguments", [["--write"], ["--write", BIRDS]])
def test_writing_needs_all_sets(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tmp_path / "accuracy.md"
    page.write_text("as it was")
    monkeypatch.setattr(accuracy, "ROOT", tmp_path)
    monkeypatch.setattr(accuracy, "PAGE", page)
    assert accuracy.run([*arguments, "--data", str(tmp_path / "nowhere")]) == 1
    assert page.read_text() == "as it was"
    assert "is left as it is" in capsys.readouterr().out


def test_writing_gives_the_same_page_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = [source for source in accuracy.sources() if source.name == "streetscenes"]
    monkeypatch.setattr(accuracy, "sources", lambda: here)
    monkeypatch.setattr(accuracy, "ROOT", tmp_path)
    monkeypatch.setattr(accuracy, "PAGE", tmp_path / "accuracy.md")
    pages = []
    for _ in range(2):
        assert accuracy.run(["--write", "--data", str(tmp_path)]) == 0
        pages.append((tmp_path / "accuracy.md").read_bytes())
    assert pages[0] == pages[1]
    assert b"| gt_streetscenes_instance_segmentation | `instance-mask` |" in pages[0]


def test_data_folder_is_the_one_given_else_the_one_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(accuracy.VARIABLE, "elsewhere")
    assert accuracy.data_folder() == Path("elsewhere")
    assert accuracy.data_folder(Path("here")) == Path("here")
    monkeypatch.delenv(accuracy.VARIABLE)
    assert accuracy.data_folder() == accuracy.ROOT.parent / "shared" / "data"


def test_average_precision_of_a_hit_a_false_alarm_and_a_second_hit() -> None:
    truth = {"one": np.array([[0.0, 0, 10, 10], [20, 20, 30, 30]]), "two": np.array([[0.0, 0, 10, 10]])}
    found = [
        ("one", (0.0, 0.0, 10.0, 10.0), 0.9),
        ("two", (50.0, 50.0, 60.0, 60.0), 0.8),
        ("one", (20.0, 20.0, 30.0, 28.0), 0.7),
    ]
    assert average_precision(found, truth, 0.5) == pytest.approx(1 / 3 + (1 / 3) * (2 / 3))


def test_average_precision_counts_a_second_box_on_the_same_object_as_a_false_alarm() -> None:
    truth = {"one": np.array([[0.0, 0, 10, 10]])}
    twice = [("one", (0.0, 0.0, 10.0, 9.0), 0.5), ("one", (0.0, 0.0, 10.0, 10.0), 0.9)]
    assert average_precision(twice, truth, 0.5) == 1.0
    assert average_precision([("three", (0.0, 0.0, 9.0, 9.0), 1.0), *twice], truth, 0.5) == pytest.approx(0.5)


def test_calibration_error_weighs_the_gap_of_each_bin_by_its_size() -> None:
    confidence = [0.95, 0.95, 0.95, 0.95, 0.55, 1.0]
    right = [True, True, True, False, True, True]
    assert calibration_error(confidence, right) == pytest.approx((abs(4.8 - 4) + abs(0.55 - 1)) / 6)


def test_outline_within_reach_is_right_and_beyond_it_is_wrong() -> None:
    square, near, far = (np.zeros((40, 40), np.bool_) for _ in range(3))
    square[10:30, 10:30] = True
    near[12:28, 12:28] = True
    far[13:27, 13:27] = True
    assert outline_f(square, square, 2) == 1.0
    corners = 4 * 3  # of the 76 outline pixels of the square, those farther than 2 pixels by the diagonal
    assert outline_f(near, square, 2) == pytest.approx(2 * (76 - corners) / (76 + 76 - corners))
    assert outline_f(far, square, 2) == 0.0
    assert outline_f(np.zeros_like(square), square, 2) == 0.0


def test_overlap_of_masks_and_boxes() -> None:
    one, other = np.zeros((4, 4), np.bool_), np.zeros((4, 4), np.bool_)
    assert mask_iou(one, other) == 1.0
    one[:, :2], other[:, 1:3] = True, True
    assert mask_iou(one, other) == pytest.approx(1 / 3)
    assert box_iou((0, 0, 2, 4), (1, 0, 3, 4)) == pytest.approx(1 / 3)


def test_groups_are_the_same_whatever_their_numbers() -> None:
    assert same_groups([0, 0, 1], ["b", "b", "a"])
    assert not same_groups([0, 0, 1], ["b", "a", "a"])
    assert not same_groups([0, 0, 0], ["b", "b", "a"])
    assert not same_groups([0, 1, 2], ["b", "b", "a"])


def test_boxes_become_the_element_that_the_kind_reads() -> None:
    element = as_element([("cell", (1.0, 2.0, 4.0, 6.0))], (10, 10))
    value = BoxesKind().parse(JsonNode(element, "$", AnswerError), Limits())
    assert (value.labels, value.boxes.tolist(), value.size) == (("cell",), [[1.0, 2.0, 4.0, 6.0]], (10, 10))
