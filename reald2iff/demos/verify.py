"""Find out what is broken in a file of demonstrations."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

from reald2iff.demos.episode import check_frame
from reald2iff.demos.episode_group import read_group
from reald2iff.demos.reading import demo_names, open_demos
from reald2iff.errors import DatasetError


def verify(path: Path | str) -> list[str]:
    """Read everything in a file, frame by frame.

    Returns:
        What is wrong, a sentence each; empty for a sound file.
    """
    try:
        file = open_demos(path)
    except DatasetError as error:
        return [str(error)]
    with file:
        data = file["data"]
        try:
            names = demo_names(data)
        except DatasetError as error:
            return [str(error)]
        problems, total = [], 0
        for name in names:
            try:
                demo = data[name]
            except (KeyError, OSError):
                link = data.get(name, getlink=True)
                where = f" (linked to {link.filename})" if isinstance(link, h5py.ExternalLink) else ""
                problems.append(f"{name} cannot be opened{where}")
                continue
            problems += [f"{name}: {problem}" for problem in _verify_demo(demo)]
            total += int(demo.attrs.get("num_samples", 0))
        if int(data.attrs.get("total", -1)) != total:
            problems.append(f"data attribute total is {data.attrs.get('total')}: expected {total} steps")
        problems += _verify_env_args(data.attrs.get("env_args"))
        for split in file.get("mask", {}):
            unknown = {bytes(n).decode() for n in file["mask"][split][()]} - set(names)
            if unknown:
                problems.append(
                    f"mask/{split} names {', '.join(sorted(unknown))}, which the file does not hold"
                )
        return problems


def _verify_demo(demo: h5py.Group) -> list[str]:
    try:
        episode = read_group(demo, images=False)
    except DatasetError as error:
        return [str(error)]
    problems = []
    if demo.attrs.get("num_samples") != len(episode):
        problems.append(f"num_samples is {demo.attrs.get('num_samples')}: it holds {len(episode)} steps")
    for key, frames in demo["obs"].items():
        if frames.ndim < 4:
            continue
        if len(frames) != len(episode):
            problems.append(f"obs/{key} holds {len(frames)} frames for {len(episode)} steps")
        try:
            for step, frame in enumerate(frames):
                check_frame(key, frame)
                if frame.dtype.kind == "f" and not (np.isfinite(frame).all() and frame.min() >= 0):
                    problems.append(f"obs/{key}: frame {step} is not finite or negative in places")
                    break
        except (OSError, DatasetError) as error:
            problems.append(f"obs/{key}: frame {step + 1 if step else 0} cannot be read: {error}")
    return problems


def _verify_env_args(env_args: object) -> list[str]:
    try:
        missing = {"env_name", "type", "env_kwargs"} - set(json.loads(str(env_args)))
    except (TypeError, ValueError):
        return ["data attribute env_args is not JSON: robomimic needs it"]
    return [f"data attribute env_args lacks {', '.join(sorted(missing))}"] if missing else []
