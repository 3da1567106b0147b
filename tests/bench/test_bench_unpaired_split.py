"""Cutting a recording for the unpaired benchmark."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reald2iff.bench.unpaired_split import split_segments
from reald2iff.errors import DatasetError

SEGMENTS = st.integers(4, 40).flatmap(
    lambda count: st.lists(st.integers(1, 5), min_size=count, max_size=count).map(
        lambda sizes: np.repeat(np.arange(count) * 3, sizes)
    )
)


@given(SEGMENTS)
def test_the_second_half_is_tested_once_and_never_fitted_to(segment):
    split = split_segments(segment)
    assert split.held_out
    assert not set(segment[split.fit]) & set(segment[split.tested])
    assert sorted([*split.fit, *split.tested]) == list(range(len(segment)))


@given(SEGMENTS)
def test_the_classifier_never_learns_from_tested_segments_or_their_neighbours(segment):
    order = np.unique(segment).tolist()
    for training, testing in split_segments(segment).folds:
        tested = {order.index(s) for s in segment[testing]}
        learned = {order.index(s) for s in segment[training]}
        assert learned
        assert min(abs(a - b) for a in tested for b in learned) > 1


def test_few_segments_are_tested_one_after_the_other():
    split = split_segments(np.array([0, 0, 0, 0, 1, 1]))
    assert [(training.tolist(), testing.tolist()) for training, testing in split.folds] == [
        ([4, 5], [0, 1, 2, 3]),
        ([0, 1, 2, 3], [4, 5]),
    ]
    assert not split.held_out
    assert split.fit.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_single_segment_is_refused():
    with pytest.raises(DatasetError, match="3 usable frames are one segment"):
        split_segments(np.zeros(3, int))
