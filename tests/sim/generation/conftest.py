"""Two sources for all tests of this folder."""

import pytest


@pytest.fixture(scope="session")
def sources_file(simulator, tmp_path_factory):
    from reald2iff_sim.generation.sources import record_sources

    path = tmp_path_factory.mktemp("sources") / "sources.hdf5"
    record_sources(simulator, 2, 0, path)
    return path
