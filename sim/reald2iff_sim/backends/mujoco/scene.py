"""The MuJoCo model of a task: the arm on a table in a room, with the task's objects on it."""

from __future__ import annotations

import mujoco

from reald2iff_sim.backends.mujoco.fr3 import fr3_spec
from reald2iff_sim.backends.mujoco.objects import add_object
from reald2iff_sim.tasks.base import Task

_TABLE_HEIGHT = 0.74  # metres above the floor
_TABLE_TOP = (0.42, 0.0, 0.80, 0.62, 0.018)  # centre x, y; half extents x, y; half thickness


def build_scene(task: Task, timestep: float) -> mujoco.MjModel:
    """Compiled model. World frame = ``fr3_link0``; the table's top is at z = 0."""
    spec = fr3_spec()
    spec.modelname = task.name
    spec.option.timestep = timestep
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0  # friction as stiff as contact: no creeping of a held object
    # Near plane and shadow resolution scale with the extent, which the far floor would decide otherwise.
    spec.stat.extent = 1.0
    spec.stat.center = (0.45, 0.0, 0.2)
    _light(spec)
    _furnish(spec)
    for item in task.objects:
        add_object(spec, item)
    for key in list(spec.keys):
        spec.delete(key)  # its state is that of the arm alone
    return spec.compile()


def _light(spec: mujoco.MjSpec) -> None:
    spec.visual.headlight.ambient = (0.32, 0.32, 0.33)
    spec.visual.headlight.diffuse = (0.22, 0.22, 0.22)
    spec.visual.headlight.specular = (0.0, 0.0, 0.0)
    spec.visual.map.shadowclip = 1.6
    world = spec.worldbody
    world.add_light(
        name="ceiling",
        pos=(0.9, -0.5, 2.0),
        dir=(-0.25, 0.25, -1.0),
        diffuse=(0.50, 0.49, 0.46),
        specular=(0.15, 0.15, 0.15),
        castshadow=True,
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
    )
    world.add_light(
        name="window",
        pos=(0.6, 2.0, 1.5),
        dir=(-0.2, -1.0, -0.7),
        diffuse=(0.20, 0.21, 0.24),
        specular=(0.05, 0.05, 0.05),
        castshadow=False,
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
    )


def _material(spec: mujoco.MjSpec, name: str, rgba: tuple[float, ...], **properties: float) -> str:
    spec.add_material(name=name, rgba=rgba, **properties)
    return name


def _furnish(spec: mujoco.MjSpec) -> None:
    """Table with legs, floor, and walls behind and beside the robot."""
    world = spec.worldbody
    box = mujoco.mjtGeom.mjGEOM_BOX
    x, y, half_x, half_y, half_z = _TABLE_TOP
    top = _material(spec, "table_top", (0.72, 0.58, 0.42, 1.0), specular=0.25, shininess=0.4)
    steel = _material(spec, "steel", (0.30, 0.31, 0.33, 1.0), specular=0.5, shininess=0.6)
    floor = _material(spec, "floor", (0.42, 0.43, 0.45, 1.0))
    wall = _material(spec, "wall", (0.78, 0.78, 0.76, 1.0))
    world.add_geom(
        name="table",
        type=box,
        pos=(x, y, -half_z),
        size=(half_x, half_y, half_z),
        material=top,
        friction=(1.0, 0.005, 0.0001),
    )
    leg = (_TABLE_HEIGHT - 2 * half_z) / 2
    for sx in (-1, 1):
        for sy in (-1, 1):
            position = (x + sx * (half_x - 0.05), y + sy * (half_y - 0.05), -2 * half_z - leg)
            world.add_geom(type=box, pos=position, size=(0.03, 0.03, leg), material=steel)
    world.add_geom(type=box, pos=(0.3, 0, -_TABLE_HEIGHT - 0.05), size=(3, 3, 0.05), material=floor)
    world.add_geom(type=box, pos=(-1.45, 0, 0.4), size=(0.05, 3, 1.4), material=wall)
    world.add_geom(type=box, pos=(0.3, -2.2, 0.4), size=(3, 0.05, 1.4), material=wall)
