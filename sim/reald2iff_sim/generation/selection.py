"""Which source a subtask is made of: MimicGen's three strategies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reald2iff_sim.generation.frames import alike, angle_between, distance_between
from reald2iff_sim.generation.sources import Segment
from reald2iff_sim.generation.spec import SubtaskSpec
from reald2iff_sim.simulator import Array


def choose(
    spec: SubtaskSpec,
    segments: Sequence[Segment],
    object_pose: Array,
    eef_pose: Array,
    rng: np.random.Generator,
) -> int:
    """Index of a segment.

    ``nearest_neighbor_object`` prefers those whose object lay as it does now, and
    ``nearest_neighbor_robot_distance`` those that, carried over, begin where the hand is; both draw from the
    `SubtaskSpec.nearest` best. A metre counts like a radian.

    Args:
        spec: Of the subtask; a strategy of None chooses at random.
        segments: One of each source.
        object_pose: ``T_world_object (4, 4)`` now.
        eef_pose: ``T_world_eef (4, 4)`` now.
        rng: Draws.
    """
    if spec.strategy in (None, "random"):
        return int(rng.integers(len(segments)))
    costs = []
    for segment in segments:
        moved, frame = alike(
            segment.targets[:1], segment.object_pose, object_pose, eef_pose, spec.symmetry, spec.flips
        )
        if spec.strategy == "nearest_neighbor_object":
            costs.append(_apart(segment.object_pose, frame))
        else:
            costs.append(_apart(moved[0], eef_pose))
    best = np.argsort(costs, kind="stable")[: spec.nearest]
    return int(best[rng.integers(len(best))])


def _apart(first: Array, second: Array) -> float:
    return distance_between(first, second) + angle_between(first, second)
