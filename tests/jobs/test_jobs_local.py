"""Worker processes: results, errors, lost workers, and an end to all of them."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import job_functions as do
import pytest

from reald2iff.errors import DatasetError, InvalidParameterError, WorkerError
from reald2iff.jobs import JobsConfig, run_jobs

TWO = JobsConfig(workers=2)


def test_every_item_comes_back_with_its_result():
    assert sorted(run_jobs(do.square, range(5), TWO)) == [(n, n * n) for n in range(5)]


def test_a_worker_computes_in_one_thread_whatever_the_parent_does(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert [result for _, result in run_jobs(do.thread_limit, [0], TWO)] == ["1"]
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_one_worker_serves_many_items():
    assert len({result for _, result in run_jobs(do.process, range(4), JobsConfig(workers=1))}) == 1


def test_an_error_of_the_function_is_raised_as_it_is_with_the_workers_traceback():
    with pytest.raises(DatasetError, match="number 2") as caught:
        list(run_jobs(do.refuse, range(4), TWO))
    assert "in refuse" in str(caught.value.__cause__)


def test_the_work_of_a_lost_worker_is_redone(tmp_path):
    done = dict(run_jobs(partial(do.die_once, tmp_path), range(4), TWO))
    assert done == {n: n for n in range(4)}


def test_an_item_that_loses_every_worker_is_named():
    with pytest.raises(WorkerError, match=r"3 workers were lost on 1 .*SIGKILL"):
        list(run_jobs(do.die_always, [1], TWO))


def test_items_are_taken_when_a_worker_is_free_and_no_sooner():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    results = run_jobs(do.square, items(), TWO)
    next(results)
    results.close()
    assert len(taken) <= 3


def test_progress_is_a_line_an_item_where_there_is_no_terminal(capsys):
    list(run_jobs(do.square, [2, 3], TWO, title="squaring", unit="squares", total=2))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and lines[1].startswith("squaring: 2/2 squares")


def test_options_out_of_range_are_refused():
    with pytest.raises(InvalidParameterError, match="workers = -1"):
        JobsConfig(workers=-1)


def is_alive(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent(tmp_path, how):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import job_functions as do\n"
        "from reald2iff.jobs import JobsConfig, run_jobs\n"
        "list(run_jobs(do.sleep_long, [sys.argv[2]] * 2, JobsConfig(workers=2)))"
    )
    here = str(Path(__file__).parent)
    parent = subprocess.Popen([sys.executable, "-c", code, here, str(tmp_path)], stderr=subprocess.PIPE)
    while len(list(tmp_path.iterdir())) < 2:
        assert parent.poll() is None
        time.sleep(0.02)
    parent.send_signal(how)
    parent.wait(30)
    parent.stderr.close()
    workers = [int(path.name) for path in tmp_path.iterdir()]
    deadline = time.monotonic() + 30
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_alive, workers))
