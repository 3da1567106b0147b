"""`reald2iff demos render`: demonstrations in workers, one file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import h5py
import numpy as np
import tyro

from reald2iff import __version__
from reald2iff.demos.formats.hdf5_copy import copy_attributes, copy_except
from reald2iff.demos.reading import demo_names, open_demos
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.jobs import JobsConfig, PartsFolder, run_jobs
from reald2iff_sim.factory import TASKS
from reald2iff_sim.rendering.cameras import CameraConfig
from reald2iff_sim.rendering.work import CAMERA_INFO, DepthType, RenderJob, render_demo


@dataclass(frozen=True)
class RenderConfig:
    """Pictures of demonstrations of states: colour, clean depth, segmentation and calibration.

    Everything else is carried over byte for byte. Renders with EGL: on the GPU if there is one
    (MUJOCO_EGL_DEVICE_ID chooses), else on the CPU. Run on its own result with another --camera name, it adds
    a second camera.
    A run that was stopped, or killed, continues when the same command is given again.
    """

    input: Annotated[Path, tyro.conf.Positional]
    """A file of `reald2iff demos generate`; it is not changed."""
    out: Annotated[Path, tyro.conf.Positional]
    """The same file with pictures, for `reald2iff enhance` and robomimic."""
    depth: DepthType = "float32"
    """Depth as float32 metres in steps of 0.06 mm, which robomimic reads, or as uint16 millimetres, which
    takes about half the space; both are compressed without loss."""
    segmentation: bool = True
    """Also what each pixel of the depth image shows: 0 the room, 1 the robot, 2 and up the objects."""
    demos: int = 0
    """Only the first this many, e.g. to look at the view; 0 = all."""
    seed: int = 0
    """Of the cameras: each demonstration draws from this and its own number."""
    overwrite: bool = False
    """Replace a result that is there, or parts of a run with other options."""
    view: Annotated[CameraConfig, tyro.conf.arg(name="")] = field(default_factory=CameraConfig)
    jobs: Annotated[JobsConfig, tyro.conf.arg(name="")] = field(default_factory=JobsConfig)

    def __post_init__(self) -> None:
        if self.seed < 0 or self.demos < 0:
            raise InvalidParameterError(f"seed, demos = {self.seed}, {self.demos}: expected 0 or more")
        if self.input.resolve() == self.out.resolve():
            raise InvalidParameterError(f"{self.out} is the input itself: expected another name")


def render(config: RenderConfig) -> int:
    """Make the pictures; returns the exit status.

    Raises:
        DatasetError: for an input that is missing or has no states, or a result that is there.
        WorkerError: if workers are lost again and again.
    """
    with open_demos(config.input) as file:
        demos = {name: int(file["data"][name].attrs["num_samples"]) for name in _chosen(config, file["data"])}
        task, backend = _environment(config.input, file["data"])
    if not demos:
        raise DatasetError(f"{config.input} holds no demonstrations")
    record = {
        "made_by": f"reald2iff {__version__}",
        "seed": config.seed,
        "depth": config.depth,
        "segmentation": config.segmentation,
        "demos": config.demos,
        **asdict(config.view),
    }
    status = config.input.stat()
    folder = PartsFolder(
        config.out, {**record, "source": [status.st_size, status.st_mtime_ns]}, config.overwrite
    )
    try:
        if not folder.published:
            job = RenderJob(
                config.input.resolve(),
                folder.path.resolve(),
                task,
                backend,
                config.view,
                config.depth,
                config.segmentation,
                config.seed,
            )
            _render(config, job, demos)
            _assemble(config, folder.start_assembly(), job, record)
            folder.publish()
        folder.remove()
    finally:
        folder.close()
    print(f"{len(demos)} demonstrations, {sum(demos.values())} steps with pictures: {config.out}")
    return 0


def _chosen(config: RenderConfig, data: h5py.Group) -> list[str]:
    names = demo_names(data)
    return names[: config.demos] if config.demos else names


def _environment(path: Path, data: h5py.Group) -> tuple[str, str]:
    """Task and backend, as the file says."""
    try:
        env = json.loads(str(data.attrs["env_args"]))
        task, backend = env["env_name"], env["env_kwargs"]["simulator"]
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path} does not say what it was simulated with: expected a file of `reald2iff demos generate`"
        ) from error
    if task not in TASKS:
        raise DatasetError(f"{path} is of the task {task!r}: expected one of {', '.join(TASKS)}")
    return task, backend


def _render(config: RenderConfig, job: RenderJob, demos: Mapping[str, int]) -> None:
    missing = [name for name in demos if not job.part(name).exists()]
    if len(missing) < len(demos):
        print(
            f"{len(demos) - len(missing)} of {len(demos)} demonstrations are there already", file=sys.stderr
        )
    done = run_jobs(
        partial(render_demo, job),
        missing,
        config.jobs,
        title="rendering",
        unit="steps",
        total=sum(demos[name] for name in missing),
        weight=lambda _, steps: float(steps),
        note=lambda name, _: name,
    )
    for _ in done:
        pass


def _assemble(config: RenderConfig, out: Path, job: RenderJob, record: Mapping[str, Any]) -> None:
    """The input with the pictures of the parts."""
    with open_demos(config.input) as source, h5py.File(out, "w") as target:
        names = _chosen(config, source["data"])
        copy_attributes(source, target)
        for group in source:
            if group not in ("data", "mask"):
                source.copy(group, target, name=group)
        for split, members in source.get("mask", {}).items():
            kept = np.isin(members[()], np.array(names, dtype=np.bytes_))
            target.create_dataset(f"mask/{split}", data=members[()][kept])
        data = target.create_group("data")
        copy_attributes(source["data"], data)
        data.attrs["total"] = sum(int(source["data"][name].attrs["num_samples"]) for name in names)
        renderings = json.loads(str(data.attrs.get("rendering", "{}")))
        renderings[config.view.camera] = record
        data.attrs["rendering"] = json.dumps(renderings, sort_keys=True)
        for name in names:
            demo = source["data"][name]
            with h5py.File(job.part(name), "r") as part:
                copy_except(demo, data.create_group(name), {f"obs/{k}": part["obs"][k] for k in part["obs"]})
                cameras = json.loads(str(demo.attrs.get(CAMERA_INFO, "{}")))
                cameras |= json.loads(str(part.attrs[CAMERA_INFO]))
                data[name].attrs[CAMERA_INFO] = json.dumps(cameras)
