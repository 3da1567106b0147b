"""`reald2iff bench speed`."""

import json

import pytest

from reald2iff.bench.speed import tabletop_depth, time_model
from reald2iff.cli import main
from reald2iff.sensors import NOISE_MODELS, GaussianNoise


def test_the_sensor_models_are_timed_without_weights(tmp_path, capsys):
    out = tmp_path / "speed.json"
    arguments = ["--sensors-only", "--repeats", "1", "--warmup", "0", "--json", str(out)]
    assert main(["bench", "speed", *arguments]) == 0
    rows = json.loads(out.read_text())["rows"]
    assert [row["model"] for row in rows] == list(NOISE_MODELS)
    assert all(row["median_ms"] > 0 for row in rows)
    stages = {row["stage"]: row["cpu_ms"] for row in json.loads(out.read_text())["twin_stages"]}
    assert stages["sense"] >= stages["matching"] > 0
    assert "d435_twin" in capsys.readouterr().out


def test_the_timed_image_is_a_full_depth_image():
    depth = tabletop_depth()
    assert depth.shape == (480, 640)
    assert depth.dtype.name == "float32"
    assert 0.3 < depth.min() < depth.max() <= 2.5


def test_every_repeat_is_timed():
    assert time_model(GaussianNoise(), warmup=0, repeats=3).repeats == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repeats", "0"], "repeats = 0"),
        (["--steps", "0", "1"], "steps 0 1: expected at least 1 and 0"),
        (["--weights", "/nowhere"], "/nowhere"),
    ],
)
def test_bad_options_are_refused_in_words(arguments, message, capsys):
    assert main(["bench", "speed", *arguments]) == 2
    assert message in capsys.readouterr().err
