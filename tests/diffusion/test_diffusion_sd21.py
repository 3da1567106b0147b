"""Stable Diffusion 2.1's backbone, on a tiny model of the same architecture made here."""

import pytest
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, UNet2DConditionModel

from reald2iff.diffusion.condition import CONDITION_CHANNELS
from reald2iff.diffusion.pipeline import RealD2iffPipeline
from reald2iff.diffusion.representation import CHANNELS
from reald2iff.diffusion.sd21 import StableDiffusionBackbone
from reald2iff.errors import WeightsError

PROMPT = torch.randn(1, 7, 16, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A folder laid out like Stable Diffusion 2.1 for diffusers, with few channels."""
    folder = tmp_path_factory.mktemp("sd21")
    torch.manual_seed(0)
    UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=(2, 4),
        norm_num_groups=4,
        use_linear_projection=True,
    ).save_pretrained(folder / "unet")
    AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=4,
    ).save_pretrained(folder / "vae")
    return folder


def backbone(checkpoint, extra=0, **options):
    return StableDiffusionBackbone.from_stable_diffusion(
        checkpoint, CONDITION_CHANNELS + extra, empty_prompt=PROMPT, **options
    ).eval()


def test_pretrained_weights_and_the_prompt_are_taken_over(checkpoint) -> None:
    model = backbone(checkpoint)
    pretrained = UNet2DConditionModel.from_pretrained(checkpoint / "unet")
    own = model.unet.state_dict()
    for name, value in pretrained.state_dict().items():
        if not name.startswith(("conv_in.weight", "conv_out")):
            assert torch.equal(own[name], value), name
    assert torch.equal(model.empty_prompt, PROMPT)


def test_the_widened_input_keeps_the_mean_response_of_the_pretrained_one(checkpoint) -> None:
    pretrained = UNet2DConditionModel.from_pretrained(checkpoint / "unet").conv_in
    widened = backbone(checkpoint).unet.conv_in
    ones = torch.ones(1, 1, 8, 8)
    wide = widened(ones.expand(1, widened.in_channels, -1, -1))
    # Channels repeat in fours: equal inputs respond alike when their number is a multiple of four.
    assert widened.in_channels == CHANNELS * 4 + CONDITION_CHANNELS
    narrow = pretrained(ones.expand(1, 4, -1, -1))
    torch.testing.assert_close(wide, narrow, rtol=0.3, atol=0.1)


def test_two_such_stages_sample_and_survive_saving(checkpoint, box_disparity, tmp_path) -> None:
    pipeline = RealD2iffPipeline(
        backbone(checkpoint, deviation_head=True),
        backbone(checkpoint, extra=CHANNELS + 1),
        FlowMatchEulerDiscreteScheduler(shift=3.0),
        sampling={"coarse_steps": 1, "fine_steps": 1},
    )

    def sample(p):
        return p(box_disparity, generator=torch.Generator().manual_seed(0))

    output = sample(pipeline)
    assert output.disparity.shape == box_disparity.shape
    pipeline.save_pretrained(tmp_path)
    assert torch.equal(sample(RealD2iffPipeline.from_pretrained(tmp_path)).disparity, output.disparity)


def test_the_networks_learn_and_the_autoencoder_stays_frozen(checkpoint) -> None:
    model = backbone(checkpoint, deviation_head=True).train()
    target = torch.randn(1, CHANNELS, 32, 32).clamp(-1, 1)
    x0, deviation = model(
        model.encode(target), torch.tensor([0.5]), torch.randn(1, CONDITION_CHANNELS, 32, 32)
    )
    (x0.square().mean() + deviation.mean()).backward()
    assert all(p.grad is None for p in model.vae.parameters())
    assert any(p.grad is not None and p.grad.any() for p in model.unet.parameters())
    assert deviation.shape == (1, 1, 32, 32)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path) -> None:
    with pytest.raises(WeightsError, match="expected Stable Diffusion"):
        StableDiffusionBackbone.from_stable_diffusion(tmp_path, CONDITION_CHANNELS, empty_prompt=PROMPT)


def test_a_checkpoint_without_text_encoder_says_what_is_missing(checkpoint) -> None:
    pytest.importorskip("transformers", reason="the text encoder needs the extra sd21")
    with pytest.raises(WeightsError, match=r"tokenizer|text_encoder|sd21"):
        StableDiffusionBackbone.from_stable_diffusion(checkpoint, CONDITION_CHANNELS)
