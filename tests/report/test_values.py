"""Ratings, numbers and rankings on the report page, and what adjustment jobs changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labeljob.report import render_report
from labeljob.report.adjusted import changes_in_words, status_in_words
from shared.settings import Settings
from tests.elements import boxes_element, class_element, instance_element
from tests.report.conftest import labelled, shown, workers


def stars(chosen: int) -> dict[str, bool]:
    """Radio buttons from 1 to 5."""
    return {f"{step}": step == chosen for step in range(1, 6)}


def test_a_rating_shows_the_whole_scale_in_order_with_the_median() -> None:
    """Also steps that nobody chose."""
    card = shown(labelled(workers(stars(5), stars(4), stars(2)))).card(1)
    table = card.split("Votes on the scale step votes share of the votes probability ")[1]
    assert table.startswith("1 0 2 1 0.2381 3 0 4 (the label) median 1 0.4286 5 1 0.2857 Workers")
    assert "mean 3.6667 spread 1.2472" in card
    assert "bob 4 agrees with the label: 1.0" in card


def test_a_scale_of_names_stands_in_the_jobs_order() -> None:
    """Not by votes, and not by the alphabet."""
    settings = Settings(method="majority", element_kinds={"mark": "rating"})
    given = [class_element(name) for name in ("never", "often", "often")]
    page = shown(labelled(workers(*given), None, ("never", "seldom", "often"), settings))
    table = page.card(1).split("Votes on the scale")[1].split("Workers,")[0]
    assert table.index("never") < table.index("often (the label)")


def test_numbers_stand_on_a_scale_with_value_tolerance_and_outliers() -> None:
    """Dots from the least to the largest in the workers' colours; equal ones above each other."""
    job = labelled(workers(10, 10, 12, 40))
    page = shown(job)
    card = page.card(1)
    dots = page.all("circle")
    assert [(dot["cx"], dot["class"]) for dot in dots] == [
        ("0.0%", "worker"),
        ("0.0%", "worker"),
        ("6.7%", "worker"),
        ("100.0%", "worker outlier"),
    ]
    assert dots[0]["cy"] != dots[1]["cy"]
    assert len({dot["stroke"] for dot in dots}) == 4
    (value,) = page.all("line", class_="value")
    assert value["x1"] == "3.3%"
    assert "value 11 spread 1.4826 tolerance 1.1 near it 3 of 4 workers" in card
    assert "<title>dee: 40, an outlier</title>" in render_report(job)
    assert page.all("svg", role="img")[0]["aria-label"].startswith("The workers' numbers from 10 to 40")


@pytest.mark.parametrize("numbers", [(7, 7), (-1e308, 1e308), (5e-324, 0), (10**300, 1)])
def test_a_scale_holds_any_numbers(numbers: tuple[float, float]) -> None:
    """Nothing overflows, and equal numbers are a scale too."""
    page = shown(labelled(workers(*numbers)))
    assert all(0 <= float(dot["cx"].rstrip("%")) <= 100 for dot in page.all("circle"))


def test_a_ranking_shows_each_workers_ranks_beside_its_own() -> None:
    """Those that differ stand out; who left an item out has none."""
    page = shown(labelled(workers(["bus", "car", "van"], ["bus", "van", "car"], ["car", "bus"])))
    card = page.card(1)
    assert "bus > car > van" in card
    assert "1 bus 0.7143 3 of 3 workers 1 1 2" in card
    assert "3 van 2 of 3 workers 3 2 Workers" in card
    assert "cid car > bus agrees" in card
    assert len(page.all("td", class_="other")) == 5


def test_items_of_one_rank_stand_with_an_equals_sign() -> None:
    page = shown(labelled(workers({"a": 1, "b": 1, "c": 3}, {"a": 1, "b": 1, "c": 3})))
    assert "ann a = b > c agrees" in page.card(1)


SIZE = (100, 80)
CAR, BUS = ("car", 10, 10, 40, 30), ("bus", 60, 40, 20, 20)


def adjusted(*boxes: Any) -> dict[str, Any]:
    """The form of a worker who was shown a car and a bus."""
    return {
        "mark": boxes_element(boxes, SIZE),
        "mark-initial-value": json.dumps(boxes_element([CAR, BUS], SIZE)),
    }


def test_the_page_says_what_each_worker_changed_of_the_earlier_label() -> None:
    """Beside the worker; and how many changed anything."""
    forms = {
        "ann": adjusted(CAR, BUS),
        "bob": adjusted(("car", 14, 10, 40, 30), ("van", 60, 40, 20, 20)),
        "cid": adjusted(CAR, ("van", 1, 60, 10, 10)),
    }
    card = shown(labelled(forms)).card(1)
    assert "adjustment 2 of 3 workers changed the label that the page showed" in card
    assert "ann bus, car agrees with the label: 1.0 left it as it was" in card
    assert "moved car (overlap 0.8182); relabelled bus as van" in card
    assert "removed bus; added van; left 1 part unchanged" in card


def test_of_masks_the_page_says_only_whether_they_were_changed() -> None:
    """There the crowd element's own word is all there is."""
    drawn = instance_element([[0, 1], [0, 1]], ["car"])
    forms = workers({**drawn, "initialValueModified": True}, {**drawn, "initialValueModified": False})
    card = shown(labelled(forms)).card(1)
    assert "1 of 2 workers changed the label" in card
    assert "1.0 changed it bob" in card
    assert "1.0 left it as it was" in card


def test_a_job_that_adjusts_nothing_says_nothing_of_it() -> None:
    assert "changed the label" not in shown(labelled(workers(class_element("car")))).card(1)


@pytest.mark.parametrize(
    "adjustments",
    [3, {"ann": 3}, {"ann": {"status": 4}}, {"ann": {"status": "adjusted", "changes": [4]}}],
)
def test_adjustments_of_another_shape_are_left_out(adjustments: Any) -> None:
    label = {"adjustments": adjustments}
    assert changes_in_words(label) == {}
    assert isinstance(status_in_words(label), str)


def test_many_changes_are_counted() -> None:
    changes = [{"change": "added", "label": f"n{number}"} for number in range(15)]
    words = changes_in_words({"adjustments": {"ann": {"status": "adjusted", "changes": changes}}})["ann"]
    assert words.startswith("added n0; added n1; ")
    assert words.endswith("added n11; 3 more changes")
