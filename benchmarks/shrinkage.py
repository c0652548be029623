"""How far the pooled model of workers drew them to the crowd, on each set of classes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from benchmarks.groups import Group
from benchmarks.markdown import table
from benchmarks.ours import in_long_form
from benchmarks.workloads.classes import Answers
from consolidation.estimation.choices import Estimate, learn_choices

_INTRODUCTION = """## How far workers are drawn to the crowd

The model of classes (`consolidation/estimation/choices.py`) gives every worker a confusion matrix between what that worker's own answers
say and what the typical worker of the crowd does; how near to the crowd, the answers themselves decide. **Drawn** is how much of the way
from the own matrix to the typical one is gone, on average over the answers: 1 is a crowd of workers who are all alike, 0 is Dawid-Skene
without pooling. The standard deviations, in log-odds, are how far the workers were found to differ: in being right, in being right on one
category more than on others, and in saying a category whatever is right."""


def drawn_to_crowd(estimate: Estimate) -> float:
    """Mean over the answers of the share of the way from a worker's own confusion matrix to the typical one, in [0, 1].

    The way is the largest difference of chances along each row (total variation), rows weighted by their expected answers.
    """
    counts = estimate.counts
    given = counts.sum(axis=2)
    own = counts / np.maximum(given, 1e-12)[:, :, None]
    matrices = np.exp(estimate.model.workers).transpose(0, 2, 1)
    typical = matrices[-1]
    left = (np.abs(matrices[:-1] - typical).sum(axis=2) * given).sum()
    whole = (np.abs(own - typical).sum(axis=2) * given).sum()
    return float(np.clip(1 - left / whole, 0, 1)) if whole > 0 else 1.0


def sections(works: Iterable[Group]) -> list[str]:
    """The section of the page: none without a set."""
    rows = []
    for work in works:
        answers: Answers = work.make()[0]
        estimate = learn_choices(in_long_form(answers))
        per_worker = np.bincount(answers.worker, minlength=answers.workers)
        per_item = len(answers.item) / len(answers.truth)
        found = estimate.model.differences
        spread = (f"{value:.2f}" for value in (found.ability, found.knack, found.leaning))
        rows.append(
            (
                work.title,
                str(answers.workers),
                f"{np.median(per_worker):.0f}",
                f"{per_item:.1f}",
                str(answers.categories),
                *spread,
                f"{drawn_to_crowd(estimate):.2f}",
            )
        )
    head = (
        "set",
        "workers",
        "answers of a worker (median)",
        "answers to an item",
        "categories",
        "ability",
        "knack",
        "leaning",
        "drawn",
    )
    return ["\n\n".join((_INTRODUCTION, table(head, rows)))] if rows else []
