import dataclasses

import numpy as np
import pytest
from make_episodes import make_episode

from reald2iff.demos import Episode, NoiseRecord
from reald2iff.errors import DatasetError


def changed(**fields):
    return dataclasses.replace(make_episode(), **fields)


def with_obs(**obs):
    episode = make_episode()
    return dataclasses.replace(episode, obs={**episode.obs, **obs})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: changed(actions=np.full((5, 7), 1.01)), r"actions reach 1.01: expected \[-1, 1\]"),
        (lambda: changed(actions=np.zeros((4, 7))), r"actions has shape \(4, 7\): expected \(5, 7\)"),
        (lambda: changed(rewards=np.array([0, 0, np.nan, 0, 1.0])), "rewards is not finite at row 2"),
        (lambda: changed(stamps=np.array([1, 2, 2, 3, 4])), "stamps do not rise at step 2"),
        (lambda: changed(stamps=np.arange(5.0)), "int64 nanoseconds"),
        (lambda: changed(states=np.zeros((5, 4))), r"states has shape \(5, 4\): expected \(5, 3\)"),
        (lambda: with_obs(eef_quat=np.ones((5, 4))), "expected unit quaternions"),
        (lambda: with_obs(camera_depth=-np.ones((5, 2, 2, 1), np.float32)), "negative in places"),
        (
            lambda: with_obs(camera_depth=np.ones((5, 2, 2, 1), np.uint16)),
            "expected .* float32 depth in metres",
        ),
        (lambda: with_obs(camera_depth=np.full((5, 2, 2, 1), np.inf, np.float32)), "not finite"),
        (lambda: with_obs(**{"a/b": np.zeros((5, 1))}), "without '/'"),
        (lambda: Episode(np.zeros(0, np.int64), {}), "the episode is empty"),
        (lambda: NoiseRecord("x", "1", 0, {"a": np.float32(1)}), "expected JSON values"),
    ],
)
def test_a_broken_episode_is_refused_and_named(make, message):
    with pytest.raises(DatasetError, match=message):
        make()


def test_subtask_signals_are_zero_or_one():
    episode = make_episode()
    info = dataclasses.replace(episode.datagen_info, subtask_term_signals={"grasp": np.arange(5)})
    with pytest.raises(DatasetError, match="subtask_term_signals/grasp: expected only 0 and 1"):
        dataclasses.replace(episode, datagen_info=info)
