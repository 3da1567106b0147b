"""The same work on two local Ray workers. Starting Ray takes most of the time, hence few tests."""

import os
from functools import partial
from pathlib import Path

import job_functions as do
import pytest

from reald2iff.errors import DatasetError
from reald2iff.jobs import JobsConfig, run_jobs

pytest.importorskip("ray", reason="Ray is not installed")
TWO = JobsConfig("ray", workers=2)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """One for all tests here; its workers find the functions of the tests like an installed package."""
    import ray

    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    try:
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    yield
    ray.shutdown()


def test_ray_gives_every_item_back_with_its_result():
    assert sorted(run_jobs(do.square, range(4), TWO)) == [(n, n * n) for n in range(4)]


def test_ray_raises_an_error_of_the_function_as_it_is():
    with pytest.raises(DatasetError, match="number 2"):
        list(run_jobs(do.refuse, range(3), TWO))


def test_ray_redoes_the_work_of_a_lost_worker(tmp_path):
    assert dict(run_jobs(partial(do.die_once, tmp_path), range(3), TWO)) == {n: n for n in range(3)}
