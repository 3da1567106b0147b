"""`reald2iff camera align`: where the camera stands, from images of the arm in known joint positions."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
import yaml
from numpy.typing import NDArray

from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff_sim.alignment.demos import read_demonstration
from reald2iff_sim.alignment.folder import read_folder
from reald2iff_sim.alignment.report import BASE_FRAME, static_transform, write_picture, write_yaml
from reald2iff_sim.alignment.search import SearchConfig
from reald2iff_sim.alignment.solve import AlignmentConfig, align_camera
from reald2iff_sim.alignment.views import ArmView


@dataclass(frozen=True)
class CameraAlignConfig:
    """Options of `reald2iff camera align`.

    Take ten to fifteen depth images with the camera and, for each image, the arm standing still, the arm in
    different places of the image and as near as it comes. Table, objects and people may be in view.
    """

    input: Annotated[Path, tyro.conf.Positional]
    """Folder with index.json (intrinsics, first guess T_base_camera, and views: depth image and joint
    positions each), or an HDF5 file of demonstrations."""
    out: Path = Path("out/camera.yaml")
    """Result; a picture of the arm's outline before and after is written beside it (.png)."""
    guess: Path | None = None
    """YAML or JSON file with the first guess as T_base_camera (4x4), such as an earlier result; default: the
    one in the input."""
    distance: float = 0.10
    """How far off the guess may be, metres."""
    degrees: float = 10.0
    """Likewise, degrees."""
    camera_frame: str = "camera_depth_optical_frame"
    """Name of the optical frame, for the static transform."""
    episode: str = "demo_0"
    """Of an HDF5 file: the episode."""
    depth_key: str | None = None
    """Of an HDF5 file: the observation that is the depth; default: the first one of a calibrated camera."""
    views: int = 12
    """Of an HDF5 file: how many steps are used, those whose postures differ most."""
    seed: int = 0
    """Of the coarse search."""

    def __post_init__(self) -> None:
        if not 0 < self.distance <= 1 or not 0 < self.degrees <= 60:
            raise InvalidParameterError(
                f"distance, degrees = {self.distance}, {self.degrees}: expected 0 to 1 m and 0 to 60 degrees"
            )
        if self.views < 1:
            raise InvalidParameterError(f"views = {self.views}: expected at least 1")
        if self.out.suffix not in (".yaml", ".yml"):
            raise InvalidParameterError(f"out = {self.out}: expected a .yaml file")


def camera_align(config: CameraAlignConfig) -> None:
    """Align the camera, print the pose, write it and the picture."""
    views, guess = _read(config)
    search = SearchConfig.for_guess(config.distance, float(np.radians(config.degrees)))
    result = align_camera(views, guess, AlignmentConfig(search=search, seed=config.seed))
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    picture = config.out.with_suffix(".png")
    write_yaml(config.out, result, views, config.camera_frame)
    write_picture(picture, result, views)
    print(
        f"standard deviation {1000 * result.position_sd:.2f} mm, {np.degrees(result.angle_sd):.3f} degrees; "
        f"median residual {1000 * result.residual_depth:.1f} mm ({result.residual:.3f} px) "
        f"over {len(views)} views"
    )
    print(static_transform(result.pose, BASE_FRAME, config.camera_frame))
    print(f"written: {config.out}, {picture}")


def _read(config: CameraAlignConfig) -> tuple[list[ArmView], NDArray[np.float64]]:
    if config.input.is_dir():
        views, guess = read_folder(config.input)
    else:
        views, guess = read_demonstration(config.input, config.episode, config.depth_key, config.views)
    if config.guess is not None:
        guess = _read_guess(config.guess)
    if guess is None:
        raise DatasetError(f"{config.input} holds no T_base_camera: expected a first guess with --guess FILE")
    return views, guess


def _read_guess(path: Path) -> NDArray[np.float64]:
    try:
        content: Any = yaml.safe_load(path.read_text())  # JSON is YAML
        return np.asarray(content["T_base_camera"], dtype=np.float64)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path}: {type(error).__name__} {error}: expected a file with T_base_camera"
        ) from error
