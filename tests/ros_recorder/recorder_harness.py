"""A recorder in a process of its own, and a stand-in for the simulation that it records."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Header, String
from std_srvs.srv import Trigger

from reald2iff.geometry import D435_COLOR, D435_DEPTH
from reald2iff_ros import topics
from reald2iff_ros.messages import array_to_image, intrinsics_to_camera_info, nanoseconds_to_stamp
from reald2iff_ros.transport import use_large_shared_memory

STEP = 50_000_000
WIDTH, HEIGHT = 64, 48
ARM = [f"fr3_joint{i}" for i in range(1, 8)]
FINGERS = ["fr3_finger_joint1", "fr3_finger_joint2"]
ACTION = ["dx", "dy", "dz", "drx", "dry", "drz", "gripper"]
POSES = (topics.SIM_EEF_POSE, topics.SIM_TARGET_POSE, f"{topics.SIM_OBJECTS}/cube/pose")
CAMERA_POSES = (topics.SIM_CAMERA_POSE, topics.SIM_COLOR_POSE)
KINDS = {
    topics.COLOR_IMAGE: Image,
    topics.COLOR_INFO: CameraInfo,
    topics.DEPTH_IMAGE: Image,
    topics.DEPTH_INFO: CameraInfo,
    topics.SIM_DEPTH_IMAGE: Image,
    topics.SIM_DEPTH_INFO: CameraInfo,
    topics.JOINT_STATES: JointState,
    topics.SIM_ACTION: JointState,
    topics.SIM_TASK_STATE: JointState,
    **dict.fromkeys((*POSES, *CAMERA_POSES), PoseStamped),
}
EPISODE_TOPIC = "mujoco_sim/episode"
HANG = 90.0
"""Seconds after which something will not come any more, on however slow a machine."""


class Recorder:
    """The node as a child process."""

    def __init__(self, out, namespace, **parameters):
        self.out = out
        arguments = ["-r", f"__ns:={namespace}", "-p", f"out:={out}", "-p", "autostart:=true"]
        # Several recorders run at once, each read by its own source.
        arguments += ["-r", "/diagnostics:=diagnostics", "-p", "diagnostics_period:=0.1"]
        for name, value in {"noise_model_node": "''", **parameters}.items():
            arguments += ["-p", f"{name}:={str(value).lower() if isinstance(value, bool) else value}"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reald2iff_ros.demo_recorder", "--ros-args", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def master(self):
        return self.out / "demos.hdf5"

    def end(self, number=signal.SIGINT):
        """Returns exit status and output."""
        self.process.send_signal(number)
        try:
            output, _ = self.process.communicate(timeout=HANG)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, _ = self.process.communicate()
        return self.process.returncode, output


class Source:
    """Publishes what simulation and depth realism publish, in small images, and calls the recorder.

    Every recorder has a namespace of its own: one that was killed stays in the graph for some twenty seconds.
    """

    def __init__(self, namespace):
        self.namespace = namespace
        use_large_shared_memory()
        self.context = Context()
        rclpy.init(args=[], context=self.context)
        self.node = rclpy.create_node("source", namespace=namespace, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.publishers = {t: self.node.create_publisher(k, t, 10) for t, k in KINDS.items()}
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.status_publisher = self.node.create_publisher(String, EPISODE_TOPIC, latched)
        self.clients = {
            c: self.node.create_client(Trigger, f"demo_recorder/{c}") for c in ("start", "save", "discard")
        }
        self.node.create_subscription(DiagnosticArray, "diagnostics", self._on_diagnostics, 10)
        self.diagnostics = {}
        self.stamp = 10 * STEP
        self.sent = {}
        self.acted = 0

    def _on_diagnostics(self, message):
        self.diagnostics = {v.key: v.value for v in message.status[0].values}

    def close(self):
        self.executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        self.context.try_shutdown()

    def wait(self, condition, what):
        deadline = time.monotonic() + HANG
        while not condition():
            assert time.monotonic() < deadline, f"waited {HANG} s for {what}: {self.diagnostics}"
            self.executor.spin_once(timeout_sec=0.02)

    def wait_connected(self, topics=tuple(KINDS)):
        self.wait(lambda: all(c.service_is_ready() for c in self.clients.values()), "the services")
        self.wait(
            lambda: all(self.publishers[t].get_subscription_count() for t in topics), "the subscriptions"
        )

    def wait_diagnostics(self, **values):
        """Until the recorder says so itself."""
        self.wait(lambda: self.diagnostics.items() >= values.items(), f"the recorder to say {values}")

    def wait_received(self):
        """Until the recorder has all actions: what is under way is not of an episode that is saved."""
        self.wait(lambda: int(self.diagnostics.get("received", 0)) >= self.acted, f"{self.acted} actions")

    def ask(self, command):
        """Call without waiting."""
        return self.clients[command].call_async(Trigger.Request())

    def call(self, command):
        """Returns the answer's JSON; ``error`` in it says that it was refused."""
        if command == "save":
            self.wait_received()
        future = self.ask(command)
        self.wait(future.done, f"the answer of {command}")
        answer = json.loads(future.result().message)
        assert future.result().success == ("error" not in answer), answer
        return answer

    def status(self, **fields):
        self.status_publisher.publish(String(data=json.dumps(fields)))

    def publish(self, topic, stamp, message):
        message.header.stamp = nanoseconds_to_stamp(stamp)
        self.publishers[topic].publish(message)

    def observe(self, stamp, without=(), camera_x=0.4):
        """All that bears the stamp of a frame; remembers it."""
        rng = np.random.default_rng(stamp)
        depth = rng.integers(0, 4000, (HEIGHT, WIDTH), dtype=np.uint16)
        # A plane, as far as 1 / depth goes, with another slope in every frame.
        rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
        clean = (1 / (0.5 + rng.uniform(0.2, 2) * (columns + rows) / (WIDTH + HEIGHT))).astype(np.float32)
        color = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        joints = rng.normal(size=9)
        joints[7:] = joints[7]
        frame = "camera_depth_optical_frame"
        messages = {
            topics.JOINT_STATES: JointState(
                name=ARM + FINGERS, position=list(joints), velocity=list(rng.normal(size=9))
            ),
            topics.SIM_EEF_POSE: pose(rng),
            f"{topics.SIM_OBJECTS}/cube/pose": pose(rng),
            topics.SIM_CAMERA_POSE: pose(np.random.default_rng(1), camera_x),
            topics.SIM_COLOR_POSE: pose(np.random.default_rng(1), 0.415),
            topics.SIM_DEPTH_INFO: info(D435_DEPTH, frame),
            topics.SIM_DEPTH_IMAGE: array_to_image(clean, "32FC1", Header(frame_id=frame)),
            topics.COLOR_INFO: info(D435_COLOR, "camera_color_optical_frame"),
            topics.COLOR_IMAGE: array_to_image(color, "rgb8"),
            topics.DEPTH_INFO: info(D435_DEPTH, frame),
            topics.DEPTH_IMAGE: array_to_image(depth, "16UC1", Header(frame_id=frame)),
        }
        for topic, message in messages.items():
            if topic not in without:
                self.publish(topic, stamp, message)
        self.sent[stamp] = {"depth": depth, "clean": clean, "color": color, "messages": messages}

    def act(self, stamp, success=False, scale=1.0):
        rng = np.random.default_rng(stamp + 1)
        action = list(scale * rng.uniform(-1, 1, 7))
        self.publish(topics.SIM_ACTION, stamp, JointState(name=ACTION, position=action))
        self.publish(topics.SIM_TARGET_POSE, stamp, pose(rng))
        self.publish(
            topics.SIM_TASK_STATE,
            stamp,
            JointState(name=["reward", "success", "grasp"], position=[float(success), float(success), 1.0]),
        )
        self.sent[stamp]["action"] = action
        self.acted += 1

    def episode(self, steps, without=lambda step: (), pause=0.01, **act):
        """Frames and actions, and the last frame on which nothing is done; returns the steps' stamps."""
        stamps = []
        for step in range(steps):
            self.stamp += STEP
            self.observe(self.stamp, without(step))
            self.act(self.stamp, success=step == steps - 1, **act)
            stamps.append(self.stamp)
            time.sleep(pause)
        self.stamp += STEP
        self.observe(self.stamp)
        return stamps


def pose(rng, x=None):
    quaternion = Rotation.random(rng=rng).as_quat()
    message = PoseStamped(header=Header(frame_id="fr3_link0"))
    position, orientation = message.pose.position, message.pose.orientation
    position.x, position.y, position.z = (float(v) for v in rng.normal(size=3))
    if x is not None:
        position.x = x
    orientation.x, orientation.y, orientation.z, orientation.w = (float(v) for v in quaternion)
    return message


def info(camera, frame_id):
    return intrinsics_to_camera_info(camera.resized(WIDTH, HEIGHT), Header(frame_id=frame_id))
