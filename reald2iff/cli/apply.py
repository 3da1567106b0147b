"""`reald2iff apply`: clean depth images in, depth as a D435 would have given it out."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from numpy.typing import NDArray

from reald2iff.cli.noise_options import NoiseModelOptions
from reald2iff.errors import InvalidDepthError, InvalidIntrinsicsError, InvalidParameterError
from reald2iff.geometry import D435_DEPTH, PinholeIntrinsics
from reald2iff.io.camera_files import parse_intrinsics, read_camera_info
from reald2iff.io.depth_files import CONTAINERS, DepthFormat, read_depth, write_depth
from reald2iff.pictures import Panel, color_range, depth_panels
from reald2iff.sensors import NoiseModel

_PREVIEWED = 4
_LARGEST_PREVIEW = 640


@dataclass(frozen=True)
class ApplyConfig(NoiseModelOptions):
    """Options of `reald2iff apply`. Say which camera it is: --intrinsics, --camera-info or --d435."""

    input: Annotated[Path, tyro.conf.Positional]
    """A clean depth image, or a folder of them: 16-bit PNG (mm), NPY or NPZ (float m, or uint16 mm)."""
    out: Path
    """Result: a file for a file, a folder for a folder (its layout is kept). Never the input itself."""
    intrinsics: str | None = None
    """fx,fy,cx,cy in pixels."""
    camera_info: Path | None = None
    """YAML or JSON file of a ROS camera_info."""
    d435: bool = False
    """Intrinsics of a D435's native depth stream at 640x480."""
    seed: int = 0
    """The same seed, file name and depth give the same result, in any order of files."""
    format: Literal["same", "png", "npy", "npz"] = "same"
    """Of the result: as the input, png (16-bit mm), npy or npz (float32 m)."""
    preview: bool = True
    """Write OUT_preview.png: clean, realistic and their difference (of up to 4 images of a folder)."""
    resume: bool = False
    """Keep results that are there already, whatever made them; do the rest."""
    overwrite: bool = False
    """Replace results that are there already."""

    def __post_init__(self) -> None:
        super().__post_init__()
        cameras = [self.intrinsics is not None, self.camera_info is not None, self.d435]
        if sum(cameras) != 1:
            given = "none was given" if not any(cameras) else f"{sum(cameras)} were given"
            raise InvalidIntrinsicsError(
                f"expected one of --intrinsics fx,fy,cx,cy, --camera-info FILE or --d435, but {given}"
            )
        if self.seed < 0:
            raise InvalidParameterError(f"seed = {self.seed}: expected 0 or more")
        if self.resume and self.overwrite:
            raise InvalidParameterError(
                "--resume keeps results and --overwrite replaces them: expected one of them"
            )


@dataclass(frozen=True)
class _Job:
    source: Path
    target: Path
    key: str


def apply(config: ApplyConfig) -> int:
    """Make the images realistic; returns the exit status.

    Raises:
        InvalidDepthError: for a missing, unreadable or unfit image, or a result that would replace something.
        InvalidIntrinsicsError: for intrinsics that are unreadable or of another image size.
        InvalidParameterError: for an unknown model, profile, device or number of steps.
        DatasetError: for a profile that cannot be read.
        WeightsError: if the weights of reald2iff cannot be loaded.
    """
    jobs = _jobs(config)
    todo = [job for job in jobs if not (config.resume and job.target.exists())]
    if len(todo) < len(jobs):
        print(f"{len(jobs) - len(todo)} of {len(jobs)} images are done already")
    if not todo:
        return 0
    # The first image's errors come before the seconds that loading a network takes.
    _intrinsics(config, read_depth(todo[0].source).depth, todo[0].source)
    print(f"loading {config.model}", file=sys.stderr, flush=True)
    model = config.load()
    rows: list[list[Panel]] = []
    holes: list[float] = []
    for job in _progress(todo):
        clean, realistic = _make(config, model, job)
        seen = clean > 0
        holes.append(float((realistic[seen] <= 0).mean()) if seen.any() else 0.0)
        if config.preview and len(rows) < _PREVIEWED:
            rows.append(preview_row(job.key, clean, realistic))
    print(
        f"{len(todo)} image{'s' * (len(todo) > 1)} by {model.name}, {np.mean(holes):.1%} holes: {config.out}"
    )
    if rows:
        print(f"preview: {depth_panels(rows, _preview_path(config, jobs[0]))}")
    return 0


