"""A mujoco_sim process and a ROS node beside it that keeps all it publishes."""

import json
import signal
import subprocess
import sys
import time
from collections import defaultdict

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from reald2iff_ros.messages import stamp_to_nanoseconds
from reald2iff_ros.transport import use_large_shared_memory

ALL = QoSProfile(depth=1000)
HANG = 90.0
"""Seconds after which something will not come any more, on however slow a machine."""
DEPTH = "/sim/camera/depth/image_rect_raw"
COLOR = "/camera/camera/color/image_raw"
REPLY = "/camera/camera/depth/image_rect_raw"
TOPICS = {
    DEPTH: Image,
    "/sim/camera/depth/camera_info": CameraInfo,
    COLOR: Image,
    "/camera/camera/color/camera_info": CameraInfo,
    "/joint_states": JointState,
    "/sim/eef_pose": PoseStamped,
    "/sim/objects/cube/pose": PoseStamped,
    "/sim/camera/pose": PoseStamped,
    "/sim/camera/color_pose": PoseStamped,
    "/sim/action": JointState,
    "/sim/target_pose": PoseStamped,
    "/sim/task_state": JointState,
}
ACTION_TOPICS = ("/sim/action", "/sim/target_pose", "/sim/task_state")


class SimProbe:
    """Starts the node and collects its messages by topic and stamp (ns)."""

    def __init__(self, depth_qos=ALL, **parameters):
        use_large_shared_memory()
        self.lockstep = parameters.get("lockstep", False)
        command = [sys.executable, "-m", "reald2iff_ros.mujoco_sim", "--ros-args"]
        for name, value in {"autostart": True, "diagnostics_period": 0.2, **parameters}.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            command += ["-p", f"{name}:={text}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.context = Context()
        rclpy.init(args=[], context=self.context)
        self.node = rclpy.create_node("sim_probe", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.got = defaultdict(dict)
        self.repeated = []
        self.clock = []
        self.episodes = []
        self.diagnostics = {}
        self.answering = True
        self.command = self.node.create_publisher(JointState, "/joint_command", ALL)
        self.reply = self.node.create_publisher(Image, REPLY, ALL)
        for topic, kind in TOPICS.items():
            profile = depth_qos if topic == DEPTH else ALL
            self.node.create_subscription(kind, topic, lambda m, t=topic: self._on_message(t, m), profile)
        self.node.create_subscription(Clock, "/clock", lambda m: self.clock.append(m.clock), ALL)
        latched = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.node.create_subscription(
            String, "/mujoco_sim/episode", lambda m: self.episodes.append(json.loads(m.data)), latched
        )
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, ALL)
        self.parameters = AsyncParameterClient(self.node, "mujoco_sim")

    def _on_message(self, topic, message):
        stamp = stamp_to_nanoseconds(message.header.stamp)
        if stamp in self.got[topic]:
            self.repeated.append((topic, stamp))
        self.got[topic][stamp] = message
        if topic == DEPTH and self.answering:
            self.answer(message)

    def _on_diagnostics(self, message):
        self.diagnostics = {v.key: v.value for v in message.status[0].values}

    def answer(self, image):
        """Send back what depth_realism would: an image with the same header."""
        self.reply.publish(Image(header=image.header))

    def wait(self, condition, what):
        """Spin until ``condition`` holds."""
        deadline = time.monotonic() + HANG
        while not condition():
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < deadline, f"waited {HANG} s for {what}; {self.diagnostics}"
            self.executor.spin_once(timeout_sec=0.05)

    def wait_connected(self):
        """Until every topic comes through: discovery takes its time, topic by topic."""
        states = [topic for topic in TOPICS if topic not in ACTION_TOPICS]
        deadline = time.monotonic() + HANG
        while missing := [topic for topic in states if not self.got[topic]]:
            assert time.monotonic() < deadline, f"nothing came on {missing}; {self.diagnostics}"
            if self.lockstep:  # otherwise frames come by themselves
                self.trigger("reset")
            self.spin(0.3)

    def spin(self, seconds):
        """Spin for a while, for what should not happen."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.05)

    def trigger(self, service):
        """Call ``~/reset`` or ``~/start``."""
        client = self.node.create_client(Trigger, f"/mujoco_sim/{service}")
        self.wait(client.service_is_ready, service)
        future = client.call_async(Trigger.Request())
        self.wait(future.done, f"an answer of {service}")
        self.node.destroy_client(client)
        return future.result()

    def reset(self, seed):
        """Reset to a seed; returns the stamp of the episode's first frame, once its images are there."""
        future = self.parameters.set_parameters([Parameter("seed", value=seed)])
        self.wait(future.done, "the seed")
        last = max(self.got[DEPTH], default=0)
        assert self.trigger("reset").success
        self.wait(lambda: max(self.got[DEPTH], default=0) > last, "a frame after the reset")
        stamp = max(self.got[DEPTH])
        self.wait(lambda: stamp in self.got[COLOR], "its colour")
        return stamp

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """End the node as Ctrl-C does, also where a test setup failed: it must not meet the next test's."""
        self.process.send_signal(signal.SIGINT)
        try:
            output, _ = self.process.communicate(timeout=HANG)
        finally:
            self.process.kill()
            self.executor.shutdown(timeout_sec=1.0)
            self.node.destroy_node()
            self.context.try_shutdown()
        assert self.process.returncode == 0, output
        assert "Traceback" not in output
