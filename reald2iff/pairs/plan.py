"""Which scenes of a pair data set go into which shard."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from reald2iff.errors import InvalidParameterError
from reald2iff.pairs.format import SPLITS, Split, shard_name, split_of

VIEWS_PER_SHARD = 16
"""A stopped run loses at most a shard per worker."""


@dataclass(frozen=True)
class ShardPlan:
    """One unit of work.

    Attributes:
        name: File name.
        split: Of all its scenes.
        scenes: Their indices.
        views: How many views it holds.
    """

    name: str
    split: Split
    scenes: tuple[int, ...]
    views: int

    def as_dict(self) -> dict[str, Any]:
        """For the index."""
        return asdict(self) | {"scenes": list(self.scenes)}


def plan_shards(count: int, views_per_scene: int, splits: Collection[Split] = SPLITS) -> list[ShardPlan]:
    """Shards of a data set of at least ``count`` views in whole scenes, each shard of one split.

    Shards are in the order in which their scenes come up, so that every split grows from the start.

    Args:
        count: Views of all ``splits`` together.
        views_per_scene: Views of each scene.
        splits: Scenes of other splits are passed over.

    Raises:
        InvalidParameterError: for no or another split.
    """
    if not splits or not set(splits) <= set(SPLITS):
        raise InvalidParameterError(f"splits = {tuple(splits)}: expected some of {', '.join(SPLITS)}")
    scenes_per_shard = max(1, VIEWS_PER_SHARD // views_per_scene)
    open_scenes: dict[Split, list[int]] = {split: [] for split in SPLITS}
    groups: list[tuple[Split, list[int]]] = []
    chosen = ((scene, split) for scene in itertools.count() if (split := split_of(scene)) in splits)
    for scene, split in itertools.islice(chosen, -(-count // views_per_scene)):
        open_scenes[split].append(scene)
        if len(open_scenes[split]) == scenes_per_shard:
            groups.append((split, open_scenes[split]))
            open_scenes[split] = []
    groups += [(split, scenes) for split, scenes in open_scenes.items() if scenes]
    return [
        ShardPlan(shard_name(i), split, tuple(scenes), len(scenes) * views_per_scene)
        for i, (split, scenes) in enumerate(groups)
    ]
