"""Small simulated views for all tests of this folder: rendering them takes a second, once."""

import pytest

from reald2iff.geometry import D435_DEPTH


@pytest.fixture(scope="session")
def small_simulator():
    from reald2iff_sim import make_simulator
    from reald2iff_sim.camera import WorkspaceCamera

    made = make_simulator(camera=WorkspaceCamera(depth=D435_DEPTH.resized(320, 240)))
    yield made
    made.close()


@pytest.fixture(scope="session")
def clean_views(small_simulator):
    """Three clean views of the whole scene, and where the camera stands."""
    from reald2iff_sim.alignment.simulated import simulated_views

    return simulated_views(small_simulator, 3, None, seed=3)
