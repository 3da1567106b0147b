"""`reald2iff camera align`: where the camera stands, from images of the arm in known joint positions."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff_sim.alignment.folder import read_folder
from reald2iff_sim.alignment.report import BASE_FRAME, static_transform, write_picture, write_yaml
from reald2iff_sim.alignment.search import SearchConfig
from reald2iff_sim.alignment.solve import AlignmentConfig, align_camera


@dataclass(frozen=True)
class CameraAlignConfig:
    """Options of `reald2iff camera align`.

    Take four to ten depth images with the camera still and the arm in different places of the image, standing
    still itself; the table and what is on it may be in view.
    """

    input: Annotated[Path, tyro.conf.Positional]
    """Folder with index.json: intrinsics, first guess T_base_camera, and views (depth image and joint
    positions each)."""
    out: Path = Path("out/camera.yaml")
    """Result; a picture of the arm's outline before and after is written beside it (.png)."""
    distance: float = 0.10
    """How far off the guess may be, metres."""
    degrees: float = 10.0
    """Likewise, degrees."""
    camera_frame: str = "camera_depth_optical_frame"
    """Name of the optical frame, for the static transform."""
    seed: int = 0
    """Of the coarse search."""

    def __post_init__(self) -> None:
        if not 0 < self.distance <= 1 or not 0 < self.degrees <= 60:
            raise InvalidParameterError(
                f"distance, degrees = {self.distance}, {self.degrees}: expected 0 to 1 m and 0 to 60 degrees"
            )


def camera_align(config: CameraAlignConfig) -> None:
    """Align the camera, print the pose, write it and the picture."""
    views, guess = read_folder(config.input)
    if guess is None:
        raise DatasetError(f"{config.input}: no T_base_camera: expected a first guess of the camera's pose")
    search = SearchConfig(0.8 * config.distance, 0.8 * float(np.radians(config.degrees)))
    result = align_camera(views, guess, AlignmentConfig(search=search, seed=config.seed))
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    picture = config.out.with_suffix(".png")
    write_yaml(config.out, result, views, config.camera_frame)
    write_picture(picture, result, views)
    spread = result.uncertainty
    print(
        f"standard deviation {1000 * spread.position:.2f} mm, {np.degrees(spread.angle):.3f} degrees; "
        f"median residual {1000 * result.residual_depth:.1f} mm ({result.residual:.3f} px) "
        f"over {len(views)} views"
    )
    print(static_transform(result.pose, BASE_FRAME, config.camera_frame))
    print(f"written: {config.out}, {picture}")
