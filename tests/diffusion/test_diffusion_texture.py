import pytest
import torch

from reald2iff.diffusion.backbone import PixelBackbone
from reald2iff.diffusion.texture import SHAPES, texture_fields


def test_fields_have_unit_variance_up_to_the_borders():
    noise = torch.randn(64, 1, 48, 64, generator=torch.Generator().manual_seed(0))
    fields = texture_fields(noise, SHAPES)
    assert fields.shape == (64, 1, len(SHAPES), 48, 64)
    for part in (fields[..., 20:28, 28:36], fields[..., :4, :4]):
        torch.testing.assert_close(part.std((0, 1, 3, 4)), torch.ones(len(SHAPES)), atol=0.15, rtol=0)


@pytest.mark.parametrize(("shape", "longer"), [((6.0, 2.0), "row"), ((2.0, 6.0), "column")])
def test_fields_are_as_long_as_their_shape(shape, longer):
    noise = torch.randn(8, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    field = texture_fields(noise, (shape,))[:, 0, 0]
    along_row = (field[:, :, 4:] * field[:, :, :-4]).mean()
    along_column = (field[:, 4:] * field[:, :-4]).mean()
    assert bool(along_row > along_column) is (longer == "row")


def test_a_new_texture_head_adds_its_first_gain_of_each_field():
    torch.manual_seed(0)
    plain = PixelBackbone(3, 4, (8, 16), 1).eval()
    textured = PixelBackbone(3, 4, (8, 16), 1, textures=((2.0, 2.0),)).eval()
    textured.start_from(plain)
    textured.set_texture_gains((0.5, 0.0))
    noise, condition = torch.randn(1, 2, 16, 16), torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        difference = textured(noise, torch.ones(1), condition)[0] - plain(noise, torch.ones(1), condition)[0]
    expected = 0.5 * texture_fields(noise, ((2.0, 2.0),))[:, 0, 0]
    torch.testing.assert_close(difference[:, 0], expected, atol=1e-5, rtol=0)
    assert difference[:, 1].abs().max() < 1e-6


def test_textured_weights_survive_saving(tmp_path):
    from reald2iff.diffusion.weights import load_backbone

    backbone = PixelBackbone(3, 4, (8, 16), 1, textures=SHAPES).eval()
    backbone.save_pretrained(tmp_path)
    loaded = load_backbone(tmp_path).eval()
    noise, condition = torch.randn(1, 2, 16, 16), torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(
            loaded(noise, torch.ones(1), condition)[0], backbone(noise, torch.ones(1), condition)[0]
        )
