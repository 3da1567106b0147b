"""Every task: reset distribution, subtasks, expert, success."""

import itertools

import numpy as np
import pytest

from reald2iff.errors import InvalidParameterError, SimulationError
from reald2iff_sim import make_expert, make_simulator, make_task
from reald2iff_sim.factory import EXPERTS, TASKS
from reald2iff_sim.tasks.starts import ArmStart, TableRegion
from reald2iff_sim.trajectory import record

PLACING = ("can_to_plate", "place_banana", "stack_cube")


@pytest.fixture(scope="module", params=PLACING)
def placing(request):
    simulator = make_simulator(task=request.param)
    yield simulator
    simulator.close()


@pytest.fixture(scope="module")
def episode(placing):
    return record(placing, make_expert(placing.task), 1)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_subtasks_name_objects_and_signals_of_the_task(name):
    task = make_task(name)
    assert name in EXPERTS and task.name == name and task.language
    assert {subtask.object_ref for subtask in task.subtasks} <= {item.name for item in task.objects}
    *signals, last = [subtask.term_signal for subtask in task.subtasks]
    assert last is None and None not in signals


def test_an_episode_begins_at_rest_with_nothing_done_and_ends_in_success(placing, episode):
    task = placing.task
    first = episode.observations[0]
    assert not task.success(first) and not any(task.subtask_signals(first).values())
    for velocity in first.object_velocities.values():
        assert np.linalg.norm(velocity[:3]) < 0.01
    assert episode.success and len(episode) < 0.7 * task.max_steps
    signal = episode.datagen_info(task).subtask_term_signals["grasp"]
    assert signal[0] == 0 and 20 < signal.argmax() < len(episode) - 20


def test_an_object_is_not_placed_while_it_is_held_or_moves(placing, episode):
    task = placing.task
    last = episode.results[-1].observation
    name = task.subtasks[0].object_ref
    assert task.success(last)
    for spoiled in (
        {"finger_forces": last.finger_forces | {name: np.array([1.0, 1.0])}},
        {"object_velocities": last.object_velocities | {name: np.full(6, 0.2)}},
        {"eef_pose": last.object_poses[name]},
    ):
        assert not task.success(type(last)(**(vars(last) | spoiled)))


def test_objects_start_apart_inside_their_region_and_as_drawn(placing):
    task = placing.task
    for seed in range(50):
        start = task.draw(np.random.default_rng(seed))
        places = np.array([pose[:2, 3] for pose in start.object_poses.values()])
        assert (places >= task.region.low).all() and (places <= task.region.high).all()
        assert all(np.linalg.norm(a - b) > 0.06 for a, b in itertools.combinations(places, 2))
    start = task.draw(np.random.default_rng(0))
    observation = placing.reset(5, start=start)
    for name, pose in start.object_poses.items():
        np.testing.assert_allclose(observation.object_poses[name], pose, atol=6e-3)


def test_a_crowded_region_raises():
    with pytest.raises(SimulationError, match="no room"):
        TableRegion((0.4, 0.0), (0.45, 0.05)).draw(np.random.default_rng(0), [0.1, 0.1])


def test_bad_starts_and_sizes_raise():
    with pytest.raises(InvalidParameterError, match="low <= high"):
        ArmStart(low=(1.0, 0.0, 0.0))
    with pytest.raises(InvalidParameterError, match="plate_diameter"):
        make_task("can_to_plate", plate_diameter=0.08)
    with pytest.raises(InvalidParameterError, match="tolerance"):
        make_task("place_banana", tolerance=0.2)
    with pytest.raises(InvalidParameterError, match="lower_size"):
        make_task("stack_cube", lower_size=0.09)
    with pytest.raises(InvalidParameterError, match="colour"):
        make_task("stack_cube", colour="red")
