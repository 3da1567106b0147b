"""A demonstration as a Rerun recording: images, clouds in the robot frame, end-effector, gripper, curves.

::

    robot/                              z up
      cameras/<camera>/<image key>      pose, pinhole, colour (JPEG) or depth (16-bit PNG, millimetres)
      points/<clean|realistic>/<camera> cloud in the robot frame, coloured by the colour image
      path, eef, eef/fingers, objects/<name>
    images/<camera>/<image key>         images of cameras whose pose is not known
    curves/<actions|gripper_mm|holes_percent>/<name>

Timelines: ``step``, and ``time`` since the first observation if the file has stamps.
"""

from __future__ import annotations

import itertools
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.durable import publish_file
from reald2iff.demos.inspect import rerun_layout as layout
from reald2iff.demos.inspect.clouds import cloud, paint_points
from reald2iff.demos.inspect.content import Calibration, CameraView, EpisodeView
from reald2iff.demos.inspect.statistics import EpisodeStatistics
from reald2iff.demos.inspect.tables import action_names
from reald2iff.errors import DependencyError
from reald2iff.geometry import meters_to_millimeters

if TYPE_CHECKING:
    from rerun import RecordingStream

_APPLICATION = "reald2iff demos"
_JPEG_QUALITY = 90
_PNG_LEVEL = [cv2.IMWRITE_PNG_COMPRESSION, 1]
_ORANGE = (255, 170, 0)
_CURVE_COLORS = (
    (230, 80, 80), (90, 200, 90), (90, 140, 255), (240, 170, 60), (200, 110, 230), (80, 210, 210),
    (210, 210, 210),
)  # fmt: skip
_FINGER = (0.010, 0.008, 0.020)
"""Half of a finger's size, metres, along x, y (where it moves) and z of the end-effector."""


def require_rerun() -> None:
    """Raise unless Rerun is installed.

    Raises:
        DependencyError: with the command that installs it.
    """
    try:
        import rerun  # noqa: F401
    except ImportError as error:
        raise DependencyError("Rerun is not installed: pip install 'reald2iff-ros[rerun]'") from error


def write_rerun(view: EpisodeView, figures: EpisodeStatistics, path: Path, points: int = 20_000) -> Path:
    """Write one episode to an ``.rrd`` file.

    Args:
        view: The episode.
        figures: Its statistics.
        path: Of the file; one of that name is replaced.
        points: Of a cloud at most; pixels on a regular grid are taken.

    Returns:
        ``path``.

    Raises:
        DependencyError: if Rerun is not installed.
        InvalidIntrinsicsError: for intrinsics that no camera has.
    """
    require_rerun()
    import rerun as rr

    calibrations = {
        key: view.calibration(key)
        for camera in view.cameras
        for key in (camera.color, *camera.depths.values())
        if key is not None
    }
    placed = [
        key for key, known in calibrations.items() if known is not None and known.extrinsics is not None
    ]
    curves = _curves(view, figures)
    middle = None if view.eef_path is None else view.eef_path.mean(axis=0)
    source = view.group.file.filename
    recording = rr.RecordingStream(
        _APPLICATION, recording_id=uuid.uuid5(uuid.NAMESPACE_URL, f"{Path(source).resolve()}#{view.name}")
    )
    # Steps and stamps are the time of a demonstration, not when this was written.
    recording.set_log_time_enabled(False)
    recording.set_log_tick_enabled(False)
    temporary = path.with_name(path.name + ".tmp")
    recording.save(temporary, layout.lay_out(view.cameras, placed, list(curves), middle))
    recording.send_recording_name(f"{Path(source).name} {view.name}")
    recording.send_property(
        "episode",
        rr.AnyValues(
            success=str(figures.success),
            seed=str(figures.seed),
            steps=figures.steps,
            noise_model=figures.noise_model or "",
        ),
    )
    _log_curves(recording, view, curves)
    _log_robot(recording, view)
    for camera in view.cameras:
        _log_pinholes(recording, camera, calibrations)
        for step in range(len(view)):
            _set_time(recording, view, step)
            _log_frame(recording, view, camera, step, calibrations, points)
    recording.flush()
    recording.disconnect()
    publish_file(temporary, path)
    return path


def _log_pinholes(
    recording: RecordingStream, camera: CameraView, calibrations: dict[str, Calibration | None]
) -> None:
    import rerun as rr

    for key in (camera.color, *camera.depths.values()):
        known = None if key is None else calibrations[key]
        if key is None or known is None:
            continue
        where = layout.entity(camera, key, known.extrinsics is not None)
        size = (known.intrinsics.width, known.intrinsics.height)
        pinhole = rr.Pinhole(
            image_from_camera=known.intrinsics.matrix, resolution=size, camera_xyz=rr.ViewCoordinates.RDF
        )
        recording.log(where, pinhole, static=True)
        if known.extrinsics is not None:
            recording.log(where, _transform(known.extrinsics), static=True)


