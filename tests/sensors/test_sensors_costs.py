"""Costs of one row of the stereo block, against the plain definitions."""

import numpy as np

from reald2iff.sensors.d435.costs import (
    OUTSIDE,
    best_disparities,
    lowest,
    replace_row,
    scanline_pass,
    taper_row,
)

WIDTH, DISPARITIES = 50, 24
STEP, JUMP = 3.5, 11.25


def costs(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 40, (WIDTH, DISPARITIES)).astype(np.float32)


def path_costs(rows: np.ndarray) -> np.ndarray:
    """One path of semi-global matching, written as its formula."""
    paths = [rows[0]]
    for cost in rows[1:]:
        before = paths[-1]
        least = before.min()
        lower, upper = (np.roll(np.pad(before, 1, constant_values=np.inf), shift) for shift in (1, -1))
        neighbour = np.minimum(lower, upper)[1:-1] + STEP
        paths.append(cost + np.minimum(np.minimum(before, neighbour), least + JUMP) - least)
    return np.array(paths)


def test_both_passes_add_up_to_the_two_paths_less_the_cost_they_share() -> None:
    cost = costs()
    optimised = np.empty_like(cost)
    path, fresh = np.empty(DISPARITIES + 2, np.float32), np.empty(DISPARITIES, np.float32)
    for backwards in (False, True):
        scanline_pass(cost, optimised, path, fresh, STEP, JUMP, backwards)
    expected = path_costs(cost) + path_costs(cost[::-1])[::-1] - cost
    np.testing.assert_array_equal(optimised, expected)


def test_winners_are_the_cheapest_of_either_view_and_the_first_of_equals() -> None:
    cost = costs(1)
    left, right = np.zeros(WIDTH, np.int32), np.zeros(WIDTH, np.int32)
    best_disparities(cost, left, right, np.empty(WIDTH, np.float32))
    np.testing.assert_array_equal(left, cost.argmin(axis=1))
    for x in range(WIDTH - DISPARITIES):
        diagonal = cost[x + np.arange(DISPARITIES), np.arange(DISPARITIES)]
        assert right[WIDTH - 1 - x] == diagonal.argmin()


def test_the_cheapest_of_nothing_costs_more_than_anything() -> None:
    nothing = lowest(np.empty(0, np.int32))
    assert np.int32(nothing).view(np.float32) == np.inf


def test_a_row_that_leaves_the_window_leaves_its_sums() -> None:
    words = np.random.default_rng(2).integers(0, 2**48, (4, WIDTH)).astype(np.uint64)
    cost, columns = np.zeros((WIDTH, DISPARITIES), np.uint8), np.zeros((WIDTH, DISPARITIES), np.int16)
    replace_row(words[0], words[1], cost, columns)
    replace_row(words[2], words[3], cost, columns)
    np.testing.assert_array_equal(columns, cost)
    right = words[3][::-1]
    for x, d in ((30, 7), (5, 5), (5, 6)):
        partner = bin(int(words[2][x]) ^ int(right[x - d])).count("1") if d <= x else OUTSIDE
        assert cost[x, d] == partner


def test_the_window_tapers_linearly_from_its_middle_and_repeats_the_border() -> None:
    half = 3
    columns = np.random.default_rng(3).integers(0, 1000, (WIDTH, DISPARITIES)).astype(np.int16)
    aggregated = np.empty((WIDTH, DISPARITIES), np.float32)
    slope, running = np.zeros((2, DISPARITIES), np.uint16)
    for _ in range(2):  # scratch space that was used is as good as new
        taper_row(columns, half, slope, running, aggregated)
    padded = np.pad(columns.astype(float), ((2, 2), (0, 0)), mode="edge")
    expected = sum(weight * padded[k : k + WIDTH] for k, weight in enumerate((1, 2, 3, 2, 1)))
    np.testing.assert_array_equal(aggregated, expected)
