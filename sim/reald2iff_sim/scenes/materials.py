"""Infrared reflectance of surfaces, drawn after a scene is compiled so that it can be drawn again."""

from __future__ import annotations

import mujoco
import numpy as np

from reald2iff_sim.backends.mujoco.rendering import HeadlessRenderer
from reald2iff_sim.scenes.builder import Surface
from reald2iff_sim.scenes.textures import draw_texture

_SLAB_TEXTURES = 4
_OBJECT_TEXTURES = 6
_SLAB_SIZE = 256
_FACE_SIZE = 128
_FACES = 6
_DARK_ALBEDO = (0.01, 0.06)


def add_textures(spec: mujoco.MjSpec) -> None:
    """Blank textures and the materials that show them, to be filled by `paint`."""
    for index in range(_SLAB_TEXTURES + _OBJECT_TEXTURES):
        flat = index < _SLAB_TEXTURES
        name = f"surface{index}"
        spec.add_texture(
            name=name,
            type=mujoco.mjtTexture.mjTEXTURE_2D if flat else mujoco.mjtTexture.mjTEXTURE_CUBE,
            builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
            rgb1=[1.0, 1.0, 1.0],
            rgb2=[1.0, 1.0, 1.0],
            width=_SLAB_SIZE if flat else _FACE_SIZE,
            height=_SLAB_SIZE if flat else _FACES * _FACE_SIZE,
            nchannel=3,
        )
        material = spec.add_material(name=name, texuniform=True, rgba=[1.0, 1.0, 1.0, 1.0])
        textures = material.textures
        textures[int(mujoco.mjtTextureRole.mjTEXROLE_RGB)] = name
        material.textures = textures


def paint(model: mujoco.MjModel, renderer: HeadlessRenderer, rng: np.random.Generator) -> None:
    """Draw textures, and texture and albedo of every surface of the scene."""
    slabs, objects = _fill_textures(model, renderer, rng)
    for geom in range(model.ngeom):
        surface, textured = model.geom_group[geom], rng.random() < 0.75
        albedo = draw_albedo(rng, large=surface == Surface.SLAB)
        choice = rng.random()
        if surface in (Surface.ARM, Surface.TRANSPARENT):
            continue
        if surface == Surface.DARK:
            textured, albedo = False, float(np.interp(albedo, (0, 1), _DARK_ALBEDO))
        materials = slabs if surface == Surface.SLAB else objects
        model.geom_matid[geom] = materials[int(choice * len(materials))] if textured else -1
        model.geom_rgba[geom] = albedo, albedo, albedo, 1.0
    _paint_arm(model, rng)


def draw_albedo(rng: np.random.Generator, large: bool) -> float:
    """Highest diffuse infrared reflectance of a surface: some dark, one in six bright.

    Large surfaces are painted, wooden or tiled, and most of what coats them is bright in the infrared.
    """
    kind = rng.random()
    dark = 0.05 if large else 0.1
    if kind < dark:
        return float(rng.uniform(0.02, 0.1))
    if kind < dark + 0.16:
        return float(rng.uniform(0.75, 0.95))
    low = 0.35 if large else 0.2
    return float(low + (0.85 - low) * rng.beta(1.8, 1.5))


def _fill_textures(
    model: mujoco.MjModel, renderer: HeadlessRenderer, rng: np.random.Generator
) -> tuple[list[int], list[int]]:
    slabs: list[int] = []
    objects: list[int] = []
    for index in range(_SLAB_TEXTURES + _OBJECT_TEXTURES):
        material, texture = model.mat(f"surface{index}").id, model.tex(f"surface{index}").id
        flat = index < _SLAB_TEXTURES
        pattern = draw_texture(rng, _SLAB_SIZE if flat else _FACE_SIZE)
        pixels = np.rint(pattern * 255).astype(np.uint8)
        if not flat:
            pixels = np.concatenate([np.rot90(pixels, k) for k in range(_FACES)])
        start = model.tex_adr[texture]
        model.tex_data[start : start + 3 * pixels.size] = np.repeat(pixels.ravel(), 3)
        renderer.upload_texture(texture)
        # Repeats per metre: a pattern spans between a quarter of a metre and two metres.
        model.mat_texrepeat[material] = 2 ** rng.uniform(-1, 2) if flat else 1.0
        (slabs if flat else objects).append(material)
    return slabs, objects


def _paint_arm(model: mujoco.MjModel, rng: np.random.Generator) -> None:
    """The robot's white shells and black joints keep their order of brightness."""
    white, black = rng.uniform(0.5, 0.95), rng.uniform(0.03, 0.15)
    for material in range(model.nmat):
        name = model.mat(material).name
        if name.startswith("surface"):
            continue
        value = black if name == "black" else white if "white" in name else rng.uniform(0.1, 0.7)
        model.mat_rgba[material] = value, value, value, 1.0
