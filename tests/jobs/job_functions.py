"""What the workers of the tests do."""

import os
import signal
import time
from pathlib import Path

from reald2iff.errors import DatasetError


def square(number):
    return number * number


def thread_limit(_):
    return os.environ["OMP_NUM_THREADS"]


def process(_):
    return os.getpid()


def refuse(number):
    if number == 2:
        raise DatasetError("number 2: expected another")
    return number


def die_once(folder, number):
    """Dies on number 1 the first time only."""
    mark = Path(folder) / f"{number}"
    seen = mark.exists()
    mark.touch()
    if number == 1 and not seen:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_always(number):
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def sleep_long(folder):
    (Path(folder) / f"{os.getpid()}").touch()
    time.sleep(60)
