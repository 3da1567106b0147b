"""The figures a node counts, by their fixed key names."""

import numpy as np

from reald2iff_ros.diagnostics import FrameStatistics


def test_nothing_is_claimed_before_the_first_frame():
    assert FrameStatistics().values() == {
        "received": "0",
        "published": "0",
        "dropped": "0",
        "last_error": "",
    }


def test_counts_and_percentiles():
    statistics = FrameStatistics()
    latencies = np.linspace(0.010, 0.030, 21)
    for latency in latencies:
        statistics.received()
        statistics.published(latency, 0.25)
    statistics.dropped("step")
    assert statistics.dropped("step") == 2
    statistics.dropped("replaced")
    statistics.error("boom")
    values = statistics.values()
    assert (values["received"], values["published"], values["dropped"]) == ("21", "21", "3")
    assert (values["dropped.step"], values["dropped.replaced"]) == ("2", "1")
    assert float(values["latency_p50_ms"]) == 20.0
    assert float(values["latency_p95_ms"]) == 29.0
    assert float(values["invalid_ratio"]) == 0.25
    assert values["last_error"] == "boom"
    assert float(values["rate_hz"]) > 0


def test_figures_are_of_the_last_frames_only():
    statistics = FrameStatistics(window=2)
    for latency in (9.0, 0.001, 0.001):
        statistics.published(latency)
    assert float(statistics.values()["latency_p95_ms"]) == 1.0
