"""Two short demonstrations of states."""

import h5py
import numpy as np
import pytest


@pytest.fixture(scope="session")
def states_file(simulator, tmp_path_factory):
    """As `reald2iff demos generate` writes them, a few steps long."""
    from reald2iff_sim.factory import make_expert
    from reald2iff_sim.generation.assembly import assemble
    from reald2iff_sim.generation.demo_group import write_demo
    from reald2iff_sim.generation.trial import Trial
    from reald2iff_sim.trajectory import Trajectory, record

    folder = tmp_path_factory.mktemp("states")
    whole = record(simulator, make_expert(simulator.task), 3)
    parts = []
    for number, start in enumerate((0, 40)):
        cut = slice(start, start + 3)
        short = Trajectory(
            whole.states[cut],
            whole.observations[cut],
            whole.results[cut],
            whole.depth_camera,
            whole.color_camera,
        )
        parts.append(folder / f"{number}.hdf5")
        with h5py.File(parts[-1], "w") as part:
            trial = Trial(3, short, np.zeros(3), ())
            write_demo(part.create_group("demo"), simulator, trial, number, "mimicgen")
    env = {"env_name": "pick_cube", "env_version": "0", "type": 2, "env_kwargs": {"simulator": "mujoco"}}
    assemble(folder / "states.hdf5", parts, env, {})

    return folder / "states.hdf5"
