"""Which scenes go into which shard, for all splits or some."""

import pytest

from reald2iff.errors import InvalidParameterError
from reald2iff.pairs.format import split_of
from reald2iff.pairs.plan import plan_shards


def test_all_splits_take_scenes_in_order():
    plans = plan_shards(count=199, views_per_scene=2)
    assert sorted(scene for plan in plans for scene in plan.scenes) == list(range(100))
    assert sum(plan.views for plan in plans) == 200


def test_one_split_takes_its_own_scenes_alone_and_as_many_views_as_asked_for():
    plans = plan_shards(count=64, views_per_scene=2, splits=("test",))
    scenes = [scene for plan in plans for scene in plan.scenes]
    assert len(scenes) == 32
    assert scenes == [scene for scene in range(2000) if split_of(scene) == "test"][:32]
    assert {plan.split for plan in plans} == {"test"}


def test_a_split_holds_the_same_scenes_whether_it_is_made_alone_or_with_the_others():
    together = [s for plan in plan_shards(2000, 2) if plan.split == "val" for s in plan.scenes]
    alone = [s for plan in plan_shards(40, 2, ("val",)) for s in plan.scenes]
    assert sorted(together)[:20] == sorted(alone)


@pytest.mark.parametrize("splits", [(), ("training",)])
def test_unknown_and_no_splits_are_refused(splits):
    with pytest.raises(InvalidParameterError, match="splits"):
        plan_shards(10, 2, splits)
