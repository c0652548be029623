"""Groups of several workers."""

from consolidation.estimation.grouping import match_groups


def test_groups_are_matched_by_what_they_share_whatever_their_names() -> None:
    held = {(0, "a"): {1, 2, 3}, (0, "b"): {4, 5}, (1, "a"): {4, 5, 6}, (1, "b"): {1, 2}, (2, "x"): {9}}
    matched = match_groups(held, 0.3)
    assert matched[0, "a"] == matched[1, "b"]
    assert matched[0, "b"] == matched[1, "a"]
    assert len(set(matched.values())) == 3


def test_two_groups_of_one_worker_are_never_the_same() -> None:
    matched = match_groups({(0, "a"): {1, 2}, (0, "b"): {3, 4}, (1, "all"): {1, 2, 3, 4}}, 0.3)
    assert matched[0, "a"] != matched[0, "b"]
    assert matched[1, "all"] == matched[0, "a"]


def test_no_groups() -> None:
    assert match_groups({}, 0.3) == {}
