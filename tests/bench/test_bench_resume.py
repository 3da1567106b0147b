"""An interrupted realism benchmark continues; what changed is made anew."""

import json

import numpy as np
import pytest

from reald2iff.bench import evaluation
from reald2iff.bench.evaluation import PairedEvaluation
from reald2iff.bench.frames import PairedFrames
from reald2iff.bench.methods import Method
from reald2iff.bench.paired import measure_paired, paired_work_key
from reald2iff.bench.progress import progress
from reald2iff.bench.work import Work, array_key, key_of
from reald2iff.errors import DatasetError
from reald2iff.metrics.two_sample import TwoSampleResult

VIEWS = 4


@pytest.fixture(scope="module")
def frames() -> PairedFrames:
    rng = np.random.default_rng(0)
    clean = (10 + np.mgrid[:96, :128][1] * 0.02 + np.arange(VIEWS)[:, None, None]).astype(np.float32)
    clean[:, 30:60, 40:80] += 5
    sensor, redrawn = (clean + rng.normal(0, 0.05, clean.shape).astype(np.float32) for _ in range(2))
    return PairedFrames(
        clean, sensor, redrawn, np.arange(VIEWS), np.full(VIEWS, 19.13, np.float32), baseline=0.05
    )


@pytest.fixture
def judged(monkeypatch) -> list[str]:
    """Stands for classifiers and other figures, which take long: what the classifiers said, call by call."""
    calls = []

    def classify(clean, sensor, generated, scene, config):
        alike = abs((generated - clean).std() - (sensor - clean).std()) < 0.01
        calls.append("alike" if alike else "told apart")
        accuracy = 0.5 if alike else 1.0
        return TwoSampleResult(accuracy, accuracy, (accuracy, accuracy), 2, 10)

    monkeypatch.setattr(evaluation, "two_sample_test", classify)
    monkeypatch.setattr(
        PairedEvaluation, "statistics", lambda self, generated: {"mean_px": float(generated.mean())}
    )
    return calls


class Noise:
    """A method that counts its frames and can be interrupted."""

    def __init__(self, name: str, spread: float, version: str = "1", stop_after: int | None = None) -> None:
        self.calls = 0
        self.method = Method(name, name, self.apply, version)
        self.spread, self.stop_after = spread, stop_after

    def apply(self, depth, intrinsics, rng):
        if self.stop_after is not None and self.calls >= self.stop_after:
            raise KeyboardInterrupt
        self.calls += 1
        return (depth * (1 + self.spread * rng.standard_normal(depth.shape))).astype(np.float32)


def measure(frames, folder, *noises, seed=0):
    checked = PairedEvaluation(frames)
    work = Work(folder, paired_work_key(checked, seed))
    methods = [noise.method for noise in noises]
    return measure_paired(checked, methods, work, seed, lambda text, share: None, show=(0, 2))


def test_an_interrupted_run_continues_with_the_first_row_that_is_not_finished(frames, judged, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        measure(frames, tmp_path, Noise("gaussian", 0.01), Noise("perlin", 0.02, stop_after=3))
    first = len(judged)
    gaussian, perlin = Noise("gaussian", 0.01), Noise("perlin", 0.02)
    resumed = measure(frames, tmp_path, gaussian, perlin)
    assert (gaussian.calls, perlin.calls) == (0, VIEWS + 1)
    assert len(judged) - first == len(evaluation.CLASSIFIERS)
    untouched = measure(frames, None, Noise("gaussian", 0.01), Noise("perlin", 0.02))
    assert [row["method"] for row in resumed.rows] == ["gaussian", "perlin"]
    assert without_times(resumed.rows) == without_times(untouched.rows)
    assert resumed.self_check == untouched.self_check
    np.testing.assert_array_equal(resumed.shown["gaussian"], untouched.shown["gaussian"])


def without_times(rows) -> list[dict]:
    return [json.loads(json.dumps({k: v for k, v in row.items() if not k.startswith("ms_")})) for row in rows]


def test_a_finished_run_measures_nothing_again(frames, judged, tmp_path):
    measure(frames, tmp_path, Noise("gaussian", 0.01))
    done, again = len(judged), Noise("gaussian", 0.01)
    measure(frames, tmp_path, again)
    assert (len(judged), again.calls) == (done, 0)


@pytest.mark.parametrize("change", ["parameters", "seed", "views", "damage"])
def test_what_changed_is_made_anew(frames, judged, tmp_path, change):
    measure(frames, tmp_path, Noise("gaussian", 0.01))
    other = frames
    if change == "views":
        other = PairedFrames(**{**vars(frames), "sensor": frames.sensor + np.float32(0.5)})
    if change == "damage":
        for path in tmp_path.glob("gaussian*"):
            path.write_bytes(path.read_bytes()[:50])
    noise = Noise("gaussian", 0.01, version="2" if change == "parameters" else "1")
    measure(other, tmp_path, noise, seed=1 if change == "seed" else 0)
    assert noise.calls == VIEWS + 1


def test_no_row_is_measured_when_the_check_fails_whatever_rows_are_asked_for(frames, judged, tmp_path):
    noisy = PairedFrames(**{**vars(frames), "redrawn": frames.clean})
    gaussian = Noise("gaussian", 0.01)
    result = measure(noisy, tmp_path, gaussian)
    assert result.problems and not result.rows
    assert gaussian.calls == 0


def test_keys_differ_with_every_part_and_with_every_pixel():
    assert key_of("a", {"b": 1}) != key_of("a", {"b": 2})
    image = np.zeros((2, 3))
    assert array_key(image) == array_key(image.copy())
    assert array_key(image) != array_key(image.reshape(3, 2))
    image[1, 1] = 1e-9
    assert array_key(image) != array_key(np.zeros((2, 3)))


def test_a_work_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="work folder"):
        Work(tmp_path / "file" / "work", "key")


def test_progress_prints_a_line_for_each_new_text_without_a_terminal(capsys):
    with progress(4) as step:
        step("gaussian: frames", 0.5)
        step("gaussian: frames", 0.5)
        step("gaussian: classifiers", 1)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "gaussian: frames" in lines[0] and "12%" in lines[0].replace(" %", "%")
    assert "gaussian: classifiers" in lines[1] and "50%" in lines[1]
