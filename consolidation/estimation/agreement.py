"""How far workers agree beyond chance: one figure for a whole job.

Both figures are 1 where all agree and 0 where they agree as often as answers drawn at random would; below 0 they contradict each other.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]


def krippendorff_alpha(items: Places, chosen: Places) -> float | None:
    """Krippendorff's alpha for nominal data; items may have any number of answers.

    Args:
        items, chosen: int64, shape (n,), >= 0: item and category of each answer, one answer per worker and item, in any order.

    Returns:
        A figure <= 1; None where there is no disagreement to expect: without two answers to one item, or when all name one category.

    Source: Krippendorff 2011, "Computing Krippendorff's alpha-reliability". Time O(n + items * categories).
    """
    counts = _table(items, chosen)
    given = counts.sum(axis=1)
    if given.min(initial=2) < 2:
        counts, given = counts[given > 1], given[given > 1]
    values = counts.sum(axis=0)
    total = given.sum()
    expected = total * total - values @ values
    if not expected:
        return None
    observed = ((given * given - np.einsum("ik,ik->i", counts, counts)) / (given - 1)).sum()
    return float(1 - (total - 1) * observed / expected)


def fleiss_kappa(items: Places, chosen: Places) -> float | None:
    """Fleiss' kappa; every item has the same number of answers.

    Args:
        items, chosen: as of `krippendorff_alpha`.

    Returns:
        A figure <= 1; None where all answers name one category, or there are none.

    Raises:
        ValueError: items have different numbers of answers, or only one.

    Source: Fleiss 1971, doi:10.1037/h0031619. Time O(n + items * categories).
    """
    counts = _table(items, chosen)
    given = counts.sum(axis=1)
    counts = counts[given > 0]
    if not len(counts):
        return None
    raters = given.max()
    if raters < 2 or len(counts) * raters != len(items):
        raise ValueError("Fleiss' kappa asks for the same number of answers, two or more, to every item")
    shares = counts.sum(axis=0) / len(items)
    expected = shares @ shares
    if expected == 1:
        return None
    observed = (np.einsum("ik,ik->i", counts, counts) - raters).mean() / (raters * (raters - 1))
    return float((observed - expected) / (1 - expected))


def _table(items: Places, chosen: Places) -> npt.NDArray[np.float64]:
    """Answers per item and category."""
    if not len(items):
        return np.zeros((0, 1))
    categories = int(chosen.max()) + 1
    size = (int(items.max()) + 1) * categories
    return np.bincount(items * categories + chosen, minlength=size).reshape(-1, categories).astype(np.float64)
