"""`reald2iff bench ablation` with tiny networks on a small data set of constructed pairs."""

import dataclasses
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from reald2iff.bench import evaluation
from reald2iff.bench.ablation import summary
from reald2iff.bench.ablation_measure import ValidationViews
from reald2iff.bench.ablation_studies import STUDIES, FullBand, Variant
from reald2iff.bench.ablation_training import SmallRun, VariantTraining
from reald2iff.cli import main
from reald2iff.diffusion.discrepancy import DiscrepancyGuidance
from reald2iff.diffusion.frequency import FrequencyGuidance
from reald2iff.diffusion.training.loop import Trainer
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.metrics.two_sample import PATCH_16
from reald2iff.pairs.format import FORMAT_VERSION, Shard, encode_disparity, write_index, write_shard

SIZE = (96, 128)
TINY = {"steps": 2, "batch_size": 2, "window": 32, "widths": (8, 16), "device": "cpu", "precision": "fp32"}
SCENES = {"train": 3, "val": 10}


def sense(clean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = ndimage.gaussian_filter(rng.standard_normal(clean.shape), (0, 2, 2))
    hole = ndimage.gaussian_filter(rng.standard_normal(clean.shape), (0, 4, 4))
    return np.where(hole > 2 * hole.std(), 0, clean + noise / noise.std() * 0.3)


def write_pairs(folder: Path, redrawn_like_clean: bool = False, scenes: dict[str, int] = SCENES) -> Path:
    rng = np.random.default_rng(0)
    entries, first = [], 0
    for number, (split, count) in enumerate(scenes.items()):
        scene = np.repeat(np.arange(first, first + count), 2)
        first += count
        ramp = np.mgrid[: SIZE[0], : SIZE[1]][1] * 0.02
        clean = (rng.uniform(8, 16, (len(scene), 1, 1)) + ramp).astype("f4")
        redrawn = encode_disparity(clean if redrawn_like_clean else sense(clean, rng), 32)
        shard = Shard(
            encode_disparity(clean, 512),
            encode_disparity(sense(clean, rng), 32),
            None if split == "train" else redrawn,
            scene.astype(np.int64),
            np.full(len(scene), 19.13, np.float32),
            np.full(len(scene), "room", "<U16"),
            np.ones(len(scene), np.float32),
            np.zeros(len(scene), np.float32),
        )
        name = f"shard_{number:05d}.npz"
        write_shard(folder / name, shard)
        entries.append({"name": name, "split": split, "views": len(scene)})
    camera = {"width": SIZE[1], "height": SIZE[0], "baseline": 0.05}
    write_index(folder, {"format_version": FORMAT_VERSION, "camera": camera, "shards": entries})
    return folder


@pytest.fixture(scope="module")
def pairs(tmp_path_factory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs"))


@pytest.fixture
def quick(monkeypatch):
    config = replace(PATCH_16, steps=40, batch=16, width=8, test_patches=24)
    monkeypatch.setattr(evaluation, "CLASSIFIERS", {"two_sample_16": config, "two_sample_64": config})


def training(pairs: Path, work: Path, **options) -> VariantTraining:
    return VariantTraining(SmallRun(pairs, work, **(TINY | options)))


def method(name: str) -> Variant:
    return next(variant for variant in STUDIES["method"] if variant.name == name)


def command(pairs: Path, work: Path, *more: str) -> list[str]:
    options = "--steps 2 --batch-size 2 --window 32 --widths 8 16 --device cpu --views 14 --seeds 1".split()
    return ["bench", "ablation", "--pairs", str(pairs), "--work", str(work), *options, *more]


def test_the_command_writes_the_papers_table_and_a_second_run_trains_nothing(
    pairs, quick, tmp_path, monkeypatch, capsys
):
    assert main(command(pairs, tmp_path)) == 0
    written = json.loads((tmp_path / "method.json").read_text())
    entries = {entry["variant"]: entry for entry in written["variants"]}
    assert list(entries) == ["E2E", "without FGS", "without DGO", "both"]
    assert all(len(entry["rows"]) == 1 for entry in entries.values())
    assert 0 <= entries["both"]["summary"]["accuracy_16"]["mean"] <= 1
    assert entries["E2E"]["paper"] == [53.9, 6.64, 22.8]
    assert abs(written["reference"]["two_sample_16"]["accuracy"] - 0.5) < 0.1
    assert (tmp_path / "method.png").stat().st_size > 10_000
    first = capsys.readouterr().out
    assert "without FGS" in first and "two-sample 64" in first

    def refuse(self):
        raise AssertionError("trains again")

    monkeypatch.setattr(Trainer, "run", refuse)
    assert main(command(pairs, tmp_path)) == 0
    assert json.loads((tmp_path / "method.json").read_text())["variants"] == written["variants"]
    # Nor does another study train what it shares with this one.
    with pytest.raises(AssertionError, match="trains again"):
        main(command(pairs, tmp_path, "--study", "weights"))
    assert len(json.loads((tmp_path / "weights.json").read_text())["variants"]) == 1


def test_a_measurement_that_fails_its_check_trains_nothing(tmp_path, quick, capsys):
    pairs = write_pairs(tmp_path, redrawn_like_clean=True)
    assert main(command(pairs, tmp_path / "work")) == 1
    assert "failed its own check" in capsys.readouterr().err
    assert not list((tmp_path / "work").glob("coarse_*"))


def test_variants_share_the_training_of_an_equal_coarse_stage(pairs, tmp_path):
    trainings = training(pairs, tmp_path)
    both = trainings.train(method("both"), 0)
    weights = next(tmp_path.glob("coarse_*")) / "backbone" / "diffusion_pytorch_model.safetensors"
    made = weights.stat().st_mtime_ns
    other = trainings.train(method("without DGO"), 0)
    assert len(list(tmp_path.glob("coarse_*"))) == 1 and weights.stat().st_mtime_ns == made
    assert other.key != both.key
    assert other.pipeline.guidance.weight_high == other.pipeline.guidance.weight_low == 1.0
    assert both.cpu_seconds > 0 and both.parameters == other.parameters


def test_weights_depend_on_seed_and_options_but_not_on_the_name(pairs, tmp_path):
    trainings, base = training(pairs, tmp_path), Variant("a")
    others = [
        trainings.key(base, 1),
        trainings.key(replace(base, frequency=FullBand()), 0),
        trainings.key(replace(base, discrepancy=DiscrepancyGuidance(block=4)), 0),
        trainings.key(replace(base, width_factor=2.0), 0),
        training(pairs, tmp_path, coarse_calls=1).key(base, 0),
    ]
    assert len({trainings.key(base, 0), *others}) == 6
    assert trainings.key(Variant("b"), 0) == trainings.key(base, 0)


def test_one_stage_gets_the_steps_and_network_calls_of_both(pairs, tmp_path):
    trained = training(pairs, tmp_path, coarse_calls=2, fine_calls=3).train(method("E2E"), 0)
    config = json.loads((tmp_path / trained.key / "config.json").read_text())
    assert config["steps"] == 2 * TINY["steps"]
    assert config["objective"]["deviation_weight"] == 0
    calls = []
    network = trained.pipeline.coarse_denoiser

    def counting(*arguments):
        calls.append(1)
        return network(*arguments)

    trained.pipeline.coarse_denoiser = trained.pipeline.fine_denoiser = counting
    trained.pipeline(torch.full((1, 1, 32, 32), 10.0))
    assert len(calls) == 5


def test_full_band_keeps_what_frequency_guidance_smooths():
    target = torch.randn(1, 2, 32, 32, generator=torch.Generator().manual_seed(0))
    target[:, 1] = 1.0
    assert torch.equal(FullBand().structural(target), target)
    assert FrequencyGuidance().structural(target)[:, 0].std() < 0.7 * target[:, 0].std()


def test_the_linear_representation_is_linear_and_clips():
    linear = next(v for v in STUDIES["representation"] if v.name.endswith("2 px")).representation
    residual = torch.tensor([-1.0, 0.1, 1.0, 2.0])
    assert torch.allclose(linear.compand(residual), 3.13 * residual, rtol=1e-3)
    assert torch.allclose(linear.expand(linear.compand(torch.tensor([-9.0, 0.5]))), torch.tensor([-2.0, 0.5]))


def test_names_within_a_study_differ():
    for variants in STUDIES.values():
        assert len({variant.name for variant in variants}) == len(variants)


def test_thresholds_are_set_on_scenes_that_are_not_measured(pairs):
    views = ValidationViews(pairs, 8, 3, {})
    assert len(views.frames) == 8 and len(views.calibration.scene) == 3
    assert not set(views.frames.scene) & set(views.calibration.scene)
    assert len(set(views.frames.scene)) >= 7


def test_too_few_validation_scenes_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="3 validation scenes"):
        ValidationViews(write_pairs(tmp_path, scenes={"train": 1, "val": 3}), 8, 2, {})


def test_a_work_folder_that_cannot_be_written_is_refused(pairs, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="work folder"):
        training(pairs, tmp_path / "file")


def test_summary_is_mean_and_sample_deviation_over_seeds():
    test = {"two_sample_16": {"accuracy": 0.8}, "two_sample_64": {"accuracy": 0.9}}
    rows = [test | {"spectrum_distance_db": 1.0}, test | {"spectrum_distance_db": 3.0, "miou": None}]
    found = summary(rows)
    assert found["spectrum_distance_db"] == {"mean": 2.0, "std": pytest.approx(2**0.5)}
    assert found["accuracy_16"] == {"mean": pytest.approx(0.8), "std": 0.0}
    assert "miou" not in found


@pytest.mark.parametrize("options", [{"steps": 0}, {"widths": (12,)}, {"widths": ()}, {"threads": -1}])
def test_runs_that_make_no_sense_are_refused(options):
    with pytest.raises(InvalidParameterError, match=next(iter(options))):
        dataclasses.replace(SmallRun(Path("pairs")), **options)
