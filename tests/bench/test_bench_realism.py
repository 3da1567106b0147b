"""`reald2iff bench realism` on a small data set of constructed pairs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from reald2iff.bench import evaluation
from reald2iff.bench.evaluation import SELF_CHECK, PairedEvaluation
from reald2iff.bench.frames import as_published, load_test_frames, recorded_twin, training_statistics
from reald2iff.bench.methods import METHODS, build_methods
from reald2iff.bench.paired import run_method
from reald2iff.bench.pictures import typical_frames
from reald2iff.bench.work import Work
from reald2iff.cli import main
from reald2iff.errors import DatasetError, InvalidParameterError, WeightsError
from reald2iff.metrics.patch_network import classifier
from reald2iff.metrics.two_sample import PATCH_16, TwoSampleResult
from reald2iff.pairs.format import FORMAT_VERSION, Shard, encode_disparity, split_of, write_index, write_shard
from reald2iff.sensors import D435Twin

SIZE = (96, 128)
FOCAL_BASELINE = 19.13
BASELINE = 0.05


def sense(clean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = ndimage.gaussian_filter(rng.standard_normal(clean.shape), (0, 2, 2))
    hole = ndimage.gaussian_filter(rng.standard_normal(clean.shape), (0, 4, 4))
    return np.where(hole > 2 * hole.std(), 0, clean + noise / noise.std() * 0.3)


def scenes_of(split: str, count: int) -> list[int]:
    return [scene for scene in range(10_000) if split_of(scene) == split][:count]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    entries = []
    for number, (split, scenes) in enumerate({"train": 2, "test": 12}.items()):
        numbers = np.repeat(scenes_of(split, scenes), 2)
        ramp = np.mgrid[: SIZE[0], : SIZE[1]][1] * 0.02
        clean = (rng.uniform(8, 16, (len(numbers), 1, 1)) + ramp).astype(np.float32)
        clean[:, 30:60, 50:80] += 6
        shard = Shard(
            encode_disparity(clean, 512),
            encode_disparity(sense(clean, rng), 32),
            encode_disparity(sense(clean, rng), 32) if split == "test" else None,
            numbers.astype(np.int64),
            np.full(len(numbers), FOCAL_BASELINE, np.float32),
            np.full(len(numbers), "room", "<U16"),
            np.ones(len(numbers), np.float32),
            np.zeros(len(numbers), np.float32),
        )
        name = f"shard_{number:05d}.npz"
        write_shard(folder / name, shard)
        entries.append({"name": name, "split": split, "views": len(numbers)})
    camera = {"width": SIZE[1], "height": SIZE[0], "baseline": BASELINE}
    write_index(folder, {"format_version": FORMAT_VERSION, "camera": camera, "shards": entries})
    return folder


@pytest.fixture
def quick(monkeypatch):
    """One small classifier, trained as long as these frames need."""
    config = replace(PATCH_16, steps=60, batch=24, width=8, test_patches=40)
    monkeypatch.setattr(evaluation, "CLASSIFIERS", {"two_sample_16": config, "two_sample_64": config})


def test_the_command_writes_a_row_for_each_method_a_picture_and_a_report(pairs, quick, tmp_path, capsys):
    out, picture, report = (tmp_path / f"realism.{kind}" for kind in ("json", "png", "html"))
    arguments = [
        "--frames",
        "16",
        "--methods",
        "identity",
        "gaussian",
        "twin_redrawn",
        "--json",
        str(out),
        "--picture",
        str(picture),
        "--html",
        str(report),
    ]
    assert main(["bench", "realism", "--pairs", str(pairs), *arguments]) == 0
    written = json.loads(out.read_text())
    rows = {row["method"]: row for row in written["paired"]["rows"]}
    assert list(rows) == ["identity", "gaussian", "twin_redrawn"]
    assert rows["identity"]["two_sample_16"]["accuracy"] > 0.95
    assert abs(rows["twin_redrawn"]["two_sample_16"]["accuracy"] - 0.5) < 0.06
    assert rows["identity"]["hole_ratio"] == 0
    assert rows["identity"]["hole_ratio_error"] == 1
    assert rows["gaussian"]["residual_spread_px"] == pytest.approx(0.3, rel=0.1)
    assert rows["gaussian"]["hole_ratio_error"] < 0.5
    assert rows["gaussian"]["ms_per_frame"] > 0
    assert rows["twin_redrawn"]["ms_per_frame"] is None
    assert set(rows["gaussian"]["two_sample_64"]) >= {"accuracy", "auc", "ci95"}
    assert rows["twin_redrawn"]["frechet_distance"] < 0.5 * rows["gaussian"]["frechet_distance"]
    assert rows["twin_redrawn"]["fingerprint_distance"] < 0.5 * rows["gaussian"]["fingerprint_distance"]
    assert rows["twin_redrawn"]["hole_edge_error"] < rows["identity"]["hole_edge_error"]
    assert all(0 < row["miou"] <= 1 and 0 < row["f_score"] <= 1 for row in rows.values())
    assert set(written["paired"]["self_check"]) == {"twin_redrawn", "identity"}
    assert written["unpaired"] == {"rows": []}
    assert all(
        row["two_sample_16"] == written["paired"]["self_check"][name]["two_sample_16"]
        for name, row in rows.items()
        if name != "gaussian"
    )
    assert written["meta"]["classifiers"]["two_sample_16"]["steps"] == 60
    page = report.read_text()
    assert "twin_redrawn" in page and "data:image/png;base64" in page
    assert written["meta"]["scenes"] == 8
    assert picture.stat().st_size > 10_000
    shown = capsys.readouterr().out
    assert "gaussian" in shown and "two-sample 16" in shown


def test_no_figure_is_printed_when_the_measurement_fails_its_check(pairs, tmp_path, monkeypatch, capsys):
    untrained = replace(PATCH_16, steps=1, batch=2, width=2, test_patches=8)
    monkeypatch.setattr(evaluation, "CLASSIFIERS", {"two_sample_16": untrained})
    out = tmp_path / "realism.json"
    status = main(["bench", "realism", "--pairs", str(pairs), "--methods", "identity", "--json", str(out)])
    shown = capsys.readouterr()
    assert status == 1
    assert not out.exists()
    assert shown.out == ""
    assert "failed its own check" in shown.err and "clean depth is told" in shown.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pairs", "/nowhere"], "no index.json"),
        (["--methods", "magic"], "method 'magic': expected one of identity"),
        (["--frames", "2"], "frames = 2: expected at least 8"),
        (["--methods", "identity", "identity"], "expected different names"),
        (["--methods", "coarse", "--weights", "/nowhere"], "/nowhere"),
    ],
)
def test_bad_options_are_refused_in_words(pairs, arguments, message, capsys):
    given = arguments if "--pairs" in arguments else ["--pairs", str(pairs), *arguments]
    assert main(["bench", "realism", *given]) == 2
    assert message in capsys.readouterr().err


def result(accuracy: float, low: float, high: float) -> dict[str, dict]:
    return {"two_sample_16": TwoSampleResult(accuracy, accuracy, (low, high), 10, 1000).as_dict()}


@pytest.mark.parametrize(
    ("redrawn", "identity", "problems"),
    [
        (result(0.51, 0.49, 0.53), result(1.0, 1.0, 1.0), 0),
        (result(0.55, 0.53, 0.57), result(0.95, 0.9, 1.0), 0),
        (result(0.58, 0.49, 0.66), result(1.0, 1.0, 1.0), 0),
        (result(0.60, 0.56, 0.64), result(1.0, 1.0, 1.0), 1),
        (result(0.60, 0.56, 0.64), result(0.9, 0.8, 1.0), 2),
    ],
)
def test_the_check_wants_the_redraw_at_chance_and_clean_depth_found_out(redrawn, identity, problems):
    assert len(SELF_CHECK.problems(redrawn, identity)) == problems


def test_the_help_states_the_classifiers_as_they_are(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "realism", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for config in evaluation.CLASSIFIERS.values():
        network = classifier(config)
        layers = sum("Conv" in type(module).__name__ for module in network)
        side = f"{config.patch}x{config.patch} px {layers} convolutions"
        assert side in shown and f"{config.steps} steps of {config.batch} pairs" in shown


def test_missing_weights_are_reported_before_anything_runs():
    with pytest.raises(WeightsError):
        build_methods(["gaussian", "coarse_fine"], lambda: pytest.fail("fitted"), weights="/nowhere")


def test_every_method_name_that_needs_no_weights_can_be_built(pairs):
    names = [name for name in METHODS if not name.startswith("coarse")]
    built = build_methods(names, lambda: training_statistics(pairs))
    assert [method.name for method in built] == names


def test_unknown_methods_are_refused(pairs):
    with pytest.raises(InvalidParameterError, match="magic"):
        build_methods(["magic"], lambda: training_statistics(pairs))


def test_frames_draw_the_same_noise_whatever_runs_before_them(pairs):
    frames = load_test_frames(pairs, 8)
    [gaussian] = build_methods(["gaussian"], lambda: training_statistics(pairs))
    nothing = Work(None, "key")
    once, again, other = (
        run_method(gaussian, frames, nothing, seed, lambda text, share: None)[0] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


def test_only_test_scenes_are_used(pairs):
    frames = load_test_frames(pairs)
    assert len(frames) == 24
    assert set(frames.scene.tolist()) == set(scenes_of("test", 12))
    assert frames.intrinsics(0).fx == pytest.approx(FOCAL_BASELINE / BASELINE)


def test_a_set_without_a_second_draw_is_refused(tmp_path, pairs):
    scene = np.array(scenes_of("test", 1))
    image = np.full((1, *SIZE), 600, np.uint16)
    shard = Shard(
        image,
        image,
        None,
        scene,
        np.ones(1, np.float32),
        np.array(["room"], "<U16"),
        np.ones(1, np.float32),
        np.zeros(1, np.float32),
    )
    write_shard(tmp_path / "shard_00000.npz", shard)
    entry = {"name": "shard_00000.npz", "split": "test", "views": 1}
    write_index(
        tmp_path, {"format_version": FORMAT_VERSION, "camera": {"baseline": BASELINE}, "shards": [entry]}
    )
    with pytest.raises(DatasetError, match="sensed once"):
        load_test_frames(tmp_path)


def test_the_live_twin_is_the_one_that_the_pairs_were_made_with(tmp_path):
    sensor = {
        "name": "d435_twin",
        "matcher": "sgbm",
        "static_seed": None,
        "stereo": {"max_cost": 11, "gone": 3},
        "materials": {"dark_albedo": [0.02, 0.03]},
    }
    write_index(tmp_path, {"format_version": FORMAT_VERSION, "sensor": sensor, "shards": []})
    twin = recorded_twin(tmp_path)
    assert (twin.matcher, twin.stereo.max_cost, twin.materials.dark_albedo) == ("sgbm", 11, (0.02, 0.03))
    assert twin.post == D435Twin().post


def test_pairs_of_another_sensor_are_compared_with_the_twin_as_it_ships(tmp_path):
    index = {"format_version": FORMAT_VERSION, "sensor": {"name": "camera", "baseline": 0.1}, "shards": []}
    write_index(tmp_path, index)
    assert recorded_twin(tmp_path) == D435Twin()


def test_published_depth_is_whole_millimetres():
    disparity = as_published(np.array([[1.23456, 0.0]], np.float32), 382.6, BASELINE)
    np.testing.assert_allclose(382.6 * BASELINE / disparity[0, 0], 1.235, rtol=1e-5)
    assert disparity[0, 1] == 0


def test_statistics_of_the_sensor_against_itself_are_perfect(pairs):
    frames = load_test_frames(pairs, 8)
    figures = PairedEvaluation(frames).statistics(frames.sensor)
    assert figures["hole_ratio_error"] == 0
    assert figures["hole_iou"] == 1
    assert figures["chamfer_l2_mm2"] == 0
    assert figures["f_score"] == 1
    assert figures["spectrum_distance_db"] == 0


def test_the_first_pictured_frame_has_the_median_of_holes_and_each_scene_is_shown_once(pairs):
    frames = load_test_frames(pairs)
    chosen = typical_frames(frames, 4)
    ratios = sorted(float((image == 0).mean()) for image in frames.sensor)
    assert float((frames.sensor[chosen[0]] == 0).mean()) == ratios[len(ratios) // 2]
    assert len(chosen) == len(set(frames.scene[chosen].tolist())) == 4


def test_without_pairs_only_views_that_are_needed_are_generated_in_the_cache_folder(tmp_path, monkeypatch):
    from reald2iff.bench.frames import generate_small_set
    from reald2iff.pairs import generate as module

    asked = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "generate", asked.append)
    folders = generate_small_set(views=40, seed=1, workers=2)
    assert all(tmp_path in folder.parents for folder in folders)
    assert [config.out for config in asked] == list(folders)
    assert [(config.splits, config.count) for config in asked] == [(("test",), 40), (("train",), 32)]
