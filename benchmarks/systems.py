"""What is measured on which work: ours, and its peers, each in the environment that its library lives in."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

OURS = "ours"
OURS_BY_MAJORITY = "ours, method majority"
OWN = ""
"""The environment of the project itself."""
REPEATS, BUDGET_SECONDS = 5, 5.0
"""A work is done so often after once to warm up, or until so much time has passed; a run that takes all of it counts as it is."""
ENVIRONMENTS = ("main", "datumaro", "panoptes", "skweak")
"""Of the peers: libraries that do not install side by side have environments of their own."""


@dataclass(frozen=True)
class System:
    """One way to do a work.

    Attributes:
        name: in the tables.
        groups: works that it does.
        adapter: `module.function` in `benchmarks`, which makes a `Prepared` of a work.
        options: for the function.
        library: distribution whose version is shown; empty for our own code.
        environment: in which it runs.
        objects: how many of the work's data objects it is given; None for all. Others would take too long.
        note: what a reader must know.
    """

    name: str
    groups: tuple[str, ...]
    adapter: str
    options: Mapping[str, Any] = field(default_factory=dict)
    library: str = ""
    environment: str = OWN
    objects: int | None = None
    note: str = ""

    def prepare(self, work: list[Any]) -> Any:
        """The system with its input in its own form.

        Raises:
            ImportError: its library is not installed.
        """
        module, _, function = self.adapter.rpartition(".")
        return getattr(importlib.import_module(f"benchmarks.{module}"), function)(work, **self.options)


def _ours() -> Iterable[System]:
    for name, method in ((OURS, "default"), (OURS_BY_MAJORITY, "majority")):
        for adapter, groups in (
            ("semantic", ("semantic", "semantic10")),
            ("instances", ("instances",)),
            ("boxes", ("boxes", "boxes-pool", "boxes-big")),
            ("polygons", ("polygons",)),
            ("keypoints", ("keypoints",)),
            ("entities", ("spans",)),
            ("classes", ("classes-2k", "real")),
        ):
            yield System(name, groups, f"ours.{adapter}", {"method": method})
        yield System(name, ("mask-object",), "mask_object.whole", {"method": method})
    for share, name in ((1, OURS), (10, "ours, a tenth of the lines"), (100, "ours, a hundredth of them")):
        yield System(name, ("manifest",), "manifest_check.checked", {"share": share})
    yield System(
        "json.loads of every line", ("manifest",), "manifest_check.parsed", note="nothing is checked"
    )
    yield System(
        OURS,
        ("classes", "classes-one-way"),
        "ours.choices",
        note="the estimate alone, of arrays, as the peers have data frames",
    )
    yield System(OURS, ("alpha",), "ours.alpha")
    yield System("ours, an object for each item", ("classes",), "ours.classes", {"method": "default"})
    yield System("decode and encode alone", ("mask-object",), "mask_object.pngs_alone")
    yield System("Pillow, decode and encode", ("mask-object",), "mask_object.pillow_alone", library="Pillow")
    for size in (10, 50, 100, 1000):
        yield System(
            OURS if size == 50 else f"ours, batches of {size:,}",
            ("batches",),
            "ours.batches",
            {"method": "default", "size": size},
        )
    yield System("ours, the whole job as one batch", ("batches",), "ours.classes", {"method": "default"})
    yield System(OURS_BY_MAJORITY, ("batches",), "ours.classes", {"method": "majority"})


def _plain() -> Iterable[System]:
    for name, groups, adapter in (
        ("numpy, joint code and table", ("semantic",), "joint_code"),
        ("numpy, one-hot sum", ("semantic", "semantic10"), "one_hot"),
        ("numpy, category by category", ("semantic", "semantic10"), "category_by_category"),
        ("numpy, count", ("classes", "classes-one-way", "classes-2k"), "class_vote"),
        ("numpy, count", ("alpha",), "alpha"),
    ):
        yield System(name, groups, f"peers.plain.{adapter}", library="numpy")


def _simpleitk() -> Iterable[System]:
    ties = "ties, which it leaves undecided, are scored as background"
    for name, groups, adapter, note in (
        ("LabelVoting", ("semantic", "semantic10"), "voting", ties),
        ("MultiLabelSTAPLE", ("semantic", "semantic10"), "multi_label_staple", ties),
        ("STAPLE by category", ("semantic",), "staple_by_category", ""),
    ):
        yield _peer(f"SimpleITK {name}", groups, f"simpleitk.{adapter}", "SimpleITK", note=note)


def _crowdkit() -> Iterable[System]:
    for method in ("MajorityVote", "DawidSkene", "OneCoinDawidSkene", "GLAD", "MACE"):
        yield _crowd(method, ("classes-2k", "real"), "classes", {"method": method})
    for method in ("MajorityVote", "DawidSkene", "OneCoinDawidSkene"):
        yield _crowd(method, ("classes", "classes-one-way"), "classes", {"method": method})
        options = {"method": method, "size": 50, "items": 2_500}
        yield _crowd(
            method, ("batches",), "fresh_batches", options, "batches of 50 afresh; the first 2,500 items"
        )
    yield _crowd(
        "DawidSkene, history by hand",
        ("batches",),
        "carried_batches",
        {"size": 50, "items": 10_000},
        "batches of 50, one iteration each: more forget the history; the first 10,000 items",
    )
    for method in ("SegmentationMajorityVote", "SegmentationRASA", "SegmentationEM"):
        groups = ("semantic",) if method == "SegmentationEM" else ("semantic", "semantic10")
        yield _crowd(method, groups, "masks", {"method": method}, "binary masks: a run for each category")
    for method, documents in (("MajorityVote", None), ("DawidSkene", None), ("MACE", 50)):
        system = _crowd(method, ("spans",), "tokens", {"method": method}, "on BIO tags of tokens")
        yield replace(system, objects=documents)


def _others() -> Iterable[System]:
    boxes = ("boxes", "boxes-pool", "boxes-big")
    for name, function, least, note in (
        ("WBF", "weighted_boxes_fusion", 0.5, "a label is a box of half of the workers"),
        (
            "WBF experimental (numba)",
            "weighted_boxes_fusion_experimental",
            0.5,
            "a label is a box of half of the workers",
        ),
        ("NMS", "nms", 0.0, "counts no votes"),
        ("NMW", "non_maximum_weighted", 0.0, "counts no votes"),
    ):
        options = {"function": function, "least": least}
        yield _peer(f"ensemble-boxes {name}", boxes, "ensembleboxes.fusion", "ensemble-boxes", options, note)
    for group, objects in (
        ("boxes", 50), ("boxes-pool", 50), ("boxes-big", None), ("instances", 3), ("polygons", None), ("keypoints", None),
    ):  # fmt: skip
        adapter = f"datumaro.{group.partition('-')[0]}"
        yield _peer("Datumaro IntersectMerge", (group,), adapter, "datumaro", objects=objects)
    for group, objects in (("boxes", 50), ("boxes-pool", 50), ("boxes-big", None)):
        yield _peer(
            "caesar DBSCAN by IoU", (group,), "panoptes.boxes", "panoptes-aggregation", objects=objects
        )
    for average in ("median", "intersection"):
        yield _peer(
            f"caesar polygons, {average}",
            ("polygons",),
            "panoptes.polygons",
            "panoptes-aggregation",
            {"average": average},
        )
    yield _peer("skweak majority", ("spans",), "skweak.majority", "skweak")
    yield _peer("skweak HMM", ("spans",), "skweak.hidden_markov", "skweak")
    yield _peer("krippendorff", ("alpha",), "alphas.alpha", "krippendorff")


def _crowd(
    method: str, groups: tuple[str, ...], adapter: str, options: Mapping[str, Any], note: str = ""
) -> System:
    return _peer(f"crowd-kit {method}", groups, f"crowdkit.{adapter}", "crowd-kit", options, note)


def _peer(
    name: str,
    groups: tuple[str, ...],
    adapter: str,
    library: str,
    options: Mapping[str, Any] | None = None,
    note: str = "",
    objects: int | None = None,
) -> System:
    own = {"datumaro": "datumaro", "panoptes-aggregation": "panoptes", "skweak": "skweak"}
    environment = own.get(library, "main")
    return System(name, groups, f"peers.{adapter}", options or {}, library, environment, objects, note)


SYSTEMS: tuple[System, ...] = tuple(itertools.chain(_ours(), _plain(), _simpleitk(), _crowdkit(), _others()))
"""All of them; ours first, as the others' times are given in units of it."""


def of_group(group: str) -> list[System]:
    """The systems that do a work; each name once."""
    found = [system for system in SYSTEMS if group.partition(":")[0] in system.groups]
    assert len({system.name for system in found}) == len(found), group
    return found


def named(group: str, name: str) -> System:
    """The system of a name."""
    return next(system for system in of_group(group) if system.name == name)
