"""`reald2iff pairs from-real`: raw recordings and their cleaned frames, as a pair data set."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from reald2iff import __version__
from reald2iff.denoising import Denoiser, load_denoiser
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.geometry import D435_DEPTH
from reald2iff.io.recordings import Recording, read_recordings
from reald2iff.pairs.folder import prepare_folder
from reald2iff.pairs.format import FORMAT_VERSION, INDEX_NAME, read_index, write_index
from reald2iff.pairs.from_real_picture import draw_cleaned
from reald2iff.pairs.from_real_shards import RealShardPlan, plan_real_shards, write_real_shard

PICTURE_NAME = "cleaned.png"


@dataclass(frozen=True)
class FromRealConfig:
    """Options of `reald2iff pairs from-real`.

    The first half of the recording becomes training and validation pairs, the second half test pairs; frames
    taken one after the other never stand on both sides.
    """

    frames: Path
    """Folder of raw frames with an index.json (see reald2iff.io.recordings), or a RealSense .bag."""
    out: Path
    """Folder of the data set. An unfinished one made with the same options is continued."""
    source: str | None = None
    """Which source, where the folder holds several: sources are never pooled."""
    weights: str = "default"
    """Denoiser: "default", or a folder written by `reald2iff train denoiser`."""
    native_focal: float = D435_DEPTH.fx
    """Focal length of the camera's own depth stream, px, for registered recordings."""
    pictured: int = 4
    """Frames in the picture of the result (cleaned.png); 0 draws none."""

    def __post_init__(self) -> None:
        if self.native_focal <= 0 or self.pictured < 0:
            raise InvalidParameterError(
                f"native_focal {self.native_focal}, pictured {self.pictured}: expected a positive focal "
                "length and 0 or more frames"
            )


def from_real(config: FromRealConfig) -> int:
    """Clean a recording into a pair data set, or go on with it; returns the exit status.

    Raises:
        DatasetError: if there is no such recording, it has several sources and none is named, the folder
            holds another data set, or every frame is refused.
        WeightsError: if the denoiser's weights are missing or do not fit.
    """
    recording = _choose(read_recordings(config.frames), config)
    denoiser = load_denoiser(config.weights)
    plans = plan_real_shards(recording)
    scale = recording.intrinsics.fx / config.native_focal if recording.registered else 1.0
    prepare_folder(config.out, _index(recording, denoiser, scale, plans))
    entries = read_index(config.out)["shards"]
    console = Console(stderr=True)
    _clean(plans, entries, denoiser, scale, config.out, console)
    refused = [(r["frame"], r["reason"]) for entry in entries for r in entry["refused"]]
    if config.pictured:
        path = draw_cleaned(recording, denoiser, scale, config.pictured, refused, config.out / PICTURE_NAME)
        console.print(f"wrote {path}")
    _report(recording, entries, refused, console)
    if len(refused) == len(recording.frames):
        raise DatasetError(f"{recording.name}: every frame was refused; the first because: {refused[0][1]}")
    console.print(f"{len(recording.frames) - len(refused)} pairs in {config.out}")
    return 0


def _choose(recordings: list[Recording], config: FromRealConfig) -> Recording:
    names = [recording.name for recording in recordings]
    if config.source is None:
        if len(recordings) > 1:
            raise DatasetError(
                f"{config.frames}: holds the sources {', '.join(names)}, which are never pooled: name one "
                "with --source"
            )
        return recordings[0]
    if config.source not in names:
        raise DatasetError(f"{config.frames}: no source {config.source!r}: expected {' or '.join(names)}")
    return recordings[names.index(config.source)]


def _index(
    recording: Recording, denoiser: Denoiser, scale: float, plans: list[RealShardPlan]
) -> dict[str, Any]:
    weights = hashlib.sha256()
    for name, value in sorted(denoiser.network.state_dict().items()):
        weights.update(name.encode())
        weights.update(np.ascontiguousarray(value.cpu().numpy()).tobytes())
    return {
        "format_version": FORMAT_VERSION,
        "generator": f"reald2iff {__version__}",
        "source": {"source": "recording", "name": recording.name, "frames": len(recording.frames)},
        "registered": recording.registered,
        "registered_scale": scale,
        "camera": asdict(recording.intrinsics) | {"baseline": recording.baseline},
        "denoiser": {"weights": weights.hexdigest(), "limits": asdict(denoiser.limits)},
        "shards": [plan.as_dict() for plan in plans],
    }


def _clean(
    plans: list[RealShardPlan],
    entries: list[dict[str, Any]],
    denoiser: Denoiser,
    scale: float,
    folder: Path,
    console: Console,
) -> None:
    """Make the shards that are missing; ``entries`` and the index on disk follow each of them."""
    # An entry tells what was refused as soon as its shard is whole.
    missing = [
        number
        for number, entry in enumerate(entries)
        if "refused" not in entry or (entry["views"] and not (folder / entry["name"]).exists())
    ]
    if len(missing) < len(plans):
        console.print(f"{len(plans) - len(missing)} of {len(plans)} shards are there already")
    columns = (TextColumn("cleaning"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("frames", total=sum(len(plans[number].frames) for number in missing))
        for number in missing:
            report = write_real_shard(plans[number], denoiser, scale, folder)
            entries[number] = report.as_dict()
            write_index(folder, read_index(folder) | {"shards": entries})
            progress.advance(task, len(plans[number].frames))


def _report(
    recording: Recording,
    entries: list[dict[str, Any]],
    refused: list[tuple[str, str]],
    console: Console,
) -> None:
    table = Table(title=f"{recording.name}{' (registered)' if recording.registered else ''}")
    for name in ("split", "segments", "pairs", "refused", "px left out", "noise removed (px)"):
        table.add_column(name, justify="left" if name == "split" else "right")
    for split in dict.fromkeys(entry["split"] for entry in entries):
        own = [entry for entry in entries if entry["split"] == split]
        views = [entry["views"] for entry in own]
        weight = max(sum(views), 1)
        unknown, noise = (
            sum(n * entry[key] for n, entry in zip(views, own, strict=True)) / weight
            for key in ("unknown_share", "noise_px")
        )
        table.add_row(
            split,
            str(len({scene for entry in own for scene in entry["scenes"]})),
            str(sum(views)),
            str(sum(len(entry["refused"]) for entry in own)),
            f"{unknown:.1%}",
            f"{noise:.3f}",
        )
    console.print(table)
    for frame, reason in refused:
        console.print(f"refused {frame}: {reason}", highlight=False, soft_wrap=True)
    if refused:
        console.print(f"(the list is in {INDEX_NAME} too)")
