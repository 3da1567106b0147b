"""Joining by stamps, whatever order the topics' messages come in."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reald2iff_ros.recorder_join import WINDOW, StampJoiner, TimeWentBackError

STREAMS = ("color", "depth", "joints")
MS = 1_000_000


def interleaved(streams, seed):
    """The streams' messages mixed at random, each stream in its order."""
    left = {name: list(stamps) for name, stamps in streams.items() if stamps}
    chooser = random.Random(seed)
    while left:
        name = chooser.choice(sorted(left))
        yield name, left[name].pop(0)
        if not left[name]:
            del left[name]


def join(joiner, messages):
    frames = []
    for name, stamp in messages:
        frames += joiner.add(name, stamp, f"{name} {stamp}".encode())
    return frames + joiner.flush()


@given(
    st.sets(st.integers(1, 40)),
    st.dictionaries(st.sampled_from(STREAMS), st.sets(st.integers(1, 40))),
    st.integers(),
)
def test_a_frame_has_exactly_the_parts_of_its_stamp(actions, others, seed):
    streams = {name: sorted(others.get(name, ())) for name in STREAMS} | {"action": sorted(actions)}
    frames = join(StampJoiner("action", STREAMS), interleaved(streams, seed))
    assert [frame.stamp for frame in frames] == sorted(actions)
    for frame in frames:
        there = {name for name in STREAMS if frame.stamp in streams[name]}
        assert set(frame.missing) == set(STREAMS) - there
        assert frame.parts == {n: f"{n} {frame.stamp}".encode() for n in (*there, "action")}


@given(
    st.lists(st.integers(-9 * MS, 9 * MS), min_size=1, max_size=15),
    st.integers(),
    st.integers(2, 7),
)
def test_with_a_tolerance_the_nearest_message_within_it_is_taken(jitter, seed, rate):
    """Joints come ``rate`` times as often as the reference, colour as often but at other moments."""
    references = [100 * MS * (i + 1) for i in range(len(jitter))]
    streams = {
        "depth": references,
        "color": [stamp + late for stamp, late in zip(references, jitter, strict=True)],
        "joints": range(100 * MS, references[-1] + 100 * MS, 100 * MS // rate),
    }
    joiner = StampJoiner("depth", ("color", "joints"), tolerance=20 * MS)
    frames = join(joiner, interleaved(streams, seed))
    assert len(frames) == len(references)
    for frame, color in zip(frames, streams["color"], strict=True):
        nearest = min(streams["joints"], key=lambda stamp: abs(stamp - frame.stamp))
        assert frame.parts["color"] == f"color {color}".encode()
        assert frame.parts["joints"] == f"joints {nearest}".encode()


def test_beyond_the_tolerance_a_part_is_missing():
    joiner = StampJoiner("depth", ("color",), tolerance=5 * MS)
    frames = join(joiner, [("depth", 100 * MS), ("color", 106 * MS)])
    assert frames[0].missing == ("color",)


def test_a_frame_waits_until_its_parts_are_there_or_cannot_come_any_more():
    joiner = StampJoiner("action", ("depth",))
    assert joiner.add("action", 1, b"") == joiner.add("action", 2, b"") == []
    assert joiner.pending == 2
    assert [f.missing for f in joiner.add("depth", 2, b"")] == [("depth",), ()]
    assert joiner.pending == 0


def test_time_that_goes_back_is_an_error_and_the_same_stamp_again_is_not():
    joiner = StampJoiner("action", ("depth",))
    joiner.add("depth", 5, b"first")
    assert joiner.add("depth", 5, b"again") == []
    assert joiner.add("action", 5, b"")[0].parts["depth"] == b"first"
    for stream in ("depth", "action"):
        with pytest.raises(TimeWentBackError, match="fell from 5 to 4"):
            joiner.add(stream, 4, b"")


def test_what_nothing_asks_for_is_forgotten():
    joiner = StampJoiner("action", ("depth",))
    for k in range(1000):
        joiner.add("depth", k * 50 * MS, b"")
    assert len(joiner._buffers["depth"].messages) <= WINDOW // (50 * MS) + 2
