"""Triangle meshes from formulas: turned vessels and superquadrics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mesh = tuple[NDArray[np.float64], NDArray[np.int32]]


def lathe(profile: NDArray[np.float64], segments: int = 40) -> Mesh:
    """A profile turned about the z axis.

    Args:
        profile: ``(P, 2)`` radius and height in metres, from the outside of the bottom over the rim to the
            inside of the bottom; its first and last radius may be 0.
        segments: Around the axis.
    """
    angles = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles)], -1)
    flat = profile[:, None, :1] * ring[None]
    height = np.broadcast_to(profile[:, None, 1:], (*flat.shape[:2], 1))
    return np.concatenate([flat, height], -1).reshape(-1, 3), _grid_faces(len(profile), segments)


def vessel(rng: np.random.Generator, radius: float, height: float, flare: float, wall: float) -> Mesh:
    """An open cup or bowl standing on z = 0; ``flare`` is the ratio of the bottom's radius to the rim's."""
    steps = np.linspace(0, 1, 8)
    bend = rng.uniform(0.4, 1.2)
    outer = radius * (flare + (1 - flare) * steps**bend)
    up = np.stack([outer, steps * height], -1)
    down = np.stack([np.maximum(outer - wall, 1e-3), np.maximum(steps * height, wall)], -1)[::-1]
    return lathe(np.concatenate([[[1e-4, 0.0]], up, down, [[1e-4, wall]]]))


def bottle(rng: np.random.Generator, radius: float, height: float) -> Mesh:
    """A closed bottle standing on z = 0."""
    neck, shoulder = rng.uniform(0.25, 0.5), rng.uniform(0.5, 0.8)
    points = [(0.001, 0), (0.95, 0), (1, 0.03), (1, shoulder), (0.8, shoulder + 0.07)]
    points += [(neck, shoulder + 0.15), (neck, 0.97), (0.9 * neck, 1.0), (0.001, 1.0)]
    return lathe(np.array(points) * (radius, height))


def superquadric(rng: np.random.Generator, half_sizes: NDArray[np.float64]) -> Mesh:
    """A superquadric standing on z = 0: between box, cylinder, ellipsoid and star."""
    e1, e2 = rng.uniform(0.15, 1.8, 2)
    rows, segments = 17, 32
    latitude = np.linspace(-np.pi / 2 + 1e-3, np.pi / 2 - 1e-3, rows)[:, None]
    longitude = np.linspace(-np.pi, np.pi, segments, endpoint=False)[None, :]

    def power(value: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
        return np.sign(value) * np.abs(value) ** exponent

    x = power(np.cos(latitude), e1) * power(np.cos(longitude), e2)
    y = power(np.cos(latitude), e1) * power(np.sin(longitude), e2)
    z = np.broadcast_to(power(np.sin(latitude), e1), x.shape)
    points = np.stack([x, y, z], -1) * half_sizes
    points[..., 2] += half_sizes[2]
    return points.reshape(-1, 3), _grid_faces(rows, segments)


def _grid_faces(rows: int, segments: int) -> NDArray[np.int32]:
    """Triangles between successive rings, closed around the axis."""
    ring = np.arange(segments)
    following = (ring + 1) % segments
    lower = (np.arange(rows - 1) * segments)[:, None]
    a, b = lower + ring, lower + following
    c, d = b + segments, a + segments
    return np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], -2).reshape(-1, 3).astype(np.int32)
