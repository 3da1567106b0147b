"""Small data sets with depth that looks like depth: a slanted plane with a box before it."""

import json

import h5py
import numpy as np

HEIGHT, WIDTH = 36, 48
ENV_ARGS = {"env_name": "Lift", "env_version": "1.4.1", "type": 1, "env_kwargs": {}}
INTRINSICS = [[40.0, 0, 23.5], [0, 40.0, 17.5], [0, 0, 1]]


def planar_depth(length, phase=0.0):
    """``(length, H, W) float32`` metres."""
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    depth = np.empty((length, HEIGHT, WIDTH), np.float32)
    for t in range(length):
        depth[t] = 1 / (0.6 + 0.9 * v / HEIGHT + 0.2 * u / WIDTH + 0.01 * t + phase)
        depth[t, 10:18, 12 + t % 5 : 24 + t % 5] = 0.55 + phase
    return depth


def write_robomimic(path, episodes=3, length=6, next_obs=True, camera_info=True):
    """What ``dataset_states_to_obs.py --depth --compress`` leaves, with odd corners kept on purpose."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["total"] = episodes * length
        data.attrs["env_args"] = json.dumps(ENV_ARGS)
        for k in range(episodes):
            rng = np.random.default_rng(k)
            demo = data.create_group(f"demo_{k}")
            demo.attrs["num_samples"] = length
            demo.attrs["fixed"] = np.bytes_(b"fixed length")
            if camera_info:
                demo.attrs["camera_info"] = json.dumps({"agentview": {"intrinsics": INTRINSICS}})
            demo["actions"] = rng.uniform(-1, 1, (length, 7))
            demo["states"] = rng.normal(size=(length, 4))
            demo["rewards"], demo["dones"] = np.zeros(length), np.eye(length, dtype=np.int64)[-1]
            depth = planar_depth(length + 1, 0.05 * (k % 8))[..., None]
            for group, shift in (("obs", 0), ("next_obs", 1))[: 1 + next_obs]:
                obs = demo.create_group(group)
                frames = depth[shift : shift + length]
                obs.create_dataset("agentview_depth", data=frames, compression="gzip", chunks=(2, 36, 24, 1))
                obs["agentview_depth"].attrs["unit"] = "m"
                image = rng.integers(0, 256, (length, HEIGHT, WIDTH, 3), dtype=np.uint8)
                obs.create_dataset("agentview_image", data=image, compression="lzf")
                obs["robot0_eef_pos"] = rng.normal(size=(length, 3))
        file["mask/train"] = np.array([f"demo_{k}" for k in range(episodes)], dtype="S8")
    return path
