"""Options of `reald2iff bench demos`."""

import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.bench_demos import BenchDemosConfig


def test_every_task_is_measured_unless_some_are_named():
    assert BenchDemosConfig().tasks == ("can_to_plate", "pick_cube", "place_banana", "stack_cube")


@pytest.mark.parametrize("options", [{"trials": 0}, {"episodes": 0}, {"frames": 0}, {"seed": -1}])
def test_what_cannot_be_measured_is_refused(options):
    with pytest.raises(InvalidParameterError, match="expected at"):
        BenchDemosConfig(**options)
