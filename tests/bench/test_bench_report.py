"""Timing, tables and JSON of the benchmarks."""

import json
import time

import numpy as np
import pytest

from reald2iff.bench.report import Timing, format_cell, machine, print_table, timing, write_json
from reald2iff.errors import InvalidParameterError


def test_timing_leaves_out_the_warm_up():
    calls = []
    measured = timing(lambda: calls.append(time.sleep(0.05 if len(calls) < 2 else 0)), warmup=2, repeats=5)
    assert len(calls) == 7
    assert measured.repeats == 5
    assert measured.median_ms < 50


def test_timing_gives_median_percentile_and_interquartile_range():
    measured = Timing.of([0.001 * k for k in range(1, 102)])
    assert measured.median_ms == pytest.approx(51)
    assert measured.p95_ms == pytest.approx(96)
    assert measured.iqr_ms == pytest.approx(50)


def test_no_times_are_refused():
    with pytest.raises(InvalidParameterError, match="at least one"):
        timing(lambda: None, repeats=0)


def test_machine_names_cores_and_versions():
    found = machine()
    assert found["cores"] >= 1
    assert "numpy" in found["versions"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (0.0, "0.000"),
        (0.12345, "0.123"),
        (1534.2, "1534"),
        (1e-5, "1e-05"),
        ("x", "x"),
        (float("nan"), "nan"),
    ],
)
def test_cells(value, shown):
    assert format_cell(value) == shown


def test_a_table_shows_headings_and_missing_values(capsys):
    print_table("speed", [{"a": 1, "b": 2.5}, {"a": 3}], {"a": "model", "b": "ms"})
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("speed", "model", "ms", "2.500", "-"))


def test_json_takes_numpy_values_and_makes_its_folder(tmp_path):
    path = write_json(tmp_path / "new" / "figures.json", {"a": np.float32(0.5), "b": np.arange(2)})
    assert json.loads(path.read_text()) == {"a": 0.5, "b": [0, 1]}
    assert [p.name for p in path.parent.iterdir()] == ["figures.json"]
