"""Camera intrinsics from a command line or a calibration file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from reald2iff.errors import InvalidIntrinsicsError
from reald2iff.geometry import PinholeIntrinsics

_EXPECTED = (
    "expected a ROS camera_info (width, height, k), as 'ros2 topic echo --once' prints it or as a camera "
    "calibration file holds it (image_width, image_height, camera_matrix)"
)


def parse_intrinsics(text: str, width: int, height: int) -> PinholeIntrinsics:
    """From ``"fx,fy,cx,cy"`` in pixels, for an image of ``width`` x ``height``.

    Raises:
        InvalidIntrinsicsError: for anything but four numbers, or a principal point outside the image.
    """
    try:
        fx, fy, cx, cy = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidIntrinsicsError(f"intrinsics {text!r}: expected fx,fy,cx,cy in pixels") from error
    intrinsics = PinholeIntrinsics(width, height, fx, fy, cx, cy)
    if not (0 <= cx < width and 0 <= cy < height):
        raise InvalidIntrinsicsError(
            f"principal point ({cx:g}, {cy:g}) lies outside the image of {width}x{height} px: "
            "intrinsics of another image size?"
        )
    return intrinsics


def read_camera_info(path: Path) -> PinholeIntrinsics:
    """From a YAML or JSON file with the fields of a `sensor_msgs/CameraInfo`.

    Raises:
        InvalidIntrinsicsError: for a file that is missing, unreadable or holds no camera.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidIntrinsicsError(f"{path}: cannot be read ({error})") from error
    try:
        # `ros2 topic echo` ends every message with a document separator: the first document counts.
        content = json.loads(text) if path.suffix.lower() == ".json" else next(yaml.safe_load_all(text), None)
    except (ValueError, yaml.YAMLError) as error:
        raise InvalidIntrinsicsError(f"{path}: not readable as YAML or JSON; {_EXPECTED}") from error
    if not isinstance(content, dict):
        raise InvalidIntrinsicsError(f"{path}: holds no camera: {_EXPECTED}")
    matrix = _first(content, "k", "K", "camera_matrix")
    if isinstance(matrix, dict):
        matrix = matrix.get("data")
    width, height = _first(content, "width", "image_width"), _first(content, "height", "image_height")
    if matrix is None or width is None or height is None:
        raise InvalidIntrinsicsError(f"{path}: holds {', '.join(map(str, content))}: {_EXPECTED}")
    try:
        return PinholeIntrinsics.from_matrix(matrix, width, height)
    except (TypeError, ValueError) as error:
        raise InvalidIntrinsicsError(f"{path}: {error}; {_EXPECTED}") from error
    except InvalidIntrinsicsError as error:
        raise InvalidIntrinsicsError(f"{path}: {error}") from error


def _first(content: dict[Any, Any], *names: str) -> Any:
    return next((content[name] for name in names if name in content), None)
