"""One small data set, generated once."""

import sys
from pathlib import Path

import pytest

from reald2iff.pairs.generate import GenerateConfig, generate

sys.path.insert(0, str(Path(__file__).parent))  # worker processes inherit it: they import stub_scenes

COUNT = 120


@pytest.fixture(scope="session")
def card_pairs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pairs") / "cards"
    assert generate(card_config(folder)) == 0
    return folder


def card_config(folder: Path, **options) -> GenerateConfig:
    defaults = {"count": COUNT, "seed": 5, "workers": 1, "source": "stub_scenes:CardScenes"}
    return GenerateConfig(out=folder, **(defaults | options))


@pytest.fixture
def config_for():
    return card_config
