"""Small episodes for the tests of this folder."""

import numpy as np

from reald2iff.demos import DatagenInfo, Episode, EpisodeCamera, NoiseRecord

ENV_ARGS = {"env_name": "pick_cube", "env_version": "0.1.0", "type": 2, "env_kwargs": {}}
STEP = 50_000_000


def poses(rng, length):
    turned = np.linalg.qr(rng.normal(size=(length, 3, 3)))[0]
    result = np.tile(np.eye(4), (length, 1, 1))
    result[:, :3, :3] = turned
    result[:, :3, 3] = rng.normal(size=(length, 3))
    return result


def make_episode(seed=0, length=5, height=12, width=16, images=True):
    rng, pixels = np.random.default_rng(seed).spawn(2)
    quaternion = rng.normal(size=(length, 4))
    obs = {
        "joint_positions": rng.normal(size=(length, 7)),
        "joint_velocities": rng.normal(size=(length, 7)),
        "gripper_width": rng.uniform(0, 0.08, (length, 1)),
        "eef_pos": rng.normal(size=(length, 3)),
        "eef_quat": quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True),
    }
    if images:
        shape = (length, height, width)
        obs["camera_image"] = pixels.integers(0, 256, (*shape, 3), dtype=np.uint8)
        obs["camera_depth"] = pixels.integers(0, 3000, (*shape, 1)).astype(np.float32) * np.float32(0.001)
        obs["camera_depth_clean"] = pixels.uniform(0.3, 2, (*shape, 1)).astype(np.float32)
    intrinsics = np.array([[9.0, 0, 7.5], [0, 9.0, 5.5], [0, 0, 1]])
    return Episode(
        stamps=1_000_000_000 + STEP * np.arange(length, dtype=np.int64),
        obs=obs,
        actions=rng.uniform(-1, 1, (length, 7)),
        actions_abs=rng.uniform(-1, 1, (length, 7)),
        rewards=np.eye(length)[-1],
        states=rng.normal(size=(length, 3)),
        state_names=("a", "b", "c"),
        datagen_info=DatagenInfo(
            eef_pose=poses(rng, length),
            target_pose=poses(rng, length),
            gripper_action=rng.uniform(-1, 1, (length, 1)),
            object_poses={"cube": poses(rng, length)},
            subtask_term_signals={"grasp": np.arange(length) // (length // 2 + 1)},
        ),
        cameras={
            "camera": EpisodeCamera(
                intrinsics, width, height, "camera_depth_optical_frame", ("camera_depth",), poses(rng, 1)[0]
            )
        },
        noise_model=NoiseRecord("reald2iff", "0.1.0", 7, {"coarse_steps": 4}),
        success=True,
        seed=seed,
    )


def assert_equal(a, b, where="episode"):
    if hasattr(a, "__dataclass_fields__"):
        for name in a.__dataclass_fields__:
            if name != "dones":
                assert_equal(getattr(a, name), getattr(b, name), f"{where}.{name}")
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), where
        for key in a:
            assert_equal(a[key], b[key], f"{where}[{key}]")
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and np.array_equal(a, b), where
    else:
        assert a == b, where


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())
