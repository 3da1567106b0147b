"""The Franka Research 3 with its hand, as a MuJoCo specification to build scenes on.

The model and its meshes come from the `franky-sim` package (Apache-2.0), which took them from Franka
Robotics' franka_description. Its visual meshes hold 240,000 triangles and cost a software renderer 17 ms a
depth image: they are simplified here.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from reald2iff.errors import DependencyError
from reald2iff_sim.control.limits import GRIPPER_WIDTH, HOME_JOINTS
from reald2iff_sim.simulator import ARM_JOINTS, FINGER_JOINTS

EEF_SITE = "eef"
"""Site between the finger tips, z along the fingers (Franka's nominal F_T_EE with its hand)."""

GRIPPER_ACTUATOR = "fr3_gripper"
"""Position actuator whose control is the opening between the fingers, metres."""

_HAND_TO_EEF = 0.1034  # metres along the hand's z axis
_ARM_STIFFNESS = (4500.0, 4500.0, 3500.0, 3500.0, 2000.0, 2000.0, 2000.0)  # Nm/rad
# Critical for the inertia in the middle of the workspace (MuJoCo's dampratio takes that of the upright arm).
_ARM_DAMPING = (190.0, 210.0, 150.0, 135.0, 30.0, 32.0, 25.0)  # Nm s/rad
_GRIPPER_STIFFNESS = 2000.0  # N/m
_GRIPPER_FORCE = 40.0  # N, of the 70 that the Franka hand can hold for long
_FINGER_FRICTION = (1.2, 0.02, 0.0005)  # rubber pads; sliding, torsional, rolling
_FINGER_CONTACT = (0.005, 1.0)  # stiffer than the default, under which a held object sinks in and creeps
_COLLISION_GROUP = 3
_KEPT_TRIANGLES = 0.1
_SMALL_MESH = 1500  # triangles, below which simplifying gains nothing

Mesh = tuple[NDArray[np.float64], NDArray[np.int32]]


def fr3_assets() -> Path:
    """Folder that holds ``fr3.xml`` and ``meshes/``.

    Raises:
        DependencyError: if `franky-sim` is not installed.
    """
    spec = find_spec("franky_sim")
    if spec is None or spec.origin is None:
        raise DependencyError(
            "the FR3 model comes with franky-sim, which is not installed: pip install 'reald2iff-ros[sim]'"
        )
    return Path(spec.origin).parent / "assets"


def fr3_spec(simplify_meshes: bool = True) -> mujoco.MjSpec:
    """A new specification of the arm and its hand, base frame ``fr3_link0`` in the world's origin.

    Joints are `ARM_JOINTS` and `FINGER_JOINTS` (coupled). Actuators have the arm joints' names (radians) and
    `GRIPPER_ACTUATOR` (metres); gravity is compensated, as the robot's own controller does. Visual geoms are
    in group 2, collision geoms in group 3. The keyframe ``home`` is `HOME_JOINTS` with the gripper open.

    Args:
        simplify_meshes: Render the visual meshes with a tenth of their triangles.

    Raises:
        DependencyError: if `franky-sim` is not installed.
    """
    assets = fr3_assets()
    spec = mujoco.MjSpec.from_file(str(assets / "fr3.xml"))
    spec.meshdir = str(assets / "meshes")
    spec.modelname = "fr3"
    if simplify_meshes:
        for name, (vertices, faces) in _simplified_meshes().items():
            mesh = spec.mesh(name)
            mesh.file = ""
            mesh.uservert = vertices.ravel()
            mesh.userface = faces.ravel()
    for key in list(spec.keys):
        spec.delete(key)
    _compensate_gravity(spec)
    _stiffen_arm(spec)
    _rebuild_gripper(spec)
    _name_hand_geoms(spec)
    spec.body("hand").add_site(name=EEF_SITE, pos=[0.0, 0.0, _HAND_TO_EEF], group=4)
    home = [*HOME_JOINTS, GRIPPER_WIDTH / 2, GRIPPER_WIDTH / 2]
    spec.add_key(name="home", qpos=home, ctrl=[*HOME_JOINTS, GRIPPER_WIDTH])
    return spec


def _name_hand_geoms(spec: mujoco.MjSpec) -> None:
    for name in ("hand", "left_finger", "right_finger"):
        for index, geom in enumerate(_collision_geoms(spec.body(name))):
            geom.name = f"{name}_collision_{index}"


def _collision_geoms(body: mujoco.MjsBody) -> list[mujoco.MjsGeom]:
    return [geom for geom in body.geoms if geom.group == _COLLISION_GROUP]


def _compensate_gravity(spec: mujoco.MjSpec) -> None:
    for body in spec.bodies:
        if body.name not in ("world", "base"):
            body.gravcomp = 1.0


def _stiffen_arm(spec: mujoco.MjSpec) -> None:
    """Critically damped position servos: the model's own lag behind their target by 0.1 s."""
    for name, stiffness, damping in zip(ARM_JOINTS, _ARM_STIFFNESS, _ARM_DAMPING, strict=True):
        joint = spec.joint(name)
        joint.actgravcomp = True  # the torque limits hold for the whole torque
        spec.actuator(name).set_to_position(kp=stiffness, kv=damping, inheritrange=1.0)


def _rebuild_gripper(spec: mujoco.MjSpec) -> None:
    """Fingers under the robot's own joint names, coupled, driven by their opening in metres."""
    spec.delete(spec.actuator("hand"))
    spec.delete(spec.tendon("split"))
    for equality in list(spec.equalities):
        spec.delete(equality)
    for old, new in zip(("finger_joint1", "finger_joint2"), FINGER_JOINTS, strict=True):
        spec.joint(old).name = new
    for body in ("left_finger", "right_finger"):
        for geom in _collision_geoms(spec.body(body)):
            geom.priority = 1  # of a contact, the fingers' properties hold
            geom.friction = _FINGER_FRICTION
            geom.condim = 4
            geom.solref = _FINGER_CONTACT
            geom.solimp[:3] = (0.95, 0.99, 0.001)
    coupling = spec.add_equality(
        type=mujoco.mjtEq.mjEQ_JOINT,
        objtype=mujoco.mjtObj.mjOBJ_JOINT,
        name1=FINGER_JOINTS[0],
        name2=FINGER_JOINTS[1],
    )
    coupling.data[:5] = (0.0, 1.0, 0.0, 0.0, 0.0)
    coupling.solimp[:3] = (0.95, 0.99, 0.001)
    coupling.solref = (0.005, 1.0)
    opening = spec.add_tendon(name=GRIPPER_ACTUATOR)
    for name in FINGER_JOINTS:
        opening.wrap_joint(name, 1.0)
    servo = spec.add_actuator(
        name=GRIPPER_ACTUATOR,
        target=GRIPPER_ACTUATOR,
        trntype=mujoco.mjtTrn.mjTRN_TENDON,
        ctrllimited=True,
        ctrlrange=(0.0, GRIPPER_WIDTH),
        forcelimited=True,
        forcerange=(-_GRIPPER_FORCE, _GRIPPER_FORCE),
    )
    servo.set_to_position(kp=_GRIPPER_STIFFNESS, kv=80.0)


@lru_cache(maxsize=1)
def _simplified_meshes() -> dict[str, Mesh]:
    """Vertices ``(V, 3)`` and triangles ``(F, 3)`` of the large visual meshes, in the mesh file's frame."""
    try:
        import fast_simplification
    except ModuleNotFoundError as error:
        raise DependencyError(
            "light meshes need fast-simplification: pip install 'reald2iff-ros[sim]'"
        ) from error

    model = fr3_spec(simplify_meshes=False).compile()
    simplified: dict[str, Mesh] = {}
    for mesh in range(model.nmesh):
        name = model.mesh(mesh).name
        if name.endswith("_coll") or model.mesh_facenum[mesh] < _SMALL_MESH:
            continue
        vertices, faces = _weld(*_file_mesh(model, mesh))
        points, triangles = fast_simplification.simplify(
            vertices.astype(np.float32), faces, target_reduction=1.0 - _KEPT_TRIANGLES, agg=2
        )
        simplified[name] = (points.astype(np.float64), triangles.astype(np.int32))
    return simplified


def _file_mesh(model: mujoco.MjModel, mesh: int) -> Mesh:
    """A compiled mesh in the frame of its file (the compiler moves meshes to their inertial frame)."""
    start, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
    vertices = model.mesh_vert[start : start + count].astype(np.float64)
    start, count = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
    faces = model.mesh_face[start : start + count]
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, model.mesh_quat[mesh])
    return vertices @ rotation.reshape(3, 3).T + model.mesh_pos[mesh], faces


def _weld(vertices: NDArray[np.float64], faces: NDArray[np.int32]) -> Mesh:
    """Merge vertices at one place (split there for normals), so that simplifying sees one surface."""
    merged, index = np.unique(vertices.round(6), axis=0, return_inverse=True)
    welded = index.reshape(-1)[faces].astype(np.int32)
    distinct = (
        (welded[:, 0] != welded[:, 1]) & (welded[:, 1] != welded[:, 2]) & (welded[:, 2] != welded[:, 0])
    )
    return merged, np.ascontiguousarray(welded[distinct])
