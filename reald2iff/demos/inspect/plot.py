"""A picture of one episode over time: actions, gripper, end-effector, holes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reald2iff.demos.inspect.content import EpisodeView
from reald2iff.demos.inspect.statistics import EpisodeStatistics
from reald2iff.demos.inspect.tables import action_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (15.0, 9.0)
_DPI = 100


def plot_episode(view: EpisodeView, figures: EpisodeStatistics, path: Path) -> Path:
    """Draw one episode into a PNG; what it does not hold is left blank and said so.

    Args:
        view: The episode.
        figures: Its statistics.
        path: Of the picture.

    Returns:
        ``path``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(4, 3, width_ratios=(1.6, 1.6, 1.4))
    times = view.seconds if view.seconds is not None else np.arange(len(view), dtype=float)
    over_time = [
        (grid[0, :2], "action: translation", _translation),
        (grid[1, :2], "action: rotation", _rotation),
        (grid[2, :2], "gripper", _gripper),
        (grid[3, :2], "pixels without depth (%)", _holes),
    ]
    first: Axes | None = None
    for place, title, draw in over_time:
        axes = figure.add_subplot(place, sharex=first)
        first = first or axes
        axes.set_title(title, fontsize=10, loc="left")
        axes.grid(alpha=0.3)
        if not draw(axes, times, view, figures):
            _say_missing(axes)
        elif axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        for name, step in view.subtask_ends.items():
            axes.axvline(times[step], color="0.3", linestyle=":", linewidth=1.2)
            if axes is first:
                axes.annotate(
                    f"{name} done", (times[step], 1.0), xycoords=("data", "axes fraction"), fontsize=8,
                    ha="right", va="bottom",
                )  # fmt: skip
        axes.label_outer()
    axes.set_xlabel("s" if view.seconds is not None else "step (the file has no stamps)")
    for place, title, pair in (
        (grid[:2, 2], "end-effector from above", (0, 1)),
        (grid[2:, 2], "from the side", (0, 2)),
    ):
        axes = figure.add_subplot(place)
        axes.set_title(f"{title} (m, robot frame)", fontsize=10, loc="left")
        _path(axes, view, pair, times)
    figure.suptitle(_title(view, figures), fontsize=12, x=0.01, ha="left")
    figure.savefig(path, dpi=_DPI)
    return path


def _title(view: EpisodeView, figures: EpisodeStatistics) -> str:
    parts = [view.name, f"{figures.steps} steps"]
    if figures.seconds is not None:
        parts.append(f"{figures.seconds:.1f} s")
    if figures.frame_rate is not None:
        parts.append(f"{figures.frame_rate:.3g} Hz")
    parts.append({True: "success", False: "FAILED", None: "success not recorded"}[figures.success])
    if figures.seed is not None:
        parts.append(f"seed {figures.seed}")
    if figures.noise_model:
        parts.append(f"depth by {figures.noise_model}")
    return ", ".join(parts)


def _translation(axes: Axes, times: NDArray[np.float64], view: EpisodeView, _: EpisodeStatistics) -> bool:
    return _actions(axes, times, view, slice(0, 3))


def _rotation(axes: Axes, times: NDArray[np.float64], view: EpisodeView, _: EpisodeStatistics) -> bool:
    return _actions(axes, times, view, slice(3, -1))


def _actions(axes: Axes, times: NDArray[np.float64], view: EpisodeView, part: slice) -> bool:
    actions = view.array("actions")
    if actions is None or actions.ndim != 2:
        return False
    names = action_names(actions.shape[1])
    for values, name in zip(actions.T[part], names[part], strict=True):
        axes.plot(times, values, label=name, linewidth=1.4)
    # robomimic's bound is worth seeing only by those who come near it.
    if np.abs(actions.T[part]).max(initial=0) > 0.8:
        axes.axhline(1, color="tab:red", linewidth=0.6)
        axes.axhline(-1, color="tab:red", linewidth=0.6)
    return bool(actions.T[part].size)


def _gripper(axes: Axes, times: NDArray[np.float64], view: EpisodeView, _: EpisodeStatistics) -> bool:
    actions, width = view.array("actions"), view.gripper_width
    if width is not None:
        axes.plot(times, 1000 * width, color="tab:blue", label="width (mm)")
        axes.set_ylabel("mm", color="tab:blue", fontsize=8)
        axes.set_ylim(0, None)
    if actions is not None and actions.ndim == 2:
        command = axes.twinx() if width is not None else axes
        command.step(times, actions[:, -1], where="post", color="tab:orange", linewidth=1.2)
        command.set_ylim(-1.15, 1.15)
        command.set_yticks((-1, 1), ("-1", "1"))
        command.tick_params(labelsize=8, labelcolor="tab:orange")
        axes.plot([], [], color="tab:orange", label="action")
    return width is not None or actions is not None


def _holes(axes: Axes, times: NDArray[np.float64], _: EpisodeView, figures: EpisodeStatistics) -> bool:
    for key, shares in figures.holes.items():
        axes.plot(times[: len(shares)], 100 * shares, label=key, linewidth=1.4)
    axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
    return bool(figures.holes)


def _path(axes: Axes, view: EpisodeView, pair: tuple[int, int], times: NDArray[np.float64]) -> None:
    path = view.eef_path
    if path is None:
        _say_missing(axes)
        return
    column, row = pair
    axes.plot(path[:, column], path[:, row], color="0.8", linewidth=1, zorder=1)
    dots = axes.scatter(path[:, column], path[:, row], c=times, s=12, cmap="viridis", zorder=2)
    axes.figure.colorbar(dots, ax=axes, fraction=0.04, pad=0.02).ax.set_title("s", fontsize=8)
    axes.plot(*path[0, list(pair)], "o", color="tab:green", mfc="none", ms=10, label="start")
    axes.plot(*path[-1, list(pair)], "s", color="tab:red", mfc="none", ms=10, label="end")
    info = view.datagen_info
    for name, poses in ({} if info is None else info.object_poses).items():
        moved = poses[:, :3, 3]
        (line,) = axes.plot(moved[:, column], moved[:, row], linewidth=1.2, linestyle="--", zorder=1)
        axes.plot(*moved[0, list(pair)], "x", color=line.get_color(), ms=9, mew=2, label=name)
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(alpha=0.3)
    axes.set_xlabel("xyz"[column])
    axes.set_ylabel("xyz"[row])
    axes.legend(fontsize=8)


def _say_missing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not in the file", transform=axes.transAxes, ha="center", color="0.5")
    axes.set_yticks([])
