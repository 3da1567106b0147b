"""`reald2iff fingerprint`: the noise of a depth camera in figures, and how far another's lie from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from reald2iff.bench.report import write_json
from reald2iff.errors import DatasetError, InvalidParameterError
from reald2iff.io.recordings import Recording
from reald2iff.metrics.fingerprint.distance import distance_shares
from reald2iff.metrics.fingerprint.sides import Side, is_profile, measure_sources, open_sources, read_profile
from reald2iff.metrics.fingerprint.table import print_source, verdict

_MIN_FRAMES = 2


@dataclass(frozen=True)
class FingerprintConfig:
    """Options of `reald2iff fingerprint`."""

    input: Annotated[Path, tyro.conf.Positional]
    """Raw depth frames: a folder with an index.json (see reald2iff.io.recordings), or a bag."""
    against: str | None = None
    """Compare with these: another folder or bag, a file made by --save, or a sensor profile (a file, or the
    name of one that comes along, e.g. d435). Native is compared with native, registered with registered."""
    source: str | None = None
    """Only this source of the folder."""
    frames: int = 80
    """At most about so many frames of each source, spread over the recording."""
    save: Path | None = None
    """Write the fingerprint to this YAML file, for --against (a folder of several sources needs --source)."""
    json: Path | None = None
    """Write all figures to this file."""
    picture: Path | None = None
    """Draw the figures into this PNG."""

    def __post_init__(self) -> None:
        if self.frames < _MIN_FRAMES:
            raise InvalidParameterError(f"frames = {self.frames}: expected at least {_MIN_FRAMES}")


@dataclass(frozen=True)
class Comparison:
    """A source, and what it is compared with.

    Attributes:
        source: Measured.
        other: Compared with; None = nothing.
        shares: What each feature adds to the distance.
    """

    source: Side
    other: Side | None
    shares: dict[str, float]

    @property
    def distance(self) -> float | None:
        """Between the two."""
        return sum(self.shares.values()) if self.other is not None else None


def fingerprint_frames(config: FingerprintConfig) -> int:
    """Measure, print and write.

    Raises:
        DatasetError: for a missing or broken folder, bag or profile, or two sides with nothing to compare.
        InvalidDepthError: for a frame that cannot be read.
    """
    recordings = open_sources(config.input, config.frames, config.source)
    if config.save is not None and len(recordings) > 1:
        raise DatasetError(
            f"{config.input}: holds {', '.join(r.name for r in recordings)}; --save writes one fingerprint: "
            "choose with --source NAME"
        )
    others: Sequence[Recording] = ()
    profiles: list[Side] = []
    if config.against is not None:
        if is_profile(config.against):
            profiles = [read_profile(config.against)]
        else:
            others = open_sources(Path(config.against), config.frames)
    with _progress(sum(len(r.frames) for r in (*recordings, *others))) as step:
        sources = measure_sources(recordings, step)
        profiles += measure_sources(others, step)
    comparisons = _compare(sources, profiles, config.against)
    console = Console()
    for comparison in comparisons:
        print_source(console, comparison.source, comparison.other, comparison.shares)
        console.print(
            verdict(comparison.source, comparison.other, comparison.distance) + "\n", soft_wrap=True
        )
    if config.save is not None:
        sources[0].fingerprint.save(config.save)
        console.print(f"fingerprint: {config.save}", soft_wrap=True)
    if config.json is not None:
        console.print(f"figures: {write_json(config.json, _payload(comparisons))}", soft_wrap=True)
    if config.picture is not None:
        from reald2iff.metrics.fingerprint.picture import draw_fingerprints

        sides = [s for s in (*sources, *profiles) if any(s in (c.source, c.other) for c in comparisons)]
        shares = comparisons[0].shares if len(comparisons) == 1 else {}
        console.print(f"picture: {draw_fingerprints(sides, shares, config.picture)}", soft_wrap=True)
    return 0


def _compare(sources: Sequence[Side], others: Sequence[Side], against: str | None) -> list[Comparison]:
    if against is None:
        return [Comparison(source, None, {}) for source in sources]
    pairs = [(ours, theirs) for ours in sources for theirs in others if ours.registered == theirs.registered]
    if not pairs:
        raise DatasetError(
            f"{against}: has only {others[0].stream}, the frames are {sources[0].stream}: holes and edges "
            "differ by the resampling and are not compared"
        )
    return [Comparison(a, b, dict(distance_shares(a.fingerprint, b.fingerprint))) for a, b in pairs]


def _payload(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    rows = []
    for comparison in comparisons:
        source, other = comparison.source, comparison.other
        row: dict[str, Any] = {
            "source": source.name,
            "registered": source.registered,
            "floor": source.floor,
            "fingerprint": source.fingerprint.as_dict(),
        }
        if other is not None:
            row["against"] = {
                "name": other.name,
                "distance": comparison.distance,
                "shares": comparison.shares,
                "fingerprint": other.fingerprint.as_dict(),
            }
        rows.append(row)
    return {"sources": rows}


@contextmanager
def _progress(frames: int) -> Iterator[Any]:
    columns = (TextColumn("frames"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("frames", total=frames)
        yield lambda: progress.advance(task)
