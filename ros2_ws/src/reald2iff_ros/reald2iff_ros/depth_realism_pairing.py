"""Bringing a depth image and its camera_info together."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from sensor_msgs.msg import CameraInfo, Image

from reald2iff_ros.messages import stamp_to_nanoseconds

_KEPT_INFOS = 8


@dataclass(frozen=True)
class Frame:
    """A depth image with its calibration.

    Attributes:
        image: As received.
        info: As received, with the image's stamp.
        arrived: Monotonic seconds when the image came in.
    """

    image: Image
    info: CameraInfo
    arrived: float


class FramePairing:
    """Pairs images with the camera_info of the same stamp.

    The newest image waits up to ``timeout`` seconds for it. After that the last known camera_info is taken,
    with the image's header: some drivers publish it more rarely than images, and then nothing waits any more.

    Args:
        timeout: Seconds an image may wait.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._infos: dict[int, CameraInfo] = {}
        self._latest: CameraInfo | None = None
        self._waiting: tuple[Image, float] | None = None
        self._last_stamp = -1
        self._synchronised = True

    def add_image(self, image: Image, now: float) -> tuple[Frame | None, int]:
        """Take an image in; returns the frame if it is complete, and how many images were given up."""
        given_up = 0
        if self._waiting is not None:
            # The next image came before the camera_info of this one.
            self._synchronised = self._latest is None
            self._waiting, given_up = None, 1
        stamp = stamp_to_nanoseconds(image.header.stamp)
        info = self._infos.get(stamp)
        if info is not None:
            self._synchronised = True
            return self._complete(image, info, now), given_up
        if self._latest is not None and not self._synchronised:
            return self._complete(image, self._latest, now), given_up
        self._waiting = (image, now)
        return None, given_up

    def add_info(self, info: CameraInfo) -> Frame | None:
        """Take a camera_info in; returns the frame that it completes, if any."""
        stamp = stamp_to_nanoseconds(info.header.stamp)
        self._latest = info
        self._infos[stamp] = info
        while len(self._infos) > _KEPT_INFOS:
            del self._infos[next(iter(self._infos))]
        if stamp == self._last_stamp:
            self._synchronised = True
        if self._waiting is not None and stamp_to_nanoseconds(self._waiting[0].header.stamp) == stamp:
            return self._complete(self._waiting[0], info, self._waiting[1])
        return None

    def expire(self, now: float) -> tuple[Frame | None, int]:
        """Stop waiting when it is time; returns as `add_image`."""
        if self._waiting is None or now - self._waiting[1] < self._timeout:
            return None, 0
        image, arrived = self._waiting
        if self._latest is None:
            self._waiting = None
            return None, 1
        self._synchronised = False
        return self._complete(image, self._latest, arrived), 0

    def _complete(self, image: Image, info: CameraInfo, arrived: float) -> Frame:
        self._waiting = None
        self._last_stamp = stamp_to_nanoseconds(image.header.stamp)
        if info.header.stamp != image.header.stamp:
            info = copy.copy(info)
            info.header = image.header
        return Frame(image, info, arrived)
