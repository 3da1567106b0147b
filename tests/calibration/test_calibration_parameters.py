"""The twin's parameters by name, and the cube that the search moves in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reald2iff.calibration.parameters import (
    EXPOSURE,
    FINISHING,
    MATCHING,
    SearchParameter,
    from_cube,
    to_cube,
)
from reald2iff.errors import InvalidParameterError
from reald2iff.sensors import D435Twin
from reald2iff.sensors.d435.values import changed_values, parameter_value, with_values

SPACE = EXPOSURE + MATCHING + FINISHING


@given(st.lists(st.floats(0, 1), min_size=len(SPACE), max_size=len(SPACE)))
def test_values_of_a_place_lie_in_the_twins_ranges_and_lead_back_to_it(place):
    values = from_cube(np.array(place), SPACE)
    twin = with_values(D435Twin(), values)
    assert {p.path: parameter_value(twin, p.path) for p in SPACE} == values
    np.testing.assert_allclose(to_cube(twin, SPACE), place, atol=2e-3)


def test_the_twins_defaults_lie_inside_the_cube():
    place = to_cube(D435Twin(), SPACE)
    assert (place > 0).all() and (place < 1).all()


def test_searched_values_have_few_digits_so_that_a_file_holds_them_exactly():
    values = from_cube(np.full(len(SPACE), 0.123456789), SPACE)
    assert all(value == float(f"{value:.4g}") for value in values.values())


@given(st.sets(st.sampled_from(SPACE)), st.floats(0, 1))
def test_changed_values_rebuild_the_twin(changed, place):
    twin = with_values(D435Twin(), {p.path: p.from_unit(place) for p in changed})
    values = changed_values(twin)
    assert values.keys() <= {p.path for p in changed}
    assert with_values(D435Twin(), values) == twin


def test_a_range_that_cannot_be_searched_is_refused():
    with pytest.raises(InvalidParameterError, match=r"stereo\.max_cost: range"):
        SearchParameter("stereo.max_cost", 0.0, 2.0)


@pytest.mark.parametrize("path", ["stereo.max_price", "stereos.max_cost", "stereo.max_cost.x"])
def test_an_unknown_parameter_is_named(path):
    with pytest.raises(InvalidParameterError, match=path):
        with_values(D435Twin(), {path: 1.0})


@pytest.mark.parametrize("value", ["24", None, [1.0], True])
def test_a_value_of_another_type_is_named(value):
    with pytest.raises(InvalidParameterError, match=r"stereo\.max_cost = "):
        with_values(D435Twin(), {"stereo.max_cost": value})


def test_lists_and_whole_numbers_of_a_file_become_the_twins_types():
    twin = with_values(D435Twin(), {"materials.dark_albedo": [0, 0.1], "stereo.window_width": 9.0})
    assert twin.materials.dark_albedo == (0.0, 0.1)
    assert twin.stereo.window_width == 9 and isinstance(twin.stereo.window_width, int)
