"""A task's objects in a MuJoCo specification, and what the simulation says about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from reald2iff_sim.tasks.objects import ObjectSpec, Part

Array = NDArray[np.float64]

_COLLISION_GROUP = 3  # not rendered
_VISUAL_GROUP = 2
_GEOM_TYPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "mesh": mujoco.mjtGeom.mjGEOM_MESH,
}
FINGERS = ("left_finger", "right_finger")


def add_object(spec: mujoco.MjSpec, item: ObjectSpec) -> None:
    """A body of the object's name, with a free joint of that name, or moved only by ``mocap_pos``."""
    body = spec.worldbody.add_body(name=item.name, mocap=not item.movable)
    if item.movable:
        body.add_freejoint(name=item.name)
    volumes = [_volume(part) if part.solid else 0.0 for part in item.parts]
    for index, (part, volume) in enumerate(zip(item.parts, volumes, strict=True)):
        name = f"{item.name}_{index}"
        geom = body.add_geom(
            name=name,
            type=_GEOM_TYPES[part.shape],
            pos=part.position,
            quat=np.roll(part.rotation, 1),
            size=_half_sizes(part),
            mass=item.mass * volume / sum(volumes) if volume else 0.0,
            friction=(item.friction, 0.005, 0.0001),
            condim=4,
            contype=int(part.solid),
            conaffinity=int(part.solid),
            group=_VISUAL_GROUP if part.visible else _COLLISION_GROUP,
        )
        if part.visible:
            look = part.material
            spec.add_material(name=name, rgba=look.rgba, specular=look.specular, shininess=look.shininess)
            geom.material = name
        if part.mesh is not None:
            spec.add_mesh(
                name=name,
                uservert=part.mesh.vertices.ravel(),
                userface=part.mesh.faces.ravel().astype(np.int32),
            )
            geom.meshname = name


def _half_sizes(part: Part) -> tuple[float, float, float]:
    x, y, z = (extent / 2 for extent in part.size)
    if part.shape == "box":
        return (x, y, z)
    if part.shape == "sphere":
        return (x, 0.0, 0.0)
    return (x, z - x if part.shape == "capsule" else z, 0.0)


def _volume(part: Part) -> float:
    x, y, z = part.size
    if part.mesh is not None:
        return float(ConvexHull(part.mesh.vertices).volume)
    if part.shape == "box":
        return x * y * z
    ball = np.pi * x**3 / 6
    rod = np.pi * x**2 / 4
    return {"sphere": ball, "cylinder": rod * z, "capsule": rod * (z - x) + ball}[part.shape]


class SceneObjects:
    """Poses, velocities and finger contacts of a task's objects in a compiled model."""

    def __init__(self, model: mujoco.MjModel, items: Sequence[ObjectSpec]) -> None:
        self._model = model
        self.names = tuple(item.name for item in items)
        self._movable = {item.name: item.movable for item in items}
        self._body = {name: model.body(name).id for name in self.names}
        self._object_of_geom = _index_of_geoms(model, self.names)
        self._finger_of_geom = _index_of_geoms(model, FINGERS)

    def poses(self, data: mujoco.MjData) -> dict[str, Array]:
        """``T_world_object (4, 4)`` by name."""
        return {name: pose_matrix(data.xpos[body], data.xmat[body]) for name, body in self._body.items()}

    def velocities(self, data: mujoco.MjData) -> dict[str, Array]:
        """``(6,)`` linear m/s and angular rad/s in the world frame, by name."""
        velocities = {}
        for name, body in self._body.items():
            velocity = np.zeros(6)
            if self._movable[name]:
                mujoco.mj_objectVelocity(
                    self._model, data, mujoco.mjtObj.mjOBJ_XBODY.value, body, velocity, False
                )
            velocities[name] = np.roll(velocity, 3)  # MuJoCo's angular part comes first
        return velocities

    def finger_forces(self, data: mujoco.MjData) -> dict[str, Array]:
        """``(2,)`` N that the left and the right finger press with, by name."""
        forces = {name: np.zeros(2) for name in self.names}
        pairs = data.contact.geom
        wrench = np.empty(6)
        for first, second in ((0, 1), (1, 0)):
            touched = self._object_of_geom[pairs[:, first]]
            finger = self._finger_of_geom[pairs[:, second]]
            for contact in np.flatnonzero((touched >= 0) & (finger >= 0)):
                mujoco.mj_contactForce(self._model, data, contact, wrench)
                forces[self.names[touched[contact]]][finger[contact]] += wrench[0]
        return forces

    def place(self, data: mujoco.MjData, poses: Mapping[str, Array]) -> None:
        """Put objects at ``T_world_object (4, 4)``, at rest."""
        for name, pose in poses.items():
            quaternion = Rotation.from_matrix(pose[:3, :3]).as_quat(scalar_first=True)
            if self._movable[name]:
                joint = self._model.joint(name)
                position, velocity = joint.qposadr[0], joint.dofadr[0]
                data.qpos[position : position + 3] = pose[:3, 3]
                data.qpos[position + 3 : position + 7] = quaternion
                data.qvel[velocity : velocity + 6] = 0.0
            else:
                mocap = self._model.body_mocapid[self._body[name]]
                data.mocap_pos[mocap] = pose[:3, 3]
                data.mocap_quat[mocap] = quaternion


def pose_matrix(position: Array, rotation: Array) -> Array:
    """``(4, 4)`` from ``(3,)`` and ``(9,)``."""
    pose = np.eye(4)
    pose[:3, :3] = np.reshape(rotation, (3, 3))
    pose[:3, 3] = position
    return pose


def _index_of_geoms(model: mujoco.MjModel, bodies: Sequence[str]) -> NDArray[np.intp]:
    """Which of ``bodies`` each geom belongs to, -1 = none."""
    index = np.full(model.ngeom, -1, dtype=np.intp)
    for number, name in enumerate(bodies):
        index[model.geom_bodyid == model.body(name).id] = number
    return index
