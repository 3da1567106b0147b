"""Options of `reald2iff enhance`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from reald2iff.cli.noise_options import NoiseModelOptions
from reald2iff.errors import InvalidParameterError
from reald2iff.jobs import JobsConfig


@dataclass(frozen=True)
class EnhanceConfig(NoiseModelOptions):
    """Options of `reald2iff enhance`.

    Reads robomimic's, MimicGen's and Isaac Lab's HDF5, LeRobot v3, diffusion_policy's zarr, and folders of
    depth images; writes the same format. Everything but the depth is carried over byte for byte. A run that
    was stopped, or killed, continues when the same command is given again.
    """

    input: Annotated[Path, tyro.conf.Positional]
    """The data set with clean depth; it is not changed."""
    out: Annotated[Path, tyro.conf.Positional]
    """The same data set with realistic depth."""
    keys: tuple[str, ...] = ()
    """Depth to work on, e.g. agentview_depth; default: every key named like depth."""
    intrinsics: tuple[str, ...] = ()
    """Where the data set has none: fx,fy,cx,cy in pixels, a file of a ROS camera_info, or d435; for one of
    several cameras with its key before it: agentview_depth=110,110,63.5,63.5."""
    keep_clean: bool = False
    """Keep the clean depth beside the realistic one, under its key with the suffix."""
    clean_suffix: str = "_clean"
    """Of such keys. Where X_clean is there already, it is what X is made from."""
    resolution: Literal["sensor", "image"] = "sensor"
    """Images smaller than a D435's 640x480: "sensor" makes the noise at the sensor's resolution and scales it
    down, as happens to a real camera's images before a policy sees them; "image" takes them for those of a
    camera with such large pixels, which is faster and noisier."""
    max_depth: float | None = None
    """Metres; what is there or farther counts as nothing there. Says that clipped depth is meant so."""
    any_orientation: bool = False
    """Do not ask whether depth is upside down: the camera hangs so, or looks back from the wrist."""
    seed: int = 0
    """Every episode draws from this and its own name: any order, any number of workers, the same result."""
    dry_run: bool = False
    """Show what would happen, and how long it would take; write nothing."""
    overwrite: bool = False
    """Replace a result that is there, or parts of a run with other options."""
    jobs: Annotated[JobsConfig, tyro.conf.arg(name="")] = field(default_factory=JobsConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seed < 0:
            raise InvalidParameterError(f"seed = {self.seed}: expected 0 or more")
        if self.max_depth is not None and self.max_depth <= 0:
            raise InvalidParameterError(f"max_depth = {self.max_depth}: expected metres, above 0")
        if not self.clean_suffix or "/" in self.clean_suffix:
            raise InvalidParameterError(f"clean_suffix {self.clean_suffix!r}: expected letters without '/'")
        if self.input.resolve() == self.out.resolve():
            raise InvalidParameterError(f"{self.out} is the input itself: expected another name")
