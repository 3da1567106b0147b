"""The search: finds, repeats itself, resumes from its log."""

import json

import numpy as np
import pytest

from reald2iff.calibration.parameters import FINISHING, MATCHING, to_cube
from reald2iff.calibration.search import Phase, search, total_distance
from reald2iff.calibration.search_log import SearchLog
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.sensors import D435Twin

PHASES = (
    Phase("first", FINISHING + MATCHING, 0.5, 0.05, "slope"),
    Phase("second", MATCHING, 0.5, 0.02, "samples"),
)
SPACE = MATCHING + FINISHING
TARGET = np.random.default_rng(4).uniform(0.2, 0.8, len(SPACE))


def shares(twin):
    """Every parameter moves one feature of its own and, a little, another's."""
    difference = to_cube(twin, SPACE) - TARGET
    return dict(
        zip("abcdefghijklmnopqrstuvw", 0.02 * (difference + 0.2 * np.roll(difference, 1)), strict=False)
    )


def distance_of(twin):
    return total_distance(shares(twin))


def run(path, budget=80, seed=0, evaluate=shares, objective="a"):
    steps = []
    best, distance = search(
        evaluate, D435Twin(), budget, seed, SearchLog(path, objective), steps.append, PHASES
    )
    return best, distance, steps


def test_the_search_comes_near_a_known_minimum(tmp_path):
    best, distance, steps = run(tmp_path / "log", budget=150)
    assert distance == distance_of(best) < distance_of(D435Twin()) / 20
    assert len(steps) <= 150


def test_the_same_seed_tries_the_same_twins_whatever_the_global_generator(tmp_path):
    _, _, first = run(tmp_path / "a")
    np.random.seed(5)  # noqa: NPY002
    _, _, second = run(tmp_path / "b")
    assert first == second
    assert first != run(tmp_path / "c", seed=1)[2]


def test_a_killed_search_goes_on_from_its_log_to_the_same_end(tmp_path):
    whole = run(tmp_path / "whole")
    path = tmp_path / "killed"
    evaluated = []

    def die_after_40(twin):
        evaluated.append(twin)
        if len(evaluated) > 40:
            raise KeyboardInterrupt
        return shares(twin)

    with pytest.raises(KeyboardInterrupt):
        run(path, evaluate=die_after_40)
    with path.open("a") as file:
        file.write('{"values": {"stereo.max')  # what a kill in the middle of a write leaves
    again = []

    def count(twin):
        again.append(twin)
        return shares(twin)

    assert run(path, evaluate=count) == whole
    assert len(again) == len(whole[2]) - 40


def test_the_log_of_another_fit_is_refused(tmp_path):
    run(tmp_path / "log", budget=60)
    with pytest.raises(DatasetError, match="other frames, options"):
        run(tmp_path / "log", budget=60, objective="b")


@pytest.mark.parametrize("text", ["what\n", "[1]\n", json.dumps({"objective": "a"}) + '\n{"shares": 1}\n'])
def test_a_log_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "log").write_text(text)
    with pytest.raises(DatasetError, match="not the log of a search"):
        SearchLog(tmp_path / "log", "a")


def test_a_budget_below_a_generation_a_phase_is_refused(tmp_path):
    with pytest.raises(InvalidParameterError, match="budget = 5"):
        run(tmp_path / "log", budget=5)
