"""The training loop of both stages: one stage supplies its network and its loss, the rest is here."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reald2iff.diffusion.training.checkpoint import Checkpoint, fingerprint_of
from reald2iff.diffusion.training.config import MixtureConfig, RunConfig
from reald2iff.diffusion.training.data import MixedSampler, WindowSampler
from reald2iff.errors import DependencyError, InvalidParameterError
from reald2iff.pairs import load_pairs
from reald2iff.pairs.dataset import holds
from reald2iff.pairs.format import Split


def choose_device(name: str) -> torch.device:
    """The torch device for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        InvalidParameterError: if CUDA is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InvalidParameterError("device cuda: torch finds no CUDA device here; use cpu or auto")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def step_generator(seed: int, step: int) -> torch.Generator:
    """Noise source of one step, on the CPU, so that a resumed run draws what an undisturbed one would."""
    return torch.Generator().manual_seed((seed * 1_000_003 + step) % 2**63)


class Sampler(Protocol):
    """Gives the batch of a step, whatever came before."""

    def batch(self, step: int) -> Any: ...


class Stage(ABC):
    """What differs between the things that are trained; the batch is what `sampler` makes."""

    model: torch.nn.Module

    @abstractmethod
    def sampler(self, split: Split, batch_size: int, device: torch.device) -> Sampler:
        """Where batches of a split come from."""

    def trained_parameters(self) -> list[torch.nn.Parameter]:
        """What is optimised."""
        return list(self.model.parameters())

    @abstractmethod
    def losses(self, batch: Any, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Named loss terms; their sum is minimised."""

    @abstractmethod
    def export(self, folder: Path) -> Path:
        """Write ``model`` (holding the averaged weights) for use; returns where it lies."""

    @abstractmethod
    def draw(self, batch: Any, path: Path) -> None:
        """Picture of samples on a batch of validation windows."""


class NoiseStage(Stage):
    """A stage that learns the sensor's noise from windows of pairs, real ones mixed in.

    Args:
        config: Which pairs, and how they are mixed.
    """

    def __init__(self, config: MixtureConfig) -> None:
        self._mixture = config

    def sampler(self, split: Split, batch_size: int, device: torch.device) -> Sampler:
        config, real = self._mixture, self._mixture.real_windows(batch_size)
        simulated = WindowSampler(
            load_pairs(config.pairs, split), batch_size - real, config.window, config.seed, device
        )
        if config.real_pairs is None or real == 0:
            return simulated
        # Real recordings are few: without validation frames of their own, pictures show training frames.
        held = split if holds(config.real_pairs, split) else "train"
        pairs = load_pairs(config.real_pairs, held)
        return MixedSampler(simulated, WindowSampler(pairs, real, config.window, config.seed + 1, device))


class Trainer:
    """Runs a stage.

    Args:
        config: Options.
        stage: Network and loss.
    """

    def __init__(self, config: RunConfig, stage: Stage) -> None:
        self._config, self._stage = config, stage
        self._device = choose_device(config.device)
        stage.model.to(self._device)
        self._model = stage.model
        self._ema = {k: v.detach().clone() for k, v in self._model.state_dict().items()}
        self._trained = stage.trained_parameters()
        self._optimizer = torch.optim.AdamW(
            self._trained, config.learning_rate, weight_decay=config.weight_decay
        )
        self._checkpoint = Checkpoint(config.out, fingerprint_of(config))

    def run(self) -> Path:
        """Train from the last checkpoint to the end.

        Returns:
            The exported weights.
        """
        config = self._config
        if config.threads:
            torch.set_num_threads(config.threads)
        train = self._stage.sampler("train", config.batch_size, self._device)
        shown = self._stage.sampler("val", 4, self._device)
        start = self._checkpoint.restore(self._model, self._ema, self._optimizer)
        config.out.mkdir(parents=True, exist_ok=True)
        (config.out / "config.json").write_text(json.dumps(fingerprint_of(config), indent=1))
        writer = _summary_writer(config.out / "tensorboard")
        if start:
            print(f"resuming at step {start} of {config.steps}")
        running: dict[str, list[float]] = {}
        with _progress() as progress:
            task = progress.add_task("training", total=config.steps, completed=start, status="")
            for step in range(start, config.steps):
                for name, value in self._step(train.batch(step), step).items():
                    running.setdefault(name, []).append(value)
                done = step + 1
                if done % config.log_every == 0:
                    means = {name: sum(v) / len(v) for name, v in running.items()}
                    running = {}
                    for name, value in means.items():
                        writer.add_scalar(name, value, done)
                    status = "  ".join(f"{n} {v:.4f}" for n, v in means.items() if n.startswith("loss"))
                    progress.update(task, completed=done, status=status)
                    if not progress.console.is_terminal:
                        print(f"step {done} of {config.steps}  {status}", flush=True)
                if done % config.checkpoint_every == 0 or done == config.steps:
                    self._checkpoint.save(done, self._model, self._ema, self._optimizer)
                if config.picture_every and (done % config.picture_every == 0 or done == config.steps):
                    picture = config.out / f"samples/{done:06d}.png"
                    self._with_average(partial(self._stage.draw, shown.batch(0), picture))
        writer.close()
        result: list[Path] = []
        self._with_average(lambda: result.append(self._stage.export(config.out)))
        print(f"weights in {result[0]}")
        return result[0]

    def _step(self, batch: Any, step: int) -> dict[str, float]:
        config = self._config
        rate = config.learning_rate * _cosine(step, config.steps, config.warmup)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._model.train()
        with torch.autocast(self._device.type, torch.bfloat16, enabled=config.precision == "bf16"):
            terms = self._stage.losses(batch, step_generator(config.seed, step))
        loss = torch.stack(list(terms.values())).sum()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._trained, config.gradient_clip)
        if not torch.isfinite(norm):
            raise InvalidParameterError(
                f"the loss is not finite at step {step}: lower --learning-rate, or use --precision fp32"
            )
        self._optimizer.step()
        # A short memory at first, so that the average does not drag the initial weights along.
        decay = min(config.ema_decay, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, value in self._model.state_dict().items():
                self._ema[name].lerp_(value, 1 - decay)
        return {
            "loss": float(loss.detach()),
            **{f"loss/{name}": float(term.detach()) for name, term in terms.items()},
            "gradient_norm": float(norm),
            "learning_rate": rate,
        }

    def _with_average(self, action: Callable[[], object]) -> None:
        """Run ``action`` with the averaged weights in the model."""
        own = {k: v.detach().clone() for k, v in self._model.state_dict().items()}
        self._model.load_state_dict(self._ema)
        self._model.eval()
        try:
            with torch.no_grad():
                action()
        finally:
            self._model.load_state_dict(own)


def _cosine(step: int, steps: int, warmup: int) -> float:
    rise = min(1.0, (step + 1) / max(warmup, 1))
    return rise * (0.51 + 0.49 * math.cos(math.pi * step / steps))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[status]}"),
    )


def _summary_writer(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise DependencyError("training logs to TensorBoard: pip install 'reald2iff-ros[train]'") from error
    return SummaryWriter(str(folder))
