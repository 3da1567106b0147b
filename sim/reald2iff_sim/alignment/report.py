"""What alignment says: a YAML file with the pose, and a picture of the arm's outline before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from reald2iff.pairs.format import write_atomically
from reald2iff_sim.alignment.arm import ArmRenderer
from reald2iff_sim.alignment.solve import Alignment
from reald2iff_sim.alignment.views import ArmView

Array = NDArray[np.float64]

BASE_FRAME = "fr3_link0"
_GUESS, _FOUND = (255, 60, 40), (40, 255, 90)
_SHOWN = 6


def static_transform(pose: Array, parent: str, child: str) -> str:
    """Command line that publishes ``T_parent_child (4, 4)`` in ROS 2."""
    x, y, z = pose[:3, 3]
    qx, qy, qz, qw = Rotation.from_matrix(pose[:3, :3]).as_quat(canonical=True)
    return (
        "ros2 run tf2_ros static_transform_publisher "
        f"--x {x:.6f} --y {y:.6f} --z {z:.6f} --qx {qx:.8f} --qy {qy:.8f} --qz {qz:.8f} --qw {qw:.8f} "
        f"--frame-id {parent} --child-frame-id {child}"
    )


def write_yaml(path: Path, result: Alignment, views: Sequence[ArmView], camera_frame: str) -> None:
    """Write the pose with what to think of it; whole or not at all."""
    quaternion = Rotation.from_matrix(result.pose[:3, :3]).as_quat(canonical=True)
    content: dict[str, Any] = {
        "base_frame": BASE_FRAME,
        "camera_frame": camera_frame,
        "T_base_camera": result.pose.tolist(),
        "translation": result.pose[:3, 3].tolist(),
        "quaternion_xyzw": quaternion.tolist(),
        "static_transform_publisher": static_transform(result.pose, BASE_FRAME, camera_frame),
        "uncertainty": {
            "position_sd_m": result.position_sd,
            "angle_sd_deg": float(np.degrees(result.angle_sd)),
            "covariance_camera_axes": result.covariance.tolist(),
        },
        "residuals": {
            "median_disparity_px": result.residual,
            "median_depth_m": result.residual_depth,
            "agreement": {view.name: share for view, share in zip(views, result.agreement, strict=True)},
        },
        "guess": result.guess.tolist(),
        "warnings": list(result.warnings),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=200)
    write_atomically(path, text.encode())


def write_picture(path: Path, result: Alignment, views: Sequence[ArmView]) -> None:
    """Write the views with the arm's outline at the guess (red) and at the pose found (green)."""
    chosen = np.unique(np.linspace(0, len(views) - 1, min(len(views), _SHOWN)).round().astype(int))
    shown = [views[i] for i in chosen]
    i = shown[0].intrinsics
    columns = []
    with ArmRenderer(
        [v.joint_positions for v in shown], [v.gripper_width for v in shown], (i.width, i.height)
    ) as arm:
        for number, view in enumerate(shown):
            images = []
            for pose, colour in ((result.guess, _GUESS), (result.pose, _FOUND)):
                outlined = _background(view)
                _outline(outlined, arm.depth(number, pose, view.intrinsics), colour)
                images.append(outlined)
            columns.append(np.vstack(images))
    _, encoded = cv2.imencode(".png", cv2.cvtColor(np.hstack(columns), cv2.COLOR_RGB2BGR))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, encoded.tobytes())


def _background(view: ArmView) -> NDArray[np.uint8]:
    if view.color is not None:
        return view.color.copy()
    valid = view.depth > 0
    low, high = np.percentile(view.depth[valid], (1, 95))
    scaled = np.clip((view.depth - low) / max(high - low, 1e-3), 0, 1)
    grey = np.where(valid, 230 - 180 * scaled, 0).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _outline(image: NDArray[np.uint8], rendered: NDArray[np.float32], colour: tuple[int, int, int]) -> None:
    """Draw the rendered arm's edges, those between its links included."""
    mask = (rendered > 0).astype(np.uint8)
    edge = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(bool)
    step = cv2.morphologyEx(rendered, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    image[edge | ((mask > 0) & (step > 0.03))] = colour
