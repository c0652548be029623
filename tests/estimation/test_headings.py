"""One cuboid from several, although people turn them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consolidation.estimation.headings import fuse, on_circle, steady, turned

QUARTER = math.pi / 2
Floats = npt.NDArray[np.float64]


def _car(yaw: float, length: float = 4.0, width: float = 2.0, x: float = 0.0) -> list[float]:
    return [x, 0.0, 1.0, length, width, 1.5, 0.0, 0.0, yaw]


def _fuse(
    *members: list[float], weights: list[float] | None = None, skill: list[float] | None = None
) -> tuple[Floats, bool]:
    votes = np.array([weights or [1.0] * len(members)])
    fused, tied = fuse(np.array([members]), votes, votes if skill is None else np.array([skill]))
    return fused[0], bool(tied[0])


def test_a_minority_that_drew_it_back_to_front_moves_nothing() -> None:
    fused, tied = _fuse(_car(0.30), _car(0.34), _car(0.32 - math.pi))
    assert fused == pytest.approx(_car(0.32))
    assert not tied


def test_a_majority_back_to_front_is_the_heading() -> None:
    fused, tied = _fuse(_car(0.30 - math.pi), _car(0.34 - math.pi), _car(0.32))
    assert fused == pytest.approx(_car(0.32 - math.pi))
    assert not tied


def test_length_and_width_exchanged_is_the_same_box() -> None:
    fused, tied = _fuse(_car(0.30), _car(0.34), _car(0.32 + QUARTER, length=2.0, width=4.0))
    assert fused == pytest.approx(_car(0.32))
    assert not tied


def test_the_side_is_decided_before_the_end() -> None:
    """Two of five for each end of the long side, one for the short side: five different views, one box."""
    exchanged = _car(0.3 + QUARTER, length=2.0, width=4.0)
    fused, tied = _fuse(_car(0.3), _car(0.3), _car(0.3 - math.pi), _car(0.3 - math.pi), exchanged)
    assert fused == pytest.approx(_car(0.3))
    assert tied


@pytest.mark.parametrize(
    ("one", "other", "heading"),
    [
        pytest.param(0.3, 0.3 - math.pi, 0.3, id="towards +y"),
        pytest.param(-0.3, math.pi - 0.3, math.pi - 0.3, id="towards +y, leftwards"),
        pytest.param(math.pi, 0.0, 0.0, id="along x, towards +x"),
    ],
)
def test_two_ends_with_equal_votes(one: float, other: float, heading: float) -> None:
    for members in ((_car(one), _car(other)), (_car(other), _car(one))):
        fused, tied = _fuse(*members)
        assert fused == pytest.approx(_car(heading))
        assert tied


def test_two_sides_with_equal_votes_take_the_longer_for_the_length() -> None:
    fused, tied = _fuse(_car(0.3 + QUARTER, length=2.0, width=4.0), _car(0.3))
    assert fused == pytest.approx(_car(0.3))
    assert tied


def test_skill_breaks_a_tie_before_the_rules_do() -> None:
    fused, _ = _fuse(_car(0.3), _car(0.3 - math.pi), skill=[1.0, 2.0])
    assert fused == pytest.approx(_car(0.3 - math.pi))


def test_weights_are_votes() -> None:
    fused, tied = _fuse(_car(0.3), _car(0.3), _car(0.3 - math.pi), weights=[1.0, 1.0, 3.0])
    assert fused == pytest.approx(_car(0.3 - math.pi))
    assert not tied


def test_angles_are_averaged_on_the_circle() -> None:
    fused, _ = _fuse(_car(math.pi - 0.1), _car(-math.pi + 0.3))
    assert fused == pytest.approx(_car(-math.pi + 0.1))


def test_a_long_box_half_turned_stays_a_long_box() -> None:
    """48 degrees between two cars: their mean lies between them, it is no square."""
    fused, _ = _fuse(_car(0.0), _car(0.84))
    assert fused == pytest.approx(_car(0.42))


def test_one_gross_outlier_of_three_does_no_harm() -> None:
    fused, _ = _fuse(_car(0.30), _car(0.31), _car(0.9, length=7.0, x=2.0))
    assert fused == pytest.approx(_car(0.31))


@pytest.mark.parametrize(
    ("tied", "expected"),
    [
        pytest.param([False, True, True, False], [0.1, 0.2, 0.3, 0.4], id="a tie follows its neighbours"),
        pytest.param(
            [False, False, True, False], [0.1, 0.2 - math.pi, 0.3 - math.pi, 0.4], id="the earlier one"
        ),
        pytest.param([True, True, True, True], [0.1, 0.2, 0.3, 0.4], id="all tied: the first one leads"),
        pytest.param([False] * 4, [0.1, 0.2 - math.pi, 0.3, 0.4], id="what is decided stays"),
    ],
)
def test_ties_of_headings_over_time(tied: list[bool], expected: list[float]) -> None:
    cars = np.array([_car(0.1), _car(0.2 - math.pi), _car(0.3), _car(0.4)])
    assert steady(cars, np.array(tied))[:, 8] == pytest.approx(expected)


def test_an_exchanged_side_is_set_right_over_time() -> None:
    cars = np.array([_car(0.1), _car(0.2 + QUARTER, length=2.0, width=4.0), _car(0.3)])
    assert steady(cars, np.array([False, True, False])) == pytest.approx(
        np.array([_car(0.1), _car(0.2), _car(0.3)])
    )


members = st.lists(
    st.tuples(
        *[st.floats(-50, 50)] * 3, *[st.floats(0.5, 9)] * 3, *[st.floats(-0.6, 0.6)] * 2, st.floats(-3, 3)
    ),
    min_size=1,
    max_size=5,
)


@given(one=members, workers=st.integers(1, 6))
def test_members_that_are_all_alike_give_themselves(one: list[tuple[float, ...]], workers: int) -> None:
    groups = np.repeat(np.array(one)[:, None, :], workers, axis=1)
    weights = np.ones(groups.shape[:2])
    fused, tied = fuse(groups, weights, weights)
    assert (fused == np.array(one)).all()
    assert not tied.any()


@given(one=members, quarters=st.lists(st.integers(-5, 5), min_size=5, max_size=5))
def test_a_turned_description_is_of_the_same_box(one: list[tuple[float, ...]], quarters: list[int]) -> None:
    cuboids = np.array(one)
    by = np.array(quarters[: len(one)])
    for before, after in zip(cuboids, turned(cuboids, by), strict=True):
        apart = np.linalg.norm(_corners(before)[:, None] - _corners(after)[None], axis=2)
        assert apart.min(axis=0).max() < 1e-6
        assert apart.min(axis=1).max() < 1e-6


@given(angle=st.floats(-100, 100))
def test_angles_come_to_the_circle(angle: float) -> None:
    found = float(on_circle(np.array([angle]))[0])
    assert -math.pi < found <= math.pi
    assert math.cos(found - angle) == pytest.approx(1)


def test_minus_pi_is_pi() -> None:
    assert on_circle(np.array([-math.pi, math.pi, np.nextafter(math.pi, 4)])).tolist() == [math.pi] * 3


def _corners(cuboid: Floats) -> Floats:
    """The eight corners, by rotation matrices."""
    roll, pitch, yaw = cuboid[6:]
    about_x = [[1, 0, 0], [0, math.cos(roll), -math.sin(roll)], [0, math.sin(roll), math.cos(roll)]]
    about_y = [[math.cos(pitch), 0, math.sin(pitch)], [0, 1, 0], [-math.sin(pitch), 0, math.cos(pitch)]]
    about_z = [[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]]
    rotation = np.array(about_z) @ np.array(about_y) @ np.array(about_x)
    signs = np.array(list(itertools.product((1, -1), repeat=3)))
    corners: Floats = cuboid[:3] + (signs * cuboid[3:6] / 2) @ rotation.T
    return corners