def _log_frame(
    recording: RecordingStream,
    view: EpisodeView,
    camera: CameraView,
    step: int,
    calibrations: dict[str, Calibration | None],
    points: int,
) -> None:
    import rerun as rr

    color = None if camera.color is None else view.color(camera.color, step)
    color_camera = None if camera.color is None else calibrations[camera.color]
    if camera.color is not None and color is not None:
        where = layout.entity(camera, camera.color, _is_placed(color_camera))
        recording.log(where, rr.Image(color).compress(jpeg_quality=_JPEG_QUALITY))
    for kind, key in camera.depths.items():
        depth, known = view.depth(key, step), calibrations[key]
        png = cv2.imencode(".png", meters_to_millimeters(depth), _PNG_LEVEL)[1].tobytes()
        recording.log(
            layout.entity(camera, key, _is_placed(known)),
            rr.EncodedDepthImage(png, media_type="image/png", colormap=rr.components.Colormap.Turbo),
        )
        if known is None or known.extrinsics is None:
            continue
        positions = cloud(depth, known, points)
        colors = paint_points(positions, color, color_camera)
        recording.log(
            f"{layout.CLOUDS}/{kind}/{camera.name}", rr.Points3D(positions, colors=colors, radii=-1.5)
        )


def _log_robot(recording: RecordingStream, view: EpisodeView) -> None:
    import rerun as rr

    recording.log(layout.ROBOT, rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
    if view.eef_path is not None:
        recording.log(
            f"{layout.ROBOT}/path", rr.LineStrips3D([view.eef_path], colors=_ORANGE, radii=-1.5), static=True
        )
    info = view.datagen_info
    if info is not None:
        recording.log(f"{layout.ROBOT}/eef", rr.TransformAxes3D(0.06), static=True)
        _send_poses(recording, view, f"{layout.ROBOT}/eef", info.eef_pose)
        if view.gripper_width is not None:
            for step, width in enumerate(view.gripper_width):
                _set_time(recording, view, step)
                offset = width / 2 + _FINGER[1]
                fingers = rr.Boxes3D(
                    centers=[(0, -offset, 0), (0, offset, 0)], half_sizes=_FINGER, colors=_ORANGE
                )
                recording.log(f"{layout.ROBOT}/eef/fingers", fingers)
    info = view.datagen_info
    for name, poses in ({} if info is None else info.object_poses).items():
        where = f"{layout.ROBOT}/objects/{name}"
        recording.log(where, rr.TransformAxes3D(0.04), static=True)
        recording.log(f"{where}/name", rr.Points3D([(0, 0, 0)], labels=[name], radii=-2), static=True)
        _send_poses(recording, view, where, poses)


def _curves(view: EpisodeView, figures: EpisodeStatistics) -> dict[str, dict[str, NDArray[Any]]]:
    curves: dict[str, dict[str, NDArray[Any]]] = {}
    actions = view.array("actions")
    if actions is not None and actions.ndim == 2:
        curves["actions"] = dict(zip(action_names(actions.shape[1]), actions.T, strict=True))
    if view.gripper_width is not None:
        curves["gripper_mm"] = {"width": 1000 * view.gripper_width}
    if figures.holes:
        curves["holes_percent"] = {key: 100 * shares for key, shares in figures.holes.items()}
    return curves


def _log_curves(
    recording: RecordingStream, view: EpisodeView, curves: dict[str, dict[str, NDArray[Any]]]
) -> None:
    import rerun as rr

    for group, named in curves.items():
        for color, (name, values) in zip(itertools.cycle(_CURVE_COLORS), named.items(), strict=False):
            where = f"{layout.CURVES}/{group}/{name.replace(' ', '_')}"
            recording.log(where, rr.SeriesLines(names=name, colors=color, widths=1.5), static=True)
            recording.send_columns(where, _times(view), rr.Scalars.columns(scalars=values))


def _send_poses(
    recording: RecordingStream, view: EpisodeView, where: str, poses: NDArray[np.float64]
) -> None:
    import rerun as rr

    columns = rr.Transform3D.columns(translation=poses[:, :3, 3], mat3x3=poses[:, :3, :3])
    recording.send_columns(where, _times(view), columns)


def _transform(pose: NDArray[np.float64]) -> Any:
    import rerun as rr

    return rr.Transform3D(translation=pose[:3, 3], mat3x3=pose[:3, :3])


def _times(view: EpisodeView) -> list[Any]:
    import rerun as rr

    columns = [rr.TimeColumn("step", sequence=range(len(view)))]
    if view.seconds is not None:
        columns.append(rr.TimeColumn("time", duration=view.seconds))
    return columns


def _set_time(recording: RecordingStream, view: EpisodeView, step: int) -> None:
    recording.set_time("step", sequence=step)
    if view.seconds is not None:
        recording.set_time("time", duration=float(view.seconds[step]))


def _is_placed(known: Calibration | None) -> bool:
    return known is not None and known.extrinsics is not None