def _make(
    config: ApplyConfig, model: NoiseModel, job: _Job
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    image = read_depth(job.source)
    intrinsics = _intrinsics(config, image.depth, job.source)
    realistic = model.apply(image.depth, intrinsics, file_generator(config.seed, job.key))
    if config.format == "same":
        wanted = image.format
    else:
        wanted = DepthFormat(config.format, "uint16" if config.format == "png" else "float32")
    write_depth(job.target, realistic, wanted)
    return image.depth, realistic


def file_generator(seed: int, name: str) -> np.random.Generator:
    """Generator of one file: of the seed and the file's name, whatever else is done before or after it."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def preview_row(name: str, clean: NDArray[np.float32], realistic: NDArray[np.float32]) -> list[Panel]:
    """Clean, realistic and difference panels of depth ``(H, W)`` in metres, 0 = invalid."""
    step = -(-max(clean.shape) // _LARGEST_PREVIEW)
    clean, realistic = clean[::step, ::step], realistic[::step, ::step]
    both = (clean > 0) & (realistic > 0)
    difference = np.where(both, (realistic - clean) * 1000, np.nan)
    shared = color_range(Panel("clean", clean, "depth"))
    return [
        Panel(f"{name}: clean", clean, "depth", "m", shared),
        Panel("realistic", realistic, "depth", "m", shared),
        Panel("realistic - clean", difference, "difference", "mm"),
    ]


def _preview_path(config: ApplyConfig, first: _Job) -> Path:
    # Beside a folder of results, not in it: a reader of the folder should find depth images only.
    result = config.out if config.input.is_dir() else first.target
    return result.resolve().with_name(f"{result.resolve().stem}_preview.png")


def _jobs(config: ApplyConfig) -> list[_Job]:
    """What to read and where to write it, with every clash found before the first image is touched."""
    source, out = config.input, config.out
    if not source.exists():
        raise InvalidDepthError(f"{source}: no such file or folder")
    if source.is_dir():
        if out.is_file():
            raise InvalidDepthError(f"{out}: is a file: expected a folder, as {source} is one")
        inside = out.resolve()
        files = sorted(
            path
            for path in source.rglob("*")
            if path.suffix.lower().lstrip(".") in CONTAINERS
            and not path.name.startswith(".")
            and (inside == source.resolve() or inside not in path.resolve().parents)
        )
        if not files:
            raise InvalidDepthError(f"{source}: no .png, .npy or .npz files in this folder")
        jobs = [
            _job(config, path, out / path.relative_to(source), path.relative_to(source)) for path in files
        ]
    else:
        is_folder = out.is_dir() or out.suffix == ""
        target = out / source.name if is_folder else out
        jobs = [_job(config, source, target, Path(source.name))]
        wanted = source.suffix if config.format == "same" else f".{config.format}"
        if not is_folder and out.suffix.lower() != wanted.lower():
            raise InvalidDepthError(
                f"{out}: has suffix {out.suffix}: expected {wanted} (--format says what to write)"
            )
    _check_targets(config, jobs)
    preview = _preview_path(config, jobs[0])
    if config.preview and preview in {path.resolve() for job in jobs for path in (job.source, job.target)}:
        raise InvalidDepthError(f"{preview}: the preview would replace a depth image: pass --no-preview")
    return jobs


def _job(config: ApplyConfig, source: Path, target: Path, name: Path) -> _Job:
    if config.format != "same":
        target = target.with_suffix(f".{config.format}")
    return _Job(source, target, name.as_posix())


def _check_targets(config: ApplyConfig, jobs: list[_Job]) -> None:
    sources = {job.source.resolve() for job in jobs}
    owners: dict[Path, Path] = {}
    for job in jobs:
        target = job.target.resolve()
        if target in sources:
            raise InvalidDepthError(f"{job.target}: the result would replace an input: choose another --out")
        if target in owners:
            raise InvalidDepthError(f"{owners[target]} and {job.source} would both become {job.target}")
        owners[target] = job.source
        if job.target.exists() and not (config.resume or config.overwrite):
            raise InvalidDepthError(
                f"{job.target} is there already: --resume keeps it and does the rest, --overwrite replaces it"
            )


def _intrinsics(config: ApplyConfig, depth: NDArray[Any], path: Path) -> PinholeIntrinsics:
    height, width = depth.shape
    if config.intrinsics is not None:
        return parse_intrinsics(config.intrinsics, width, height)
    intrinsics = D435_DEPTH if config.camera_info is None else read_camera_info(config.camera_info)
    if (intrinsics.width, intrinsics.height) != (width, height):
        whose = "--d435" if config.camera_info is None else str(config.camera_info)
        raise InvalidIntrinsicsError(
            f"{path} has {width}x{height} px, but the intrinsics ({whose}) are of "
            f"{intrinsics.width}x{intrinsics.height} px: give those of this image"
        )
    return intrinsics


def _progress(jobs: list[_Job]) -> Iterable[_Job]:
    from rich.console import Console
    from rich.progress import track

    if len(jobs) == 1:
        return jobs
    console = Console(stderr=True)
    if console.is_terminal:
        return track(jobs, "making depth realistic", console=console)
    return _counted(jobs)


def _counted(jobs: list[_Job]) -> Iterator[_Job]:
    for number, job in enumerate(jobs, 1):
        print(f"{number}/{len(jobs)} {job.key}", file=sys.stderr, flush=True)
        yield job
