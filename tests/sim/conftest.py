"""One simulator for all tests of this folder: building it takes seconds, resetting it milliseconds."""

from collections.abc import Iterator

import pytest

pytest.importorskip("mujoco", reason="needs the sim extra")
pytest.importorskip("mink", reason="needs the sim extra")


@pytest.fixture(scope="session")
def simulator() -> Iterator["object"]:
    from reald2iff_sim import make_simulator

    made = make_simulator()
    yield made
    made.close()
