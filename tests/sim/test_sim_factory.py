import subprocess
import sys

import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff_sim import make_expert, make_simulator, make_task
from reald2iff_sim.backends.mujoco.backend import MujocoConfig
from reald2iff_sim.tasks.objects import Material, Part
from reald2iff_sim.tasks.pick_cube import PickCube


def test_importing_package_tasks_and_experts_leaves_mujoco_alone():
    code = (
        "import sys, reald2iff_sim, reald2iff_sim.camera\n"
        "reald2iff_sim.make_expert('pick_cube')\n"
        "assert not {'mujoco', 'mink', 'torch', 'rclpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: make_simulator("gazebo"), "mujoco"),
        (lambda: make_simulator(task="fold_towel"), "pick_cube"),
        (lambda: make_task("fold_towel"), "pick_cube"),
        (lambda: make_expert("fold_towel"), "pick_cube"),
        (lambda: make_simulator(gravity=1.0), "timestep"),
    ],
)
def test_unknown_names_raise_and_list_the_valid_ones(call, named):
    with pytest.raises(InvalidParameterError, match=named):
        call()


def test_bad_parameters_raise():
    with pytest.raises(InvalidParameterError, match="timestep"):
        MujocoConfig(timestep=0.003)
    with pytest.raises(InvalidParameterError, match="cube_size"):
        PickCube(cube_size=0.2)
    with pytest.raises(InvalidParameterError, match="shape"):
        Part("cone", (0.1, 0.1, 0.1), Material((1, 1, 1, 1)))  # type: ignore[arg-type]


def test_subtasks_name_signals_that_the_task_gives(simulator):
    task = simulator.task
    signals = task.subtask_signals(simulator.reset(0))
    named = [subtask.term_signal for subtask in task.subtasks]
    assert named[-1] is None and set(named[:-1]) == set(signals)
    assert {subtask.object_ref for subtask in task.subtasks} <= {item.name for item in task.objects}
