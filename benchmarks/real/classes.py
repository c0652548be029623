"""Eight sets of single classes: accuracy, and how far the confidence can be trusted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.real.labels import PLAIN, Labelled, labels_of
from benchmarks.real.metrics import calibration_error, reproduced
from benchmarks.real.rows import Row
from benchmarks.real.sources import folder, is_there, read_json, request_elements, rows_of
from consolidation.kinds.class_label import ClassKind

BIRDS = "gt_birds_image_classification"
DATA_SETS = (
    BIRDS,
    "bluebirds",
    "dog4",
    "d_product",
    "weather_sentiment_cf",
    "sentiment_polarity",
    "snow_temporal",
    "tweet_sentiment_bm",
)
_ENOUGH = 20
_ENOUGH_SHARE = 0.1


@dataclass(frozen=True)
class _Item:
    """A data object: what workers said, what is true, what our label says, and what it says under the method `majority`."""

    said: Mapping[str, str]
    truth: str
    made: Labelled
    plain: Labelled

    @property
    def right(self) -> bool:
        return bool(self.made.label["class-name"] == self.truth)

    @property
    def leaders(self) -> list[str]:
        """The categories with most votes."""
        votes = Counter(self.said.values())
        most = max(votes.values())
        return [name for name, count in votes.items() if count == most]

    @property
    def chance(self) -> float:
        """How often one of the leaders, drawn at random, is right."""
        return (self.truth in self.leaders) / len(self.leaders)


def measure(data: Path) -> list[Row]:
    """Two rows for every set that is there: accuracy and expected calibration error."""
    return [row for name in DATA_SETS if is_there(data, name) for row in _rows(name, folder(data, name))]


def _rows(name: str, place: Path) -> list[Row]:
    expected = read_json(place / "expected.json")
    items = _items(place, expected["stats"]["labels"])
    single, ability = _best_worker(items)
    accuracy = Row(
        data_set=name,
        kind=ClassKind.name,
        metric="accuracy",
        items=len(items),
        ours=_share([item.right for item in items]),
        majority=reproduced(
            sum(item.chance for item in items) / len(items),
            expected["majority_vote"]["mv_accuracy_ties_shared"],
        ),
        single=single,
        published=_published(expected),
        note=f"Majority: ties shared. {_ties(items)} Under our method `majority`: {_plain(items):.4f}. {ability}{_sources(expected)}",
    )
    return [accuracy, _calibration(name, items, place)]


def _items(place: Path, categories: Sequence[str]) -> list[_Item]:
    """The objects with a known truth and at least one answer; all that were answered are one batch."""
    rows, truth = said_and_true(place)
    said: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for (item, worker), label in rows.items():
        said[item][worker] = label
    elements = {
        item: {worker: {"label": label} for worker, label in given.items()} for item, given in said.items()
    }
    made = labels_of(ClassKind(), elements, categories)
    plain = labels_of(ClassKind(), elements, categories, PLAIN)
    return [
        _Item(said[item], label, made[item], plain[item]) for item, label in truth.items() if item in said
    ]


def said_and_true(place: Path) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """Labels by item and worker, in the order of the file, of a worker's answers to one item the last; and the true label of items."""
    said: dict[tuple[str, str], str] = {}
    if (place / "consolidation_request.json").exists():
        for item, elements in request_elements(place / "consolidation_request.json").items():
            said |= {(item, worker): element["label"] for worker, element in elements.items()}
    else:
        for row in rows_of(place / "answers.csv"):
            said.pop((row["item"], row["worker"]), None)
            said[row["item"], row["worker"]] = row["label"]
    return said, {row["item"]: row["label"] for row in rows_of(place / "truth.csv")}


def _calibration(name: str, items: Sequence[_Item], place: Path) -> Row:
    right = [item.right for item in items]
    shares = [max(Counter(item.said.values()).values()) / len(item.said) for item in items]
    published = {}
    if name == BIRDS:
        service = list(rows_of(place / "truth.csv"))
        published["Ground Truth's own confidence"] = calibration_error(
            [float(row["ground_truth_service_confidence"]) for row in service],
            [row["ground_truth_service_label"] == row["label"] for row in service],
        )
    return Row(
        data_set=name,
        kind=ClassKind.name,
        metric="calibration error of the confidence",
        items=len(items),
        ours=calibration_error([item.made.label["confidence"] for item in items], right),
        majority=calibration_error(shares, right),
        published=published,
        higher_is_better=False,
        note="Expected calibration error, 10 bins. Majority: the share of the votes taken for a confidence.",
    )


def _ties(items: Sequence[_Item]) -> str:
    tied = [item for item in items if len(item.leaders) > 1]
    if not tied:
        return "No ties."
    won = sum(item.right for item in tied)
    return f"{len(tied)} ties: ours is right at {won}, chance at {sum(item.chance for item in tied):.1f}."


def _plain(items: Sequence[_Item]) -> float:
    return _share([item.plain.label["class-name"] == item.truth for item in items])


def _best_worker(items: Sequence[_Item]) -> tuple[float | None, str]:
    """Accuracy of the best worker on what that worker answered, among those who answered enough; and a sentence on it."""
    right: defaultdict[str, list[bool]] = defaultdict(list)
    for item in items:
        for worker, label in item.said.items():
            right[worker].append(label == item.truth)
    least = min(_ENOUGH, -int(-len(items) * _ENOUGH_SHARE // 1))
    able = {worker: _share(hits) for worker, hits in right.items() if len(hits) >= least}
    pooled = _share([hit for hits in right.values() for hit in hits])
    one = f"One answer is right at {pooled:.4f}."
    if not able:
        return pooled, f"No worker gave {least} answers: single is one answer, pooled."
    best = min(able, key=lambda worker: (-able[worker], -len(right[worker]), worker))
    chosen = f"Best of the {len(able)} workers with {least} answers or more, on the {len(right[best])} that worker gave."
    return able[best], f"{chosen} {one}"


def _published(expected: Mapping[str, Any]) -> dict[str, float]:
    """All that `expected.json` names: the service's own label, a peer library's methods, papers."""
    figures = {}
    if "ground_truth_service" in expected:
        figures["Ground Truth's own label"] = expected["ground_truth_service"]["accuracy"]
    library = expected["peer"]["library"]
    figures.update({f"{library} {method}": value for method, value in expected["peer"]["accuracy"].items()})
    figures.update({f"{one['method']} (published)": one["value"] for one in expected.get("published", [])})
    return figures


def _sources(expected: Mapping[str, Any]) -> str:
    papers = sorted({one["source"].partition(" (")[0] for one in expected.get("published", [])})
    recalled = any(one["recalled_not_reread"] for one in expected.get("published", []))
    return (
        f" Published: {'; '.join(papers)}{', not checked against the paper' if recalled else ''}."
        if papers
        else ""
    )


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)
