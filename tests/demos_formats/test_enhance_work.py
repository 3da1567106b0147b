"""Seeds and sequences: what hangs on the run, the episode, the camera and the frame."""

from dataclasses import dataclass, replace

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planar_demos import planar_depth, write_robomimic

from reald2iff.demos.enhance.command import enhance
from reald2iff.demos.enhance.config import EnhanceConfig
from reald2iff.demos.enhance.work import episode_file, episode_seed
from reald2iff.sensors import NoiseModel


@dataclass(frozen=True)
class Stamp(NoiseModel):
    """Writes what it was seeded with into the picture."""

    name = "stamp"
    sequence: int = -1

    def apply(self, depth, intrinsics, rng):
        made = np.full_like(depth, 1 + self.sequence % 2**20 / 2**20)
        made[0] = 1 + rng.random()
        return made

    def for_sequence(self, seed):
        return replace(self, sequence=seed)


@pytest.fixture
def enhanced(tmp_path, monkeypatch):
    """Depth of two episodes and two cameras, ``(6, H, W)`` each, by base seed."""
    source = write_robomimic(tmp_path / "clean.hdf5", episodes=2, next_obs=False)
    with h5py.File(source, "r+") as file:
        for demo in file["data"].values():
            demo["obs/wrist_depth"] = planar_depth(6)[..., None]

    def run(function, items, *_, **__):
        return ((item, function(item)) for item in items)

    monkeypatch.setattr("reald2iff.demos.enhance.command.run_jobs", run)
    for module in ("command", "work"):
        monkeypatch.setattr(f"reald2iff.demos.enhance.{module}.load_model", lambda *_: Stamp())

    def depth(seed):
        out = tmp_path / f"{seed}.hdf5"
        given_ = ("wrist_depth=40,40,23.5,17.5",)
        enhance(EnhanceConfig(source, out, seed=seed, intrinsics=given_, overwrite=True))
        with h5py.File(out) as file:
            keys = [(demo, f"obs/{c}_depth") for demo in ("demo_0", "demo_1") for c in ("agentview", "wrist")]
            return np.stack([file["data"][demo][key][..., 0] for demo, key in keys])

    return depth


def test_what_stays_over_a_sequence_is_one_for_each_episode_and_camera(enhanced):
    kept = enhanced(0)[:, :, 1, 0]
    assert (kept == kept[:, :1]).all()
    assert len(np.unique(kept)) == 4


def test_every_frame_has_draws_of_its_own(enhanced):
    assert len(np.unique(enhanced(0)[:, :, 0, 0])) == 24


def test_the_base_seed_changes_everything_and_nothing_else_does(enhanced):
    first, again, other = enhanced(0), enhanced(0), enhanced(1)
    assert np.array_equal(first, again)
    assert not np.isin(other, first).any()


@settings(max_examples=30)
@given(st.text(max_size=200), st.text(max_size=200))
def test_episodes_of_any_name_have_files_of_their_own(a, b):
    assert (episode_file(a) == episode_file(b)) == (a == b)
    assert "/" not in episode_file(a) and len(episode_file(a).encode()) < 255


@given(st.integers(0, 2**31), st.text(max_size=20))
def test_an_episodes_seed_fits_where_seeds_are_stored(seed, name):
    assert 0 <= episode_seed(seed, name) < 2**63
