"""What a person finds on the report page."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeljob.report import read_job, render_report
from shared.errors import ContractError
from tests.elements import boxes_element, class_element, instance_element, semantic_element
from tests.report.conftest import MakeReport, Report, report_of

HOSTILE = "<script>alert(1)</script>\"' onmouseover=alert(2) {{ 1 }} {% if %}"
SQUARE = np.zeros((20, 30), np.uint8)
SQUARE[5:10, 5:12] = 1
OTHER = np.zeros((20, 30), np.uint8)
OTHER[14:18, 20:28] = 1


def forms(*elements: Any) -> dict[str, Any]:
    """One form per worker, ann, bob, cid ..."""
    return {
        worker: {"mark": element}
        for worker, element in zip(("ann", "bob", "cid", "dee"), elements, strict=False)
    }


@pytest.fixture
def boxes(make_report: MakeReport) -> Report:
    """One box that all drew with a candidate of bob's; one object on which all agree; one without a box."""
    car = ("car", 10, 10, 30, 20)
    return make_report(
        {
            "agreed": forms(*[boxes_element([car])] * 3),
            "doubtful": forms(
                boxes_element([car]), boxes_element([car, ("dog", 70, 60, 8, 8)]), boxes_element([car])
            ),
            "bare": forms(*[boxes_element([])] * 3),
        }
    )


def hostile_labels() -> dict[str, Any]:
    """Every place where a worker's words can come to stand."""
    drawn = {"label": HOSTILE, "left": 1, "top": 1, "width": 5, "height": 5}
    size = {"width": 30, "height": 20}
    return {
        "class": {
            f"{HOSTILE} {place}": {"mark": {"label": HOSTILE, "workerComment": HOSTILE}} for place in range(3)
        },
        "boxes": {
            "ann": {"mark": {"boundingBoxes": [drawn], "inputImageProperties": size}},
            HOSTILE: {"mark": {"boundingBoxes": [], "inputImageProperties": size}},
        },
        "instances": forms(
            instance_element(SQUARE, [HOSTILE]),
            instance_element(OTHER, [HOSTILE]),
            instance_element(SQUARE, [HOSTILE]),
        ),
        "semantic": forms(*[semantic_element(SQUARE, [HOSTILE])] * 2),
        "fields": {"ann": {HOSTILE: {"label": "x"}, "b": {"label": HOSTILE}}},
        "rejected": {"ann": {"mark": {"label": "x"}}, HOSTILE: {HOSTILE: HOSTILE}},
        "strange": {"ann": {"mark": {HOSTILE: HOSTILE}}},
    }


def test_hostile_text_stays_text(make_report: MakeReport) -> None:
    """Labels, comments, worker ids, element names and URIs are shown as written and never become markup."""
    answers = hostile_labels()
    lines = [{"source-ref": f"s3://acme-in/{name}/{HOSTILE}"} for name in answers]
    report = make_report(answers, lines=lines)
    page = report.page
    assert page.all("script") == []
    assert [name for _, named in page.elements for name in named if name.startswith("on")] == []
    assert HOSTILE in page.text
    for number, name in enumerate(answers, start=1):
        assert f"s3://acme-in/{name}/{HOSTILE}" in page.card(number)
    assert page.card(1).count(HOSTILE) > 6


