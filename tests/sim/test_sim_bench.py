import json

import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.bench import BenchSimConfig, bench_sim


def test_the_bench_writes_timings_and_the_experts_success(tmp_path, capsys):
    path = tmp_path / "sim.json"
    bench_sim(BenchSimConfig(episodes=1, repeats=2, json=path))
    report = json.loads(path.read_text())
    assert report["expert"]["successes"] == 1
    assert 0 < report["expert"]["joint_jerk_rms"] < report["expert"]["joint_jerk_max"]
    assert report["timings"]["depth image"]["median_ms"] > 0
    assert report["machine"]["cores"] >= 1
    assert "real-time factor" in capsys.readouterr().out


def test_fewer_than_no_repeats_raise():
    with pytest.raises(InvalidParameterError, match="repeats"):
        BenchSimConfig(repeats=-1)
