"""The newest item wins, and the thread ends when told."""

import threading

from ros_harness import HANG

from reald2iff_ros.depth_realism_worker import NewestWorker


def test_the_newest_waiting_item_replaces_the_others():
    busy, done, last = threading.Event(), threading.Event(), threading.Event()
    handled = []

    def handle(item):
        handled.append(item)
        if item == 1:
            busy.set()
            done.wait(HANG)
        if item == 4:
            last.set()

    worker = NewestWorker(handle, "test")
    assert worker.submit(1) is None
    assert busy.wait(HANG)
    assert [worker.submit(n) for n in (2, 3, 4)] == [None, 2, 3]
    done.set()
    assert last.wait(HANG)
    worker.stop()
    assert handled == [1, 4]


def test_stopping_waits_for_the_item_in_work_and_forgets_the_waiting_one():
    busy, go_on = threading.Event(), threading.Event()
    handled = []

    def handle(item):
        busy.set()
        go_on.wait(HANG)
        handled.append(item)

    worker = NewestWorker(handle, "test")
    worker.submit(1)
    assert busy.wait(HANG)
    worker.submit(2)
    threading.Timer(0.1, go_on.set).start()
    worker.stop()
    assert handled == [1]
