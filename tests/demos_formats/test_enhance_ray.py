"""Two local Ray workers. Starting Ray takes most of the time, hence few tests and one cluster."""

from functools import partial
from pathlib import Path

import pytest
from lost_worker import die_once
from planar_demos import write_robomimic

from reald2iff.demos.enhance.command import enhance
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.demos.reading import episode_number
from reald2iff.errors import DatasetError
from reald2iff.jobs import JobsConfig, run_jobs

ray = pytest.importorskip("ray", reason="Ray is not installed")
TWO = JobsConfig("ray", workers=2)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """Its workers find the functions of this folder as they would those of an installed package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_ray_gives_the_bytes_that_one_process_gives(tmp_path):
    clean = write_robomimic(tmp_path / "clean.hdf5", episodes=3)
    enhance(EnhanceConfig(clean, tmp_path / "ray.hdf5", model="gaussian", jobs=TWO))
    one = JobsConfig(workers=1)
    enhance(EnhanceConfig(clean, tmp_path / "one.hdf5", model="gaussian", jobs=one))
    assert (tmp_path / "ray.hdf5").read_bytes() == (tmp_path / "one.hdf5").read_bytes()


def test_ray_raises_an_error_of_the_function_as_it_is():
    with pytest.raises(DatasetError, match="'no number'"):
        list(run_jobs(episode_number, ["demo_0", "no number"], TWO))


def test_ray_redoes_the_work_of_a_lost_worker(tmp_path):
    assert dict(run_jobs(partial(die_once, tmp_path), range(3), TWO)) == {n: n for n in range(3)}
