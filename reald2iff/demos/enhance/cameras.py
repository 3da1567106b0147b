"""Which camera a depth stream is of: as given, or as the data set says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from reald2iff.demos.formats import DepthData, DepthStream, EpisodeRef
from reald2iff.errors import InvalidIntrinsicsError
from reald2iff.geometry import D435_DEPTH, PinholeIntrinsics
from reald2iff.io.camera_files import parse_intrinsics, read_camera_info


def stream_intrinsics(
    data: DepthData, episode: EpisodeRef, stream: DepthStream, given: Sequence[str]
) -> PinholeIntrinsics:
    """Intrinsics of a stream; what is given counts before what the data set says.

    Args:
        data: Asked when nothing is given.
        episode: Of the data set.
        stream: Of the data set.
        given: ``[KEY=]fx,fy,cx,cy``, ``[KEY=]FILE`` of a camera_info, or ``[KEY=]d435``.

    Raises:
        InvalidIntrinsicsError: if there are none, or they are of another image size.
    """
    name = re.split(r"[/.]", stream.target)[-1]
    for text in given:
        key, _, value = text.rpartition("=")
        if not key or key in (stream.source, stream.target, name):
            return _parse(value, stream)
    found = data.intrinsics(episode, stream)
    if found is None:
        raise InvalidIntrinsicsError(
            f"{data.path} does not say what camera {stream.source} is of: give its intrinsics, e.g. "
            f"--intrinsics {name}=fx,fy,cx,cy (pixels) or {name}=camera_info.yaml"
        )
    return found


def _parse(text: str, stream: DepthStream) -> PinholeIntrinsics:
    if "," in text:
        return parse_intrinsics(text, stream.width, stream.height)
    intrinsics = D435_DEPTH if text == "d435" else read_camera_info(Path(text))
    if (intrinsics.width, intrinsics.height) != (stream.width, stream.height):
        raise InvalidIntrinsicsError(
            f"{stream.source} has {stream.width}x{stream.height} px, but {text} is of "
            f"{intrinsics.width}x{intrinsics.height} px: give the intrinsics of these images"
        )
    return intrinsics
