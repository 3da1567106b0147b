"""Topic and frame names of the ROS contract.

Image, state and command topics are relative, so that a namespace moves a whole graph; without one they are
the absolute names of the contract (``/sim/camera/depth/image_rect_raw``, ...). `/clock` and `/diagnostics`
are global.
"""

SIM_DEPTH_IMAGE = "sim/camera/depth/image_rect_raw"
SIM_DEPTH_INFO = "sim/camera/depth/camera_info"
SIM_CAMERA_POSE = "sim/camera/pose"
SIM_COLOR_POSE = "sim/camera/color_pose"
SIM_ACTION = "sim/action"
ACTION_NAMES = ("dx", "dy", "dz", "drx", "dry", "drz", "gripper")
"""Names of an action's values in its message."""
SIM_TARGET_POSE = "sim/target_pose"
SIM_EEF_POSE = "sim/eef_pose"
SIM_TASK_STATE = "sim/task_state"
SIM_OBJECTS = "sim/objects"
"""Prefix: the pose of an object is on ``sim/objects/<name>/pose``."""

DEPTH_IMAGE = "camera/camera/depth/image_rect_raw"
DEPTH_INFO = "camera/camera/depth/camera_info"
COLOR_IMAGE = "camera/camera/color/image_raw"
COLOR_INFO = "camera/camera/color/camera_info"

JOINT_STATES = "joint_states"
JOINT_COMMAND = "joint_command"
CLOCK = "/clock"
DIAGNOSTICS = "/diagnostics"

DEPTH_FRAME = "camera_depth_optical_frame"
COLOR_FRAME = "camera_color_optical_frame"
WORLD_FRAME = "fr3_link0"
