"""The contact sheet."""

import cv2
import pytest

from reald2iff.cli import main
from reald2iff.errors import InvalidParameterError
from reald2iff.pairs.show import ShowConfig, show


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_picture_is_written(card_pairs, tmp_path, split):
    out = tmp_path / "pictures" / "pairs.png"
    assert show(ShowConfig(card_pairs, out, split, count=2)) == 0
    assert cv2.imread(str(out)).std() > 10


def test_bad_use_is_an_error(tmp_path, capsys):
    with pytest.raises(InvalidParameterError, match="count = 0"):
        ShowConfig(tmp_path, count=0)
    assert main(["pairs", "show", "--folder", str(tmp_path)]) == 2
    assert "no index.json" in capsys.readouterr().err
