"""The commands of the library itself."""

from reald2iff.cli.command import Command

COMMANDS = (
    Command("apply", "reald2iff.cli.apply:apply", "make clean depth images realistic"),
    Command("bench ablation", "reald2iff.bench.ablation:bench_ablation", "what each part of the method adds"),
    Command("bench realism", "reald2iff.bench.realism:bench_realism", "compare noise models with the sensor"),
    Command("bench speed", "reald2iff.bench.speed:bench_speed", "time the depth models on this machine"),
    Command("calibrate", "reald2iff.calibration.command:calibrate_camera", "fit the twin to your camera"),
    Command(
        "enhance", "reald2iff.demos.enhance.command:enhance", "make the depth of a whole data set realistic"
    ),
    Command(
        "demos convert",
        "reald2iff.demos.convert.command:convert",
        "demonstrations between HDF5, LeRobot v3 and zarr",
    ),
    Command(
        "demos inspect",
        "reald2iff.demos.inspect.command:inspect_demos",
        "statistics, pictures and faults of a demonstration file",
    ),
    Command(
        "fingerprint",
        "reald2iff.metrics.fingerprint.command:fingerprint_frames",
        "noise statistics of a depth camera from its raw frames",
    ),
    Command("pairs from-real", "reald2iff.pairs.from_real:from_real", "clean real frames into pairs"),
    Command("pairs generate", "reald2iff.pairs.generate:generate", "render scenes into clean-noisy pairs"),
    Command("pairs show", "reald2iff.pairs.show:show", "picture of some pairs of a data set"),
    Command(
        "train calibrate",
        "reald2iff.diffusion.calibrate:calibrate_weights",
        "set the validity thresholds of trained weights",
    ),
    Command("train coarse", "reald2iff.diffusion.training.coarse:train_coarse", "train the coarse stage"),
    Command(
        "train denoiser",
        "reald2iff.denoising.training:train_denoiser",
        "train the network that cleans real frames",
    ),
    Command("train fine", "reald2iff.diffusion.training.fine:train_fine", "train the fine stage"),
    Command(
        "train refine",
        "reald2iff.diffusion.training.refine:train_refine",
        "give samples the spread that few steps lose",
    ),
)
