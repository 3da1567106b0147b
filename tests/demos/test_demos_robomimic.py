"""robomimic's own reader iterates the files, linked and consolidated."""

import numpy as np
import pytest
from make_episodes import ENV_ARGS, make_episode

from reald2iff.demos import DemoWriter

LENGTH = 5
IMAGES = ("camera_image", "camera_depth", "camera_depth_clean")
LOW_DIM = ("joint_positions", "gripper_width", "eef_pos", "eef_quat")


@pytest.fixture(params=["linked", "consolidated"])
def path(tmp_path, request):
    path = tmp_path / "demos.hdf5"
    with DemoWriter(path, ENV_ARGS) as writer:
        for seed in range(3):
            writer.save(make_episode(seed, LENGTH))
        if request.param == "consolidated":
            writer.finish()
    return path


def sequence_dataset(path, **options):
    dataset = pytest.importorskip("robomimic.utils.dataset", reason="robomimic is not installed")
    import robomimic.utils.obs_utils as obs_utils

    obs_utils.initialize_obs_utils_with_obs_specs(
        {"obs": {"rgb": ["camera_image"], "depth": list(IMAGES[1:]), "low_dim": list(LOW_DIM)}}
    )
    return dataset.SequenceDataset(
        hdf5_path=str(path),
        obs_keys=(*IMAGES, *LOW_DIM),
        dataset_keys=("actions", "rewards", "dones"),
        frame_stack=1,
        seq_length=2,
        pad_seq_length=True,
        **{"hdf5_cache_mode": None, "hdf5_use_swmr": True, "load_next_obs": False, **options},
    )


@pytest.mark.parametrize("cache", [None, "low_dim", "all"])
def test_it_iterates_every_step(path, cache):
    dataset = sequence_dataset(path, hdf5_cache_mode=cache)
    assert len(dataset) == 3 * LENGTH
    episodes = [make_episode(seed, LENGTH) for seed in range(3)]
    for index in range(len(dataset)):
        episode, step = episodes[index // LENGTH], index % LENGTH
        item = dataset[index]
        assert np.allclose(item["actions"][0], episode.actions[step], rtol=1e-6)  # it caches float32
        assert item["dones"][0] == (step == LENGTH - 1)
        for key in LOW_DIM:
            assert np.allclose(item["obs"][key][0], episode.obs[key][step], rtol=1e-6)
        assert np.array_equal(item["obs"]["camera_image"][0], episode.obs["camera_image"][step])
        assert np.array_equal(item["obs"]["camera_depth"][0], episode.obs["camera_depth"][step])


def test_it_splits_training_from_validation(path):
    assert sequence_dataset(path, filter_by_attribute="train").demos == ["demo_0", "demo_2"]
    assert sequence_dataset(path, filter_by_attribute="valid").demos == ["demo_1"]


def test_its_depth_is_clipped_to_one_metre_unless_the_documented_processor_is_set(path):
    """The trap that `reald2iff.demos.hdf5` documents, and its remedy."""
    sequence_dataset(path)
    import robomimic.utils.obs_utils as obs_utils

    depth = make_episode(0, LENGTH).obs["camera_depth"]
    assert depth.max() > 2
    assert obs_utils.process_obs(depth, obs_key="camera_depth").max() == 1.0
    try:
        obs_utils.DepthModality.set_obs_processor(lambda depth: np.moveaxis(depth, -1, -3) / 2.0)
        assert obs_utils.process_obs(depth, obs_key="camera_depth").max() > 1.0
    finally:
        obs_utils.DepthModality.set_obs_processor(None)
