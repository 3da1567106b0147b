"""`reald2iff bench realism --real`: what the command makes of the unpaired part."""

import json
from dataclasses import replace

import numpy as np
import pytest
from real_recordings import recording

from reald2iff.bench import evaluation, paired, realism
from reald2iff.bench import unpaired as unpaired_part
from reald2iff.bench.frames import PairedFrames
from reald2iff.cli import main
from reald2iff.metrics.two_sample import TwoSampleResult


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A paired part without generated data, classifiers or denoiser: here it only has to be there."""
    clean = np.full((8, 96, 128), 12, np.float32) + np.arange(8, dtype=np.float32)[:, None, None]
    frames = PairedFrames(clean, clean, clean, np.arange(8), np.full(8, 19.13, np.float32), baseline=0.05)
    fine = {"two_sample_16": figures(0.5), "two_sample_64": figures(0.5)}
    monkeypatch.setattr(realism, "load_test_frames", lambda folder, count: frames)
    monkeypatch.setattr(
        evaluation.PairedEvaluation, "statistics", lambda self, generated: {"hole_ratio": 0.0}
    )
    lenient = replace(paired.SELF_CHECK, chance_limit=1.0, found_limit=0.0)
    monkeypatch.setattr(paired, "SELF_CHECK", lenient)
    monkeypatch.setattr(paired, "_two_sample", lambda text, generated, evaluation, work, step: fine)
    monkeypatch.setattr("reald2iff.denoising.load_denoiser", lambda: "denoiser")
    monkeypatch.setattr(realism, "recorded_twin", lambda folder: None)
    monkeypatch.setattr(realism, "read_recordings", lambda path: [recording(8)])


def figures(accuracy: float) -> dict:
    return TwoSampleResult(accuracy, accuracy, (accuracy, accuracy), 4, 100).as_dict()


def source(rows: list[dict], problems: list[str]) -> dict:
    return {
        "name": "kitchen",
        "registered": False,
        "frames": 8,
        "tested": 4,
        "problems": problems,
        "rows": rows,
    }


ROW = {"method": "identity", "two_sample_16": figures(0.97), "two_sample_64": figures(0.99)}


def run(monkeypatch, tmp_path, found) -> tuple[int, dict]:
    asked = {}

    def measure(recordings, names, weights, device, seed, step, **options):
        asked.update(options, names=names, recordings=recordings)
        return found

    monkeypatch.setattr(unpaired_part, "measure_unpaired", measure)
    arguments = ["--pairs", str(tmp_path), "--real", str(tmp_path), "--methods", "identity"]
    out = tmp_path / "out.json"
    status = main(["bench", "realism", *arguments, "--json", str(out), "--work", str(tmp_path / "work")])
    return status, asked | {"written": json.loads(out.read_text())}


def test_rows_of_real_frames_are_printed_and_written_beside_the_paired_ones(monkeypatch, tmp_path, capsys):
    found = {"rows": [ROW | {"source": "kitchen"}], "sources": [source([ROW], [])], "seconds": 1.0}
    status, run_with = run(monkeypatch, tmp_path, found)
    assert status == 0
    assert run_with["names"] == ("identity",)
    assert run_with["cleaner"] == "denoiser"
    assert run_with["work"] == tmp_path / "work"
    written = run_with["written"]
    assert [row["method"] for row in written["paired"]["rows"]] == ["identity"]
    assert written["unpaired"]["rows"][0]["two_sample_16"]["accuracy"] == 0.97
    shown = capsys.readouterr().out
    assert "kitchen (native), 4 of 8 frames tested" in shown
    assert "0.970" in shown and "0.990" in shown


def test_a_source_that_cannot_be_trusted_has_its_reason_and_no_figures(monkeypatch, tmp_path, capsys):
    found = {"rows": [], "sources": [source([], ["real told from real"])], "seconds": 1.0}
    status, _ = run(monkeypatch, tmp_path, found)
    assert status == 1
    shown = capsys.readouterr()
    assert "kitchen: no figures: real told from real" in shown.err
    assert "kitchen" not in shown.out


def test_a_folder_without_recordings_is_refused_before_anything_runs(monkeypatch, tmp_path, capsys):
    monkeypatch.undo()
    monkeypatch.setattr(realism, "load_test_frames", lambda folder, count: pytest.fail("loaded"))
    assert main(["bench", "realism", "--pairs", str(tmp_path), "--real", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
