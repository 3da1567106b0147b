"""Generating: the same bytes whatever the workers, continued after being stopped, never mixed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from stub_scenes import CardScenes

from reald2iff.cli import main
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.pairs import load_pairs
from reald2iff.pairs.format import read_index, read_shard, split_of
from reald2iff.pairs.generate import GenerateConfig, generate
from reald2iff.pairs.plan import ShardPlan
from reald2iff.pairs.worker import Job, write_planned_shard
from reald2iff.sensors import D435Twin


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_bytes_do_not_depend_on_the_number_of_workers(card_pairs, config_for, tmp_path):
    generate(config_for(tmp_path / "two", workers=2))
    assert contents(tmp_path / "two") == contents(card_pairs)


def test_missing_truncated_and_altered_shards_are_made_again(card_pairs, config_for, tmp_path):
    folder = tmp_path / "stopped"
    shutil.copytree(card_pairs, folder)
    first, second, third, fourth = sorted(folder.glob("shard_*.npz"))[:4]
    first.unlink()
    second.write_bytes(second.read_bytes()[:2000])
    altered = bytearray(third.read_bytes())
    altered[len(altered) // 2] ^= 0xFF
    third.write_bytes(altered)
    fourth.write_bytes((card_pairs / first.name).read_bytes())
    (folder / ".shard_00000.npz.1.tmp").write_bytes(b"half a shard")
    generate(config_for(folder))
    assert contents(folder) == contents(card_pairs)


def test_a_finished_data_set_is_left_alone(card_pairs, config_for, capsys):
    before = {path: path.stat().st_mtime_ns for path in card_pairs.glob("shard_*")}
    assert generate(config_for(card_pairs)) == 0
    assert {path: path.stat().st_mtime_ns for path in card_pairs.glob("shard_*")} == before
    assert "are there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ({"seed": 6}, "seed was 5, now 6"),
        ({"count": 200}, "count was 120, now 200"),
        ({"matcher": "sgbm"}, "sensor.matcher was 'census', now 'sgbm'"),
        ({"views_per_scene": 4}, "views_per_scene was 2, now 4"),
    ],
)
def test_other_options_are_refused_and_named(card_pairs, config_for, options, difference):
    before = contents(card_pairs)
    with pytest.raises(DatasetError, match=difference):
        generate(config_for(card_pairs, **options))
    assert contents(card_pairs) == before


def test_another_seed_gives_other_scenes_and_other_noise(tmp_path):
    shards = []
    for seed in (5, 6):
        job = Job(tmp_path, seed, "unused", views_per_scene=2, twin=D435Twin(), spread=0.0)
        write_planned_shard(ShardPlan(f"{seed}.npz", "train", (0,), 2), job, CardScenes(2))
        shards.append(read_shard(tmp_path / f"{seed}.npz"))
    assert not np.array_equal(shards[0].clean_disparity, shards[1].clean_disparity)
    assert not np.array_equal(shards[0].sensor_disparity, shards[1].sensor_disparity)


def test_splits_share_no_scene_and_follow_the_hash_of_the_scene(card_pairs):
    scenes = {split: set(load_pairs(card_pairs, split).scene.tolist()) for split in ("train", "val", "test")}
    assert sum(map(len, scenes.values())) == len(set.union(*scenes.values())) == 60
    assert all(split_of(scene) == split for split, members in scenes.items() for scene in members)


def test_shares_of_the_splits():
    splits = [split_of(scene) for scene in range(4000)]
    assert [splits.count(s) / 4000 for s in ("train", "val", "test")] == pytest.approx(
        [0.85, 0.05, 0.1], abs=0.02
    )


def test_the_index_tells_how_the_pairs_were_made(card_pairs):
    index = read_index(card_pairs)
    assert (index["seed"], index["count"], index["source"]["source"]) == (5, 120, "card")
    assert index["sensor"]["name"] == "d435_twin"
    assert index["camera"]["baseline"] == 0.05
    assert sum(shard["views"] for shard in index["shards"]) == 120


def test_a_dying_worker_is_reported_with_what_to_do(config_for, tmp_path):
    with pytest.raises(DatasetError, match=r"worker process died.*again to continue"):
        generate(config_for(tmp_path / "dying", source="stub_scenes:DyingScenes", count=2))


@pytest.mark.parametrize("name", ["nowhere", "stub_scenes:Nothing"])
def test_an_unknown_source_is_an_error_before_anything_is_written(tmp_path, name):
    with pytest.raises(InvalidParameterError, match=name):
        generate(GenerateConfig(out=tmp_path / "none", source=name))
    assert not (tmp_path / "none").exists()


def test_bad_options_name_the_value():
    with pytest.raises(InvalidParameterError, match="count = 0"):
        GenerateConfig(out=None, count=0)


def test_the_command_line_reports_errors_without_a_traceback(card_pairs, capsys):
    options = ["--out", str(card_pairs), "--count", "120", "--source", "stub_scenes:CardScenes"]
    assert main(["pairs", "generate", *options, "--seed", "9"]) == 2
    assert "seed was 5, now 9" in capsys.readouterr().err


def test_ctrl_c_stops_quickly_and_leaves_whole_shards_to_continue_from(tmp_path):
    folder = tmp_path / "interrupted"
    command = [sys.executable, "-m", "reald2iff.cli", "pairs", "generate", "--out", str(folder)]
    command += ["--count", "4000", "--seed", "5", "--workers", "1", "--source", "stub_scenes:CardScenes"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, start_new_session=True)
    try:
        while not any(folder.glob("shard_*.npz")):
            assert process.poll() is None
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert b"stopped" in errors
    for path in folder.glob("shard_*.npz"):
        read_shard(path)
