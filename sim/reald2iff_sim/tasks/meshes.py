"""Surfaces that objects are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reald2iff_sim.tasks.objects import Mesh

Array = NDArray[np.float64]


def lathe(profile: Sequence[tuple[float, float]], segments: int = 64) -> Mesh:
    """A closed surface of revolution about z.

    Args:
        profile: ``(radius, z)`` in metres, from the axis below, along the outside, to the axis above; its
            ends have radius 0.
        segments: Around the axis.
    """
    outline = np.asarray(profile[1:-1], dtype=np.float64)
    angles = np.arange(segments) * (2 * np.pi / segments)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    across = outline[:, None, :1] * circle
    rings = np.concatenate([across, np.repeat(outline[:, None, 1:], segments, axis=1)], axis=-1)
    return _closed_tube(rings, np.array([0, 0, profile[0][1]]), np.array([0, 0, profile[-1][1]]))


def bent_tube(centres: Array, radii: Array, segments: int = 20, ripple: tuple[int, float] = (1, 0.0)) -> Mesh:
    """A closed tube along a curve in the plane z = constant.

    Args:
        centres: ``(N, 3)`` metres.
        radii: ``(N,)`` metres.
        segments: Around the tube.
        ripple: Number and relative height of ridges along it.
    """
    tangent = np.gradient(centres, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    up = np.array([0.0, 0.0, 1.0])
    side = np.cross(up, tangent)
    angles = np.arange(segments) * (2 * np.pi / segments)
    shape = 1 + ripple[1] * np.cos(ripple[0] * angles)
    rings = centres[:, None] + (radii[:, None] * shape)[..., None] * (
        np.cos(angles)[None, :, None] * side[:, None] + np.sin(angles)[None, :, None] * up
    )
    return _closed_tube(rings, centres[0], centres[-1])


def _closed_tube(rings: Array, first: Array, last: Array) -> Mesh:
    """Triangles between ``(N, S, 3)`` rings, and to a point at either end."""
    count, segments, _ = rings.shape
    vertices = np.concatenate([rings.reshape(-1, 3), [first, last]])
    here = np.arange(segments)
    following = (here + 1) % segments
    faces = []
    for ring in range(count - 1):
        a, b = ring * segments, (ring + 1) * segments
        faces += [np.column_stack([a + here, a + following, b + following])]
        faces += [np.column_stack([a + here, b + following, b + here])]
    end = (count - 1) * segments
    faces += [np.column_stack([following, here, np.full(segments, count * segments)])]
    faces += [np.column_stack([end + here, end + following, np.full(segments, count * segments + 1)])]
    return Mesh(vertices, np.concatenate(faces).astype(np.int32))
