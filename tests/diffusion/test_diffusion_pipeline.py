"""The two stages as one diffusers pipeline."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.sampling_defaults import SamplingDefaults
from reald2iff.errors import InvalidParameterError, WeightsError

WEIGHTS = "diffusion_pytorch_model.safetensors"


def run(pipeline, disparity, seed=0, **steps):
    return pipeline(disparity, generator=torch.Generator().manual_seed(seed), **steps)


def test_the_output_has_the_size_of_the_input_and_lies_on_the_comb(pipeline, box_disparity) -> None:
    output = run(pipeline, box_disparity[..., :37, :51])
    for image in (output.disparity, output.coarse_disparity, output.discrepancy):
        assert image.shape == (1, 1, 37, 51)
    assert torch.equal(output.disparity * 32, torch.round(output.disparity * 32))
    assert 0 <= output.discrepancy.min() <= output.discrepancy.max() <= 1


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(pipeline, box_disparity) -> None:
    first = run(pipeline, box_disparity).disparity
    assert torch.equal(first, run(pipeline, box_disparity).disparity)
    assert not torch.equal(first, run(pipeline, box_disparity, seed=1).disparity)


def test_zero_fine_steps_stop_after_the_coarse_stage(pipeline, box_disparity) -> None:
    output = run(pipeline, box_disparity, fine_steps=0)
    assert torch.equal(output.disparity, output.coarse_disparity)


def test_saving_and_loading_gives_the_same_output(pipeline, box_disparity, tmp_path) -> None:
    pipeline.save_pretrained(tmp_path)
    loaded = RealD2iffPipeline.from_pretrained(tmp_path)
    assert loaded.sampling == pipeline.sampling
    assert torch.equal(run(loaded, box_disparity).disparity, run(pipeline, box_disparity).disparity)


def test_only_safetensors_and_json_are_written(pipeline, tmp_path) -> None:
    pipeline.save_pretrained(tmp_path)
    assert {p.suffix for p in tmp_path.rglob("*") if p.is_file()} == {".json", ".safetensors"}


@pytest.mark.parametrize("change", ["missing", "unexpected", "shape", "not finite"])
def test_weights_that_do_not_fit_are_refused(pipeline, tmp_path, change) -> None:
    pipeline.save_pretrained(tmp_path)
    tensors = load_file(tmp_path / "fine" / WEIGHTS)
    name = next(iter(tensors))
    if change == "missing":
        del tensors[name]
    elif change == "unexpected":
        tensors["another"] = torch.zeros(1)
    elif change == "shape":
        tensors[name] = torch.zeros(3)
    else:
        tensors[name] = torch.full_like(tensors[name], torch.nan)
    save_file(tensors, tmp_path / "fine" / WEIGHTS)
    with pytest.raises(WeightsError, match=change):
        RealD2iffPipeline.from_pretrained(tmp_path)


def test_a_broken_weights_file_is_refused(pipeline, tmp_path) -> None:
    pipeline.save_pretrained(tmp_path)
    (tmp_path / "coarse" / WEIGHTS).write_bytes(b"not tensors")
    with pytest.raises(WeightsError, match="not a readable safetensors file"):
        RealD2iffPipeline.from_pretrained(tmp_path)


def test_a_missing_folder_and_a_foreign_network_are_refused(pipeline, tmp_path) -> None:
    with pytest.raises(WeightsError, match="no such folder"):
        RealD2iffPipeline.from_pretrained(tmp_path / "nowhere")
    pipeline.save_pretrained(tmp_path)
    config = tmp_path / "coarse" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "_class_name": "UNet2DModel"}))
    with pytest.raises(WeightsError, match="PixelBackbone"):
        RealD2iffPipeline.from_pretrained(tmp_path)


@pytest.mark.parametrize("steps", [{"coarse_steps": 0}, {"fine_steps": -1}])
def test_impossible_step_counts_are_refused(pipeline, box_disparity, steps) -> None:
    with pytest.raises(InvalidParameterError, match="expected at least 1 and 0"):
        run(pipeline, box_disparity, **steps)


def test_disparity_without_batch_and_channel_is_refused(pipeline, box_disparity) -> None:
    with pytest.raises(InvalidParameterError, match=r"expected \(B, 1, H, W\)"):
        run(pipeline, box_disparity[0, 0])


def test_the_low_pass_comes_before_the_quantisation(pipeline, box_disparity):
    sample = torch.randn(1, 2, *box_disparity.shape[-2:], generator=torch.Generator().manual_seed(0)) * 0.2
    sample[:, 1] = 1
    sample[:, 1, :4] = -1
    raw = pipeline.decode_fine(box_disparity, sample)
    pipeline.set_sampling(replace(pipeline.sampling, lowpass_sigma=2.0, lowpass_tolerance=5.0))
    smooth = pipeline.decode_fine(box_disparity, sample)
    assert torch.equal(smooth * 32, (smooth * 32).round())
    assert torch.equal(smooth > 0, raw > 0)
    inside = (slice(None), slice(None), slice(14, 26), slice(28, 36))
    assert (smooth - box_disparity)[inside].std() < 0.5 * (raw - box_disparity)[inside].std()
    # Wider than the tolerance: the step of 12 px at the box's side stays.
    assert (smooth - box_disparity)[:, :, 12:28].abs().max() < 1


def test_the_low_pass_fades_out_away_from_holes_and_jumps(pipeline):
    flat = torch.full((1, 1, 128, 128), 20.0)
    sample = torch.randn(1, 2, 128, 128, generator=torch.Generator().manual_seed(0)) * 0.2
    sample[:, 1] = 1
    sample[..., :4] = -1
    raw = pipeline.decode_fine(flat, sample)
    pipeline.set_sampling(replace(pipeline.sampling, lowpass_sigma=2.0))
    moved = (pipeline.decode_fine(flat, sample) - raw).abs().mean(dim=(0, 1, 2))
    assert moved[112:].mean() < 0.15 * moved[4:12].mean()


def test_white_noise_comes_before_the_quantisation_and_leaves_holes_alone(pipeline, box_disparity):
    sample = torch.zeros(1, 2, *box_disparity.shape[-2:])
    sample[:, 1] = 1
    sample[:, 1, :4] = -1
    raw = pipeline.decode_fine(box_disparity, sample)
    pipeline.set_sampling(replace(pipeline.sampling, white_noise=0.05))
    noisy = pipeline.decode_fine(box_disparity, sample, generator=torch.Generator().manual_seed(0))
    assert torch.equal(noisy * 32, (noisy * 32).round())
    assert torch.equal(noisy > 0, raw > 0)
    assert (noisy - raw)[raw > 0].std().item() == pytest.approx(0.05, rel=0.05)
    assert torch.equal(pipeline.decode_fine(box_disparity, sample), raw)


def test_impossible_white_noise_is_refused():
    with pytest.raises(InvalidParameterError, match="white_noise = -1"):
        SamplingDefaults(white_noise=-1)


def test_an_impossible_low_pass_is_refused():
    with pytest.raises(InvalidParameterError, match="lowpass_sigma -1"):
        SamplingDefaults(lowpass_sigma=-1)
