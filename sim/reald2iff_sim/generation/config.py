"""Options of generation that hold for every task."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from reald2iff.errors import InvalidParameterError
from reald2iff_sim.generation.path import VelocityConfig
from reald2iff_sim.generation.spec import Strategy, SubtaskSpec, subtask_specs
from reald2iff_sim.tasks.base import Task


@dataclass(frozen=True)
class GenerationConfig:
    """How demonstrations are made of sources. The defaults of the tasks are in `SubtaskSpec`."""

    action_noise: float = 0.05
    """Standard deviation of the noise on the six pose entries of the actions."""
    noise_on_way: bool = False
    """Also on the way to a segment, not only within it."""
    interpolation_steps: int = 5
    """Least steps of the way to a segment."""
    fixed_steps: int = 0
    """Steps at the beginning of a segment, to settle there."""
    strategy: Strategy | None = None
    """How every subtask chooses its source, instead of the task's own strategies."""
    retries: int = 2
    """A subtask that failed is done anew from where it began, this often: with another source, another
    noise and a start of the hand that is drawn anew. The result holds nothing of the failed attempt."""
    reset_distance: float = 0.05
    """The start of the hand for a retry is moved by up to this along each axis, never down, metres."""
    reset_turn: float = 0.25
    """And turned about the vertical by up to this, radians."""
    adaptive_velocity: bool = True
    """Limit the length of steps, the more the nearer a contact is."""
    velocity: VelocityConfig = field(default_factory=VelocityConfig)

    def __post_init__(self) -> None:
        for name in ("action_noise", "fixed_steps", "retries", "reset_distance", "reset_turn"):
            if getattr(self, name) < 0:
                raise InvalidParameterError(f"{name} = {getattr(self, name)}: expected 0 or more")
        if self.interpolation_steps < 1:
            raise InvalidParameterError(
                f"interpolation_steps = {self.interpolation_steps}: expected 1 or more"
            )

    def specs(self, task: Task) -> tuple[SubtaskSpec, ...]:
        """One for each subtask."""
        specs = subtask_specs(task)
        if self.strategy is None:
            return specs
        return tuple(replace(spec, strategy=self.strategy) for spec in specs)
