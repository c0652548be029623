"""Entities and texts on the report page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeljob.report.fields.passage import Span, mark_passage
from tests.report.conftest import PageReader, labelled, shown, workers

TEXT = "Ada of the University of London met \U0001f600 Charles in London."


def spans(*marked: tuple[str, str]) -> dict[str, Any]:
    """`crowd-entity-annotation`, offsets as JavaScript counts; (category, words)."""
    entities = []
    for label, words in marked:
        start = len(TEXT[: TEXT.index(words)].encode("utf-16-le")) // 2
        end = start + len(words.encode("utf-16-le")) // 2
        entities.append({"label": label, "startOffset": start, "endOffset": end})
    return {"entities": entities}


@pytest.fixture
def entities() -> PageReader:
    """A place in an organisation, both marked by two of three; a person behind an emoji; a candidate of one."""
    full = spans(("org", "University of London"), ("place", "London"), ("person", "Charles"))
    return shown(labelled(workers(full, full, spans(("person", "Charles"), ("person", "Ada"))), TEXT))


def marked_text(page: PageReader, source: str) -> list[tuple[str, str]]:
    """The spans of the passage: (class, style)."""
    return [(named["class"], named["style"]) for named in page.all("span", class_=source)]


def test_the_text_stands_with_its_entities_marked(entities: PageReader) -> None:
    """In its own order; behind each entity its number and category."""
    card = entities.card(1)
    passage = card.split("Text ")[1].split("Entities")[0]
    assert " ".join(passage.split()) == (
        "Ada c1 person of the University of London 2 place 1 org met \U0001f600 Charles 3 person in London."
    )


def test_marks_can_be_switched_off_where_there_are_some(entities: PageReader) -> None:
    """A text has marks but no image; a chosen category has neither."""
    assert entities.all("input", id="show-candidates")
    assert "The images themselves" not in entities.text
    assert shown(labelled(workers("a text"))).all("input", id="show-candidates") == []


def test_nested_entities_have_lines_at_different_depths(entities: PageReader) -> None:
    """The shorter is nearer to the text; a candidate's line is dashed."""
    lines = marked_text(entities, "entity")
    assert [line for line, _ in lines] == [
        "entity candidate lane-0",
        "entity lane-1",
        "entity lane-1",
        "entity lane-0",
        "entity lane-0",
    ]
    colours = [style.split(";")[0] for _, style in lines]
    assert colours[1] == colours[2] != colours[3]


def test_workers_entities_are_told_in_words(entities: PageReader) -> None:
    """Found in the text, whatever their pages counted."""
    card = entities.card(1)
    assert "ann org: “University of London” · place: “London” · person: “Charles” agrees" in card
    assert "cid person: “Ada” · person: “Charles” agrees" in card
    assert "3 person 0.9" in card
    assert "converted from UTF-16 units" in card


def test_without_the_text_there_are_offsets_only() -> None:
    """As given, since nobody can say what they count."""
    page = shown(labelled(workers(*[spans(("person", "Charles"))] * 3)))
    card = page.card(1)
    assert page.all("p", class_="passage") == []
    assert "1 person 0.907 3 of 3 workers 39-46" in card
    assert "ann person: 39-46 agrees" in card
    assert "offsets as given; the text is not known" in card


def test_markup_in_the_text_stays_text() -> None:
    """And right-to-left marks do not reach beyond it."""
    text = "<b>Ada</b> <script>alert(1)</script> \u202e & London"
    place = text.index("London")
    marked = {"entities": [{"label": "<i>", "startOffset": place, "endOffset": place + 6}]}
    page = shown(labelled(workers(marked, marked), text))
    assert page.all("script") == page.all("b") == []
    assert "<b>Ada</b> <script>alert(1)</script> \u202e & London 1 <i>" in page.card(1)
    assert all("said" in named["class"].split() for named in page.all("p", class_="passage"))


@given(data=st.data(), text=st.text(max_size=30))
def test_the_passage_holds_the_text_and_each_span_whole(data: st.DataObject, text: str) -> None:
    """However spans overlap: the stretches make up the text, those under a span's line make up its words."""
    edges = st.integers(0, len(text) + 2)
    found = data.draw(st.lists(st.tuples(edges, edges), max_size=8))
    given_spans = [
        Span(start, end, f"{place}", f"name {place}", f"#{place:06}", candidate=False)
        for place, (start, end) in enumerate(found)
    ]
    passage, notes = mark_passage(text, given_spans)
    assert "".join(stretch.text for stretch in passage.stretches) == text
    left_out = 0
    for span in given_spans:
        over = [
            stretch
            for stretch in passage.stretches
            if span.colour in {line.colour for line in stretch.underlines}
        ]
        chips = [chip.text for stretch in passage.stretches for chip in stretch.chips]
        if span.start < span.end <= len(text):
            assert "".join(stretch.text for stretch in over) == text[span.start : span.end]
            assert chips.count(f"{span.number} {span.name}") == 1
        else:
            left_out += 1
            assert over == []
    assert [note.split()[0] for note in notes] == ([f"{left_out}"] if left_out else [])
    for stretch in passage.stretches:
        lanes = [line.lane for line in stretch.underlines]
        assert lanes == sorted(lanes, reverse=True)
        assert len(set(lanes)) == len(lanes) or len(lanes) > 6


def test_a_long_text_is_cut_and_the_page_says_so() -> None:
    """The table still has all entities."""
    text = "word " * 5_000
    marked = {
        "entities": [{"label": "w", "startOffset": place, "endOffset": place + 4} for place in (0, 24_000)]
    }
    card = shown(labelled(workers(marked, marked), text)).card(1)
    assert "The text has 25000 characters; the first 20000 are shown." in card
    assert "1 entity of 2 could not be marked" in card
    assert "24000-24004" in card


def test_a_text_stands_with_what_workers_wrote_otherwise() -> None:
    """Their words are marked, and so are the label's that they left out; who wrote what stands beside it."""
    page = shown(labelled(workers("the cat sat here", "the cat sat here", "the cat sad here now")))
    card = page.card(1)
    assert "the label is written so by most" in card
    assert "the cat sat here the label, 2 of 3 workers: ann , bob" in card
    assert "the cat sat here sad here now 1 of 3 workers: cid" in card
    assert (len(page.all("ins")), len(page.all("del"))) == (1, 1)


def test_single_words_are_compared_letter_by_letter() -> None:
    page = shown(labelled(workers("HH-AB1234", "HH-AB1234", "HH-A81234")))
    assert "HH-A B 8 1234 1 of 3 workers: cid" in page.card(1)


def test_texts_that_say_different_things_are_not_compared() -> None:
    """Nothing is gained by crossing out all of one."""
    page = shown(labelled(workers("nothing to see", "HH-AB 1234", "a truck")))
    assert page.all("ins") == page.all("del") == []
    assert "No text has a quorum" in page.card(1)


def test_a_text_that_no_worker_wrote_says_so() -> None:
    """The alignment of three."""
    page = shown(labelled(workers("a b c d e x", "a b c y e f", "a z c d e f")))
    assert "a b c d e f the label, no worker wrote just this" in page.card(1)
