"""Agreement beyond chance, against the examples that its authors published."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from consolidation.estimation.agreement import fleiss_kappa, krippendorff_alpha

Places = npt.NDArray[np.int64]

FLEISS = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
            00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""
"""Fleiss 1971, table 1: 30 patients, and how many of 6 psychiatrists made each of 5 diagnoses."""


def _observers(*rows: str) -> tuple[Places, Places]:
    """Items and categories, from one row per observer with a character per item, `.` where there is no answer."""
    answers = [(item, ord(mark)) for row in rows for item, mark in enumerate(row) if mark != "."]
    items, chosen = np.array(answers, dtype=np.int64).T
    return items, chosen - chosen.min()


def _counted(table: str) -> tuple[Places, Places]:
    counts = np.array([[int(count) for count in row] for row in table.split()])
    items, chosen = np.indices(counts.shape)
    return np.repeat(items.ravel(), counts.ravel()), np.repeat(chosen.ravel(), counts.ravel())


@pytest.mark.parametrize(
    ("rows", "alpha"),
    [
        pytest.param(("0100000010", "1110010000"), 0.095, id="A: binary, two observers"),
        pytest.param(("aabbdcccedda", "babbbccceddd"), 0.692, id="B: nominal, two observers"),
        pytest.param(
            ("123321412...", "1233224125.3", ".3332342251.", "12332441251."),
            0.743,
            id="C: four observers, answers missing",
        ),
    ],
)
def test_alpha_of_the_published_examples(rows: tuple[str, ...], alpha: float) -> None:
    assert krippendorff_alpha(*_observers(*rows)) == pytest.approx(alpha, abs=5e-4)


def test_kappa_of_the_published_example() -> None:
    assert fleiss_kappa(*_counted(FLEISS)) == pytest.approx(0.430, abs=5e-4)


def test_order_of_answers_and_numbering_of_items_change_nothing() -> None:
    items, chosen = _counted(FLEISS)
    order = np.random.default_rng(1).permutation(len(items))
    apart = items[order] * 3 + 1
    assert krippendorff_alpha(apart, chosen[order]) == pytest.approx(krippendorff_alpha(items, chosen))
    assert fleiss_kappa(apart, chosen[order]) == pytest.approx(fleiss_kappa(items, chosen))


@pytest.mark.parametrize("figure", [krippendorff_alpha, fleiss_kappa])
def test_full_agreement_on_several_categories_is_one(figure: object) -> None:
    assert callable(figure)
    assert figure(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1])) == 1


@pytest.mark.parametrize(
    ("items", "chosen"), [([0, 0, 1, 1], [2, 2, 2, 2]), ([], [])], ids=["one category", "no answers"]
)
def test_without_expected_disagreement_there_is_no_figure(items: list[int], chosen: list[int]) -> None:
    places = np.array(items, np.int64), np.array(chosen, np.int64)
    assert krippendorff_alpha(*places) is None
    assert fleiss_kappa(*places) is None


def test_alpha_leaves_out_items_that_nobody_else_answered() -> None:
    assert krippendorff_alpha(np.array([0, 1, 2]), np.array([0, 1, 0])) is None


def test_kappa_refuses_items_with_different_numbers_of_answers() -> None:
    with pytest.raises(ValueError, match="same number"):
        fleiss_kappa(np.array([0, 0, 1]), np.array([0, 0, 1]))
