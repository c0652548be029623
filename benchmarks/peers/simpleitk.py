"""SimpleITK: voting and STAPLE on label images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import SimpleITK

from benchmarks.found import Prepared, Regions
from benchmarks.workloads.masks import Map, SemanticScene

_UNDECIDED = 255


def voting(work: Sequence[SemanticScene]) -> Prepared:
    """`LabelVotingImageFilter`; ties, which it leaves undecided, are scored as background."""
    return _multi_label(work, SimpleITK.LabelVotingImageFilter)


def multi_label_staple(work: Sequence[SemanticScene]) -> Prepared:
    """`MultiLabelSTAPLEImageFilter`; ties, which it leaves undecided, are scored as background."""
    return _multi_label(work, SimpleITK.MultiLabelSTAPLEImageFilter)


def staple_by_category(work: Sequence[SemanticScene]) -> Prepared:
    """`STAPLEImageFilter` on each category against all others, the likeliest category for each pixel."""
    images = [
        [
            [SimpleITK.GetImageFromArray((labels == category).astype(np.uint8)) for labels in scene.maps]
            for category in range(scene.categories)
        ]
        for scene in work
    ]

    def run() -> list[Map]:
        made = []
        for by_category in images:
            chances = []
            for binary in by_category:
                staple = SimpleITK.STAPLEImageFilter()
                staple.SetForegroundValue(1)
                chances.append(SimpleITK.GetArrayFromImage(staple.Execute(binary)).astype(np.float32))
            made.append(np.argmax(chances, axis=0).astype(np.uint8))
        return made

    return Prepared(run, _maps)


def _multi_label(work: Sequence[SemanticScene], make: Callable[[], Any]) -> Prepared:
    images = [[SimpleITK.GetImageFromArray(labels) for labels in scene.maps] for scene in work]

    def run() -> list[Map]:
        made = []
        for drawn in images:
            rule = make()
            rule.SetLabelForUndecidedPixels(_UNDECIDED)
            made.append(SimpleITK.GetArrayFromImage(rule.Execute(drawn)))
        return made

    return Prepared(run, lambda made: _maps([np.where(one == _UNDECIDED, 0, one) for one in made]))


def _maps(made: Sequence[Map]) -> list[Regions]:
    return [Regions(one) for one in made]