def test_nothing_is_loaded_from_anywhere(boxes: Report) -> None:
    """Every reference stays inside the page, and the page forbids others."""
    references = [
        named[name] for _, named in boxes.page.elements for name in ("src", "href") if name in named
    ]
    assert references
    assert all(reference.startswith(("data:image/png;", "#")) for reference in references)
    policy = boxes.page.all("meta", http_equiv="x") or [
        named for tag, named in boxes.page.elements if named.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy[0]["content"].startswith("default-src 'none'")
    assert "url(http" not in boxes.source
    assert "@import" not in boxes.source


def test_every_object_has_a_card_and_a_row_and_those_to_review_come_first(boxes: Report) -> None:
    """The table keeps the manifest's order."""
    assert boxes.page.order() == [2, 1, 3]
    links = [named["href"] for named in boxes.page.all("a") if named["href"].startswith("#object-")]
    assert links == ["#object-1", "#object-2", "#object-3"]
    assert "to review" in boxes.page.card(2)
    assert "labelled" in boxes.page.card(1)


def test_numbers_are_those_of_the_output_manifest(boxes: Report) -> None:
    """Confidence, agreement, workers, parts and each worker's share, as written there."""
    for number, line in enumerate(boxes.lines, start=1):
        label, card = line["label"], boxes.page.card(number)
        block = label["consolidation"]
        assert f"confidence {block['confidence']} agreement {block['agreement']}" in card
        assert f"workers {block['workers']}" in card
        for worker, share in block["answers"].items():
            skill = block["skills"][worker]
            assert re.search(rf"{worker} .*agrees with the label: {share} skill {skill}", card)
        for part in (*label["annotations"], *label["candidates"]):
            support = f"{part['support']['workers']} of {part['support']['of']} workers"
            assert f"{part['confidence']} {support}" in card
    reviews = sum(line["label"]["consolidation"]["needs-review"] for line in boxes.lines)
    assert f"3 data objects 3 labelled {reviews} to review" in " ".join(boxes.page.text.split())


def test_candidates_are_named_and_dashed_with_the_reason_in_words(boxes: Report) -> None:
    """A box under quorum is not lost on the way to the person."""
    card = boxes.page.card(2)
    assert "c1 dog candidate" in card
    assert "Candidate 1 was marked by too few workers to be a label. quorum:candidate-1" in card
    dashed = boxes.page.all("path", class_="candidate")
    assert [shape["d"] for shape in dashed] == ["M70 60L78 60L78 68L70 68z"]
    assert [shape["d"] for shape in boxes.page.all("path", class_="label")] == [
        "M10 10L40 10L40 30L10 30z"
    ] * 2
    assert len(boxes.page.all("path", class_="worker")) == 7


def test_every_category_that_was_ticked_is_a_vote_of_its_own(make_report: MakeReport) -> None:
    report = make_report({"one": forms({"labels": ["car", "bus"]}, {"labels": ["car"]}, {"labels": []})})
    card = report.page.card(1)
    assert "car (the label) 2" in card
    assert re.search(r"bus 1 0\.\d+", card)
    assert "ann bus, car" in card
    assert "cid none" in card


def test_the_picture_has_words_for_those_who_do_not_see_it(boxes: Report) -> None:
    """Role and text on each picture; language, title and headings on the page."""
    pictures = boxes.page.all("svg", role="img")
    assert len(pictures) == 3
    assert pictures[0]["aria-label"].startswith("Plain canvas of 100 by 80 pixels: 1 labelled, 1 candidates")
    assert boxes.page.all("html")[0]["lang"] == "en"
    assert len(boxes.page.all("h1")) == 1
    assert all(named.get("alt") for named in boxes.page.all("img"))
    assert "The images themselves are not part of this report" in boxes.page.text


def test_rejected_answers_are_shown_with_their_reasons(make_report: MakeReport) -> None:
    """Whose, and why."""
    report = make_report({"a": {**forms(class_element("cat"), class_element("cat")), "eve": {}}})
    card = report.page.card(1)
    (rejected,) = report.lines[0]["label"]["consolidation"]["rejected"]
    assert f"Not counted eve : {rejected['reason']}" in card
    assert "A worker's answer could not be counted" in card


def test_votes_and_comments_of_a_class(make_report: MakeReport) -> None:
    """How many chose what, with probabilities, and what a worker wrote."""
    answers = forms(class_element("cat"), class_element("cat"), {"label": "dog", "workerComment": "blurred"})
    report = make_report({"a": answers})
    label = report.lines[0]["label"]
    card = report.page.card(1)
    assert f"cat (the label) 2 {label['probabilities']['cat']}" in card
    assert f"dog 1 {label['probabilities']['dog']}" in card
    assert "blurred" in card
    assert [named["style"] for named in report.page.all("span") if "width" in named.get("style", "")][:2] == [
        "width:66.7%",
        "width:33.3%",
    ]


def test_masks_are_pictures_of_the_label_the_candidates_and_each_worker(make_report: MakeReport) -> None:
    """Two found the square; the third's other place is hatched."""
    report = make_report(
        {"a": forms(*(instance_element(drawn, ["car"]) for drawn in (SQUARE, SQUARE, OTHER)))}
    )
    images = report.page.all("image")
    assert sorted(named["class"] for named in images) == ["candidate", "label"]
    assert all(named["href"].startswith("data:image/png;base64,") for named in images)
    assert [named["alt"] for named in report.page.all("img")] == [
        f"What {worker} drew" for worker in ("ann", "bob", "cid")
    ]
    (instance,) = report.lines[0]["label"]["instances"]
    assert f"car {instance['confidence']} 2 of 3 workers 35 pixels, 7 by 5 at 5, 5" in report.page.card(1)


def test_a_semantic_mask_shows_its_categories_but_not_the_background(make_report: MakeReport) -> None:
    """With the pixels and confidence of the colour map."""
    report = make_report({"a": forms(*[semantic_element(SQUARE, ["road"])] * 2)})
    road = report.lines[0]["label"]["internal-color-map"]["1"]
    card = report.page.card(1)
    assert f"1 road {road['confidence']} 2 of 2 workers 35 pixels" in card
    assert "BACKGROUND" not in card.split("Label as written")[0]


def test_a_page_of_several_elements_shows_each(make_report: MakeReport) -> None:
    """Names of the elements stand at their parts."""
    form = {"kind": class_element("street"), "cars": boxes_element([("car", 1, 1, 9, 9)])}
    report = make_report({"a": {"ann": form, "bob": form}})
    card = report.page.card(1)
    assert "Votes: kind" in card
    assert "Parts: cars" in card
    assert "cars: car" in card
    assert "kind: street" in card


def test_failures_and_error_labels_come_before_everything(make_report: MakeReport) -> None:
    """Each with what went wrong."""
    good = forms(*[class_element("cat")] * 3)
    lines = [{"source-ref": f"s3://acme-in/{name}.png"} for name in "abc"]
    report = make_report({"a": good, "b": {"ann": {}, "bob": {}}, "c": {}}, lines=lines)
    assert report.page.order() == [3, 2, 1]
    assert "no worker answered" in report.page.card(3)
    assert report.lines[1]["label"]["error"]["message"] in report.page.card(2)
    assert "3 data objects 1 labelled 0 to review 1 error label 1 failed" in " ".join(
        report.page.text.split()
    )


@pytest.mark.parametrize("policy", ["hashed", "omitted"])
def test_worker_ids_hidden_in_labels_are_hidden_in_the_report(make_report: MakeReport, policy: str) -> None:
    """Workers' own marks are still told apart."""
    answers = {"a": {f"private.{name}": {"mark": class_element("cat")} for name in ("ann", "bob")}}
    report = make_report(answers, settings={"worker-ids": policy})
    assert "private." not in report.source
    for worker in report.lines[0]["label"]["consolidation"]["answers"]:
        assert f"{worker} cat agrees with the label: 1.0" in report.page.card(1)


def test_a_label_moved_for_its_size_is_shown_in_full(make_report: MakeReport) -> None:
    """From the document it refers to."""
    answers = {name: forms(*[boxes_element([("car", 1, 1, 9, 9)])] * 2) for name in "ab"}
    report = make_report(answers, settings={"limits": {"reply-bytes": 1_000}})
    assert "label-ref" in report.lines[0]["label"]
    assert "1 car" in report.page.card(1)
    assert "1 car" in report.page.card(2)


def test_a_mask_that_is_missing_is_said_on_its_card(make_report: MakeReport) -> None:
    """The rest of the page stands."""
    report = make_report({name: forms(*[semantic_element(SQUARE, ["road"])] * 2) for name in "ab"})
    shutil.rmtree(report.folder / "annotations" / "consolidated-annotation" / "output")
    again = report_of(report.folder)
    assert "This label cannot be drawn" in again.page.card(1)
    assert f"confidence {again.lines[0]['label']['consolidation']['confidence']}" in again.page.card(1)


def test_a_reference_out_of_the_folder_is_not_followed(make_report: MakeReport, tmp_path: Path) -> None:
    """A manifest cannot make the report show other files."""
    report = make_report({"a": forms(*[semantic_element(SQUARE, ["road"])] * 2)})
    mask = next((report.folder / "annotations").rglob("*.png"))
    shutil.copy(mask, tmp_path / "secret.png")
    job = read_job(report.folder)
    for uri in ("s3://bucket/../secret.png", "../secret.png", f"s3://{tmp_path}/secret.png"):
        with pytest.raises(ContractError, match="not in the job's folder"):
            job.artefact(uri)


@pytest.mark.parametrize(
    "label",
    [
        7,
        "cat",
        [1],
        {"votes": 3, "class-name": 4},
        {"annotations": {"a": 1}},
        {"annotations": [{"left": "x"}], "image_size": []},
        {"mask-ref": 4},
        {"consolidation": [], "fields": 3},
        {"consolidation": {"answers": 3, "reasons": "x", "rejected": {"a": 1}, "confidence": "high"}},
    ],
)
def test_a_label_of_another_shape_is_shown_as_written(make_report: MakeReport, label: Any) -> None:
    """Nothing that stands in a manifest stops the report."""
    report = make_report({"a": forms(*[class_element("cat")] * 2)})
    manifest = report.folder / "manifests" / "output" / "output.manifest"
    manifest.write_text(json.dumps({**report.lines[0], "label": label}) + "\n")
    assert json.dumps(label, indent=1) in report_of(report.folder).page.text


def test_a_mirror_of_a_real_job_needs_no_record_of_a_simulation(make_report: MakeReport) -> None:
    """The label attribute is the one whose metadata a custom job wrote."""
    report = make_report({"a": forms(*[boxes_element([("car", 1, 1, 9, 9)])] * 2)})
    (report.folder / "simulation.json").unlink()
    again = report_of(report.folder)
    assert again.page.cards == report.page.cards


def test_half_a_character_in_a_label_can_be_written(make_report: MakeReport, tmp_path: Path) -> None:
    """A lone surrogate is legal in JSON and in no encoding."""
    report = make_report({"a": forms(*[class_element("cat")] * 2)})
    manifest = report.folder / "manifests" / "output" / "output.manifest"
    manifest.write_text(manifest.read_text().replace("cat", "\\ud800"))
    assert render_report(read_job(report.folder)).encode(errors="replace")


def test_the_order_of_what_is_to_review_is_from_the_least_sure_on(make_report: MakeReport) -> None:
    """Three choices of three workers before two of three."""
    report = make_report(
        {
            "some": forms(*map(class_element, ("cat", "cat", "dog", "owl"))),
            "none": forms(*map(class_element, ("cat", "dog", "owl"))),
        }
    )
    assert report.page.order() == [2, 1]


def test_answers_that_were_passed_on_keep_their_workers_names(make_report: MakeReport) -> None:
    """A kind that nobody recognises has no agreement, but the label names who answered."""
    report = make_report({"a": {"ann": {"mark": {"strange": 1}}, "bob": {"mark": {"strange": 2}}}})
    card = report.page.card(1)
    assert "No kind recognises these answers" in card
    assert "ann agrees with the label: –" in card  # noqa: RUF001 - the dash that the page shows
