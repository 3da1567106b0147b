"""The newest item wins, and the thread ends when told."""

import threading
import time

from reald2iff_ros.depth_realism_worker import NewestWorker


def test_the_newest_waiting_item_replaces_the_others():
    busy, done = threading.Event(), threading.Event()
    handled = []

    def handle(item):
        handled.append(item)
        if item == 1:
            busy.set()
            done.wait(5)

    worker = NewestWorker(handle, "test")
    assert worker.submit(1) is None
    assert busy.wait(5)
    assert [worker.submit(n) for n in (2, 3, 4)] == [None, 2, 3]
    done.set()
    deadline = time.monotonic() + 5
    while 4 not in handled and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.stop()
    assert handled == [1, 4]


def test_stopping_waits_for_the_item_in_work_and_forgets_the_waiting_one():
    busy, go_on = threading.Event(), threading.Event()
    handled = []

    def handle(item):
        busy.set()
        go_on.wait(5)
        handled.append(item)

    worker = NewestWorker(handle, "test")
    worker.submit(1)
    assert busy.wait(5)
    worker.submit(2)
    threading.Timer(0.1, go_on.set).start()
    worker.stop()
    assert handled == [1]
