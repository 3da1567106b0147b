"""`reald2iff pairs from-real` on a small recording, with an untrained network of the real kind."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
import torch

from reald2iff.denoising.network import DenoisingNetwork
from reald2iff.errors import DatasetError
from reald2iff.io.recordings import read_recordings
from reald2iff.pairs import load_pairs
from reald2iff.pairs.format import read_index
from reald2iff.pairs.from_real import FromRealConfig, from_real
from reald2iff.pairs.from_real_shards import plan_real_shards, split_segments

FOCAL = 190.0


def write_recording(folder, count=14, source="camera", stream="native depth", **images):
    """Frames of a wavy floor with noise; ``images`` replaces some of them, by number."""
    rng = np.random.default_rng(0)
    rows = np.arange(96, dtype=np.float32)[:, None] * np.ones((1, 128), np.float32)
    entries = []
    (folder / source).mkdir(parents=True)
    for number in range(count):
        disparity = 8 + 0.1 * rows + rng.normal(0, 0.05, rows.shape)
        depth = np.rint(FOCAL * 50 / disparity).astype(np.uint16)
        depth[:, :12] = 0
        depth = images.get(f"frame{number}", depth)
        name = f"{source}/{number:03d}.png"
        cv2.imwrite(str(folder / name), depth)
        camera = {"fx": FOCAL, "fy": FOCAL, "cx": 63.5, "cy": 47.5}
        entries.append({"depth": name, "source": source, "stream": stream, **camera})
    return entries


@pytest.fixture
def recording(tmp_path):
    folder = tmp_path / "frames"
    entries = write_recording(folder, frame5=np.zeros((96, 128), np.uint16))
    (folder / "index.json").write_text(json.dumps(entries))
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A network that is not trained but sure of itself: the mean of its candidates."""
    torch.manual_seed(0)
    network = DenoisingNetwork(4, (8, 16), 1)
    with torch.no_grad():
        network.unet.conv_out.bias[-16:] = -3.0
    folder = tmp_path_factory.mktemp("weights")
    network.save(folder)
    return folder


def config(recording, out, weights, **options) -> FromRealConfig:
    return FromRealConfig(recording, out, weights=str(weights), **{"pictured": 0, **options})


def test_frames_become_pairs_of_the_format(recording, tmp_path, weights) -> None:
    out = tmp_path / "pairs"
    assert from_real(config(recording, out, weights)) == 0
    pairs = load_pairs(out, "train")
    assert pairs.clean_disparity.shape[1:] == (96, 128)
    assert (pairs.kind == "real").all()
    np.testing.assert_allclose(pairs.focal_baseline, FOCAL * 0.05)
    measured = read_recordings(recording)[0].frames[0].disparity()
    np.testing.assert_allclose(pairs.sensor_disparity[0] / 32, measured, atol=1 / 64)


def test_fit_and_test_share_no_segment_and_are_the_halves(tmp_path, weights) -> None:
    folder, out = tmp_path / "frames", tmp_path / "pairs"
    (folder / "index.json").write_text(json.dumps(write_recording(folder, 22)))
    from_real(config(folder, out, weights))
    scenes = {split: set(load_pairs(out, split).scene) for split in ("train", "val", "test")}
    fit, test = read_recordings(folder)[0].halves()
    assert scenes["train"].isdisjoint(scenes["val"])
    assert scenes["train"] | scenes["val"] == {frame.segment for frame in fit.frames}
    assert scenes["test"] == {frame.segment for frame in test.frames}


def test_refused_frames_are_left_out_and_listed_with_the_reason(recording, tmp_path, weights, capsys) -> None:
    out = tmp_path / "pairs"
    from_real(config(recording, out, weights))
    shards = read_index(out)["shards"]
    refused = [entry for shard in shards for entry in shard["refused"]]
    assert [entry["frame"] for entry in refused] == ["camera/005.png"]
    assert "pixels hold a measurement" in refused[0]["reason"]
    assert sum(shard["views"] for shard in shards) == 13
    assert "refused camera/005.png" in capsys.readouterr().err


def test_an_interrupted_run_goes_on_to_the_same_bytes(recording, tmp_path, weights, monkeypatch) -> None:
    from reald2iff.pairs import from_real as module

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    from_real(config(recording, whole, weights))
    real_write, calls = module.write_real_shard, []

    def stop_at_the_second(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real_write(*arguments)

    monkeypatch.setattr(module, "write_real_shard", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        from_real(config(recording, broken, weights))
    from_real(config(recording, broken, weights))
    assert len(calls) == 1 + len(read_index(whole)["shards"])
    for path in sorted(whole.iterdir()):
        assert (broken / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_registered_source_is_marked_and_cleaned_at_the_scale_of_its_sensor(tmp_path, weights) -> None:
    folder, out = tmp_path / "frames", tmp_path / "pairs"
    entries = write_recording(folder, 3, stream="depth aligned to color")
    (folder / "index.json").write_text(json.dumps(entries))
    from_real(config(folder, out, weights, native_focal=125.0))
    index = read_index(out)
    assert index["registered"] is True
    assert index["registered_scale"] == pytest.approx(FOCAL / 125)
    np.testing.assert_allclose(load_pairs(out, "train").focal_baseline, FOCAL * 0.05)


def test_several_sources_are_never_pooled(tmp_path, weights) -> None:
    folder = tmp_path / "frames"
    entries = write_recording(folder, 2, "left") + write_recording(folder, 2, "right")
    (folder / "index.json").write_text(json.dumps(entries))
    with pytest.raises(DatasetError, match="left, right, which are never pooled"):
        from_real(config(folder, tmp_path / "pairs", weights))
    with pytest.raises(DatasetError, match="no source 'middle': expected left or right"):
        from_real(config(folder, tmp_path / "pairs", weights, source="middle"))
    assert from_real(config(folder, tmp_path / "pairs", weights, source="right")) == 0
    assert read_index(tmp_path / "pairs")["source"]["name"] == "right"


def test_a_recording_without_any_credible_frame_is_an_error(tmp_path, weights) -> None:
    folder = tmp_path / "frames"
    empty = np.zeros((96, 128), np.uint16)
    entries = write_recording(folder, 2, frame0=empty, frame1=empty)
    (folder / "index.json").write_text(json.dumps(entries))
    with pytest.raises(DatasetError, match="every frame was refused; the first because: only 0%"):
        from_real(config(folder, tmp_path / "pairs", weights))


def test_other_weights_do_not_go_on_with_a_data_set(recording, tmp_path, weights) -> None:
    out, other = tmp_path / "pairs", tmp_path / "other"
    from_real(config(recording, out, weights))
    DenoisingNetwork(4, (8, 8), 1).save(other)
    with pytest.raises(DatasetError, match=r"other options \(denoiser\.weights was"):
        from_real(config(recording, out, other))


def test_the_picture_shows_frames_and_refusals(recording, tmp_path, weights) -> None:
    out = tmp_path / "pairs"
    from_real(config(recording, out, weights, pictured=2))
    picture = cv2.imread(str(out / "cleaned.png"))
    assert picture.shape[1] > 5 * 300


def test_every_frame_is_planned_once_and_a_single_segment_is_for_training(recording) -> None:
    whole = read_recordings(recording)[0]
    names = [frame.name for plan in plan_real_shards(whole) for frame in plan.frames]
    assert sorted(names) == sorted(frame.name for frame in whole.frames)
    single = dataclasses.replace(whole, frames=whole.frames[:3])
    assert set(split_segments(single).values()) == {"train"}
