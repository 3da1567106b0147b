"""Computations side by side: results, errors and interrupts."""

import subprocess
import sys
import threading

import pytest

from reald2iff.bench.parallel import in_parallel


def test_results_come_by_name_in_the_order_of_the_jobs():
    meeting = threading.Barrier(2, timeout=30)

    def job(value):
        meeting.wait()  # nobody passes unless both run at the same time
        return value

    found = in_parallel({"b": lambda: job(1), "a": lambda: job(2)})
    assert list(found.items()) == [("b", 1), ("a", 2)]


def test_the_error_of_a_job_is_raised():
    def fail():
        raise ValueError("no valid depth")

    with pytest.raises(ValueError, match="no valid depth"):
        in_parallel({"fails": fail, "works": lambda: 1})


def test_an_interrupt_does_not_wait_for_the_jobs():
    code = (
        "import os, signal, threading, time\n"
        "from reald2iff.bench.parallel import in_parallel\n"
        "threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "in_parallel({'long': lambda: time.sleep(1000)})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert b"KeyboardInterrupt" in done.stderr
