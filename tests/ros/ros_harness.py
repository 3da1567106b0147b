"""A ROS node inside the test process that publishes, listens and waits."""

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from reald2iff.geometry import D435_DEPTH, PinholeIntrinsics
from reald2iff_ros.messages import array_to_image, intrinsics_to_camera_info, nanoseconds_to_stamp
from reald2iff_ros.transport import use_large_shared_memory

RELIABLE = QoSProfile(depth=10)
FRAME = "camera_depth_optical_frame"
HANG = 90.0
"""Seconds after which something will not come any more, on however slow a machine."""


def start_node(module, *arguments):
    """A node of the package as a child process."""
    command = [sys.executable, "-m", f"reald2iff_ros.{module}", "--ros-args", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end_node(process):
    """Ask a node to end; returns its status and output."""
    process.terminate()
    try:
        output, _ = process.communicate(timeout=HANG)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return process.returncode, output


def header(stamp, frame_id=FRAME):
    return Header(stamp=nanoseconds_to_stamp(stamp), frame_id=frame_id)


def depth_frame(pixels, stamp, encoding=None, frame_id=FRAME):
    encoding = encoding or {"u": "16UC1", "f": "32FC1"}[pixels.dtype.kind]
    return array_to_image(pixels, encoding, header(stamp, frame_id))


def info_for(image):
    """The calibration of a D435 at the image's size."""
    intrinsics = D435_DEPTH.resized(max(image.width, 1), max(image.height, 1))
    return intrinsics_to_camera_info(PinholeIntrinsics(**vars(intrinsics)), image.header)


class Harness:
    """Publishes to a depth_realism node in a namespace and collects what it answers."""

    def __init__(self, namespace):
        use_large_shared_memory()
        self.context = Context()
        rclpy.init(args=[], context=self.context)
        self.node = rclpy.create_node("harness", namespace=namespace, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.images: list[Image] = []
        self.infos: list[CameraInfo] = []
        self.diagnostics: dict[str, str] = {}
        self.image_in = self.node.create_publisher(Image, "sim/camera/depth/image_rect_raw", RELIABLE)
        self.info_in = self.node.create_publisher(CameraInfo, "sim/camera/depth/camera_info", RELIABLE)
        topic = "camera/camera/depth/"
        self.node.create_subscription(Image, topic + "image_rect_raw", self.images.append, RELIABLE)
        self.node.create_subscription(CameraInfo, topic + "camera_info", self.infos.append, RELIABLE)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, RELIABLE)

    def _on_diagnostics(self, message):
        for status in message.status:
            if status.name == "depth_realism: frames":
                self.diagnostics = {v.key: v.value for v in status.values}

    def wait(self, condition: Callable[[], object], what: str):
        """Spin until ``condition`` holds."""
        deadline = time.monotonic() + HANG
        while not condition():
            assert time.monotonic() < deadline, f"waited {HANG} s for {what}; {self.diagnostics}"
            self.executor.spin_once(timeout_sec=0.05)

    def wait_connected(self):
        self.wait(
            lambda: (
                self.image_in.get_subscription_count()
                and self.info_in.get_subscription_count()
                and self.node.count_publishers("camera/camera/depth/image_rect_raw")
            ),
            "the node to connect",
        )

    def fresh_diagnostics(self):
        """Wait for diagnostics that hold everything answered so far: the next message may be under way."""
        for _ in range(2):
            self.diagnostics = {}
            self.wait(lambda: self.diagnostics, "diagnostics")

    def count(self, key):
        """A figure of the newest diagnostics, 0 where it is missing."""
        return int(self.diagnostics.get(key, 0))

    def send(self, image, info=None):
        self.info_in.publish(info or info_for(image))
        self.image_in.publish(image)

    def exchange(self, image, info=None):
        """Send a frame and wait for the answer to it; returns image and camera_info."""
        self.images.clear()
        self.infos.clear()
        self.send(image, info)
        stamp = image.header.stamp

        def answered():
            return all(any(m.header.stamp == stamp for m in q) for q in (self.images, self.infos))

        self.wait(answered, f"the answer to {image.width}x{image.height} {image.encoding}")
        return self.images[-1], self.infos[-1]

    def call(self, kind, name, request):
        """Call a service and return its answer."""
        client = self.node.create_client(kind, name)
        self.wait(client.service_is_ready, name)
        future = client.call_async(request)
        self.wait(future.done, f"an answer of {name}")
        self.node.destroy_client(client)
        return future.result()

    def close(self):
        self.executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        self.context.try_shutdown()


def slope(height=48, width=64, near=0.5, far=2.0):
    """A slanted plane, metres."""
    return np.broadcast_to(np.linspace(near, far, width, dtype=np.float32), (height, width)).copy()
