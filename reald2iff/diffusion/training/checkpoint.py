"""Checkpoints that resume bit-exactly, written atomically as safetensors and JSON (no pickle)."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from reald2iff.diffusion.weights import load_strict, read_config, read_tensors
from reald2iff.errors import WeightsError


def fingerprint_of(config: Any) -> dict[str, Any]:
    """A dataclass as plain JSON values, for the run's record."""
    from dataclasses import asdict

    return json.loads(json.dumps(asdict(config), default=str))


class Checkpoint:
    """The state of a run in ``RUN/checkpoint``.

    Args:
        run: Folder of the run.
        config: The run's options as JSON values; a run resumes only under the same ones.
    """

    # What may differ between the parts of one run without changing its result.
    _FREE = frozenset(
        {"out", "pairs", "real_pairs", "coarse", "threads", "checkpoint_every", "log_every", "picture_every"}
    )

    def __init__(self, run: Path, config: dict[str, Any]) -> None:
        self._folder = run / "checkpoint"
        self._config = config

    def save(
        self,
        step: int,
        model: torch.nn.Module,
        ema: dict[str, torch.Tensor],
        optimizer: torch.optim.Optimizer,
    ) -> None:
        """Replace the checkpoint; a kill at any instant leaves the old or the new one."""
        new = self._folder.with_name("checkpoint.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, new / "model.safetensors")
        save_file({k: v.contiguous() for k, v in ema.items()}, new / "ema.safetensors")
        state = optimizer.state_dict()["state"]
        flat = {f"{i}.{key}": value.contiguous() for i, slot in state.items() for key, value in slot.items()}
        save_file(flat, new / "optimizer.safetensors")
        (new / "state.json").write_text(json.dumps({"step": step, "config": self._config}, indent=1))
        for file in new.iterdir():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        old = self._folder.with_name("checkpoint.old")
        shutil.rmtree(old, ignore_errors=True)
        if self._folder.exists():
            self._folder.rename(old)
        new.rename(self._folder)
        shutil.rmtree(old, ignore_errors=True)

    def restore(
        self, model: torch.nn.Module, ema: dict[str, torch.Tensor], optimizer: torch.optim.Optimizer
    ) -> int:
        """Load the checkpoint, if there is one, into the arguments.

        Returns:
            The step to go on with; 0 where there is no checkpoint.

        Raises:
            WeightsError: if the run was begun with other options, or a file is broken.
        """
        old = self._folder.with_name("checkpoint.old")
        if not self._folder.exists() and old.exists():
            old.rename(self._folder)
        if not self._folder.exists():
            return 0
        state = read_config(self._folder, "state.json")
        self._refuse_other_options(state["config"])
        load_strict(model, read_tensors(self._folder / "model.safetensors"), self._folder)
        loaded = read_tensors(self._folder / "ema.safetensors")
        if loaded.keys() != ema.keys():
            raise WeightsError(f"{self._folder}/ema.safetensors: does not fit the network")
        for name, value in ema.items():
            value.copy_(loaded[name])
        slots: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in read_tensors(self._folder / "optimizer.safetensors").items():
            index, _, key = name.partition(".")
            slots.setdefault(int(index), {})[key] = value
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": slots, "param_groups": groups})
        return int(state["step"])

    def _refuse_other_options(self, saved: dict[str, Any]) -> None:
        for key in sorted(saved.keys() | self._config.keys()):
            if key not in self._FREE and saved.get(key) != self._config.get(key):
                raise WeightsError(
                    f"{self._folder}: was begun with {key} = {saved.get(key)}, not {self._config.get(key)}: "
                    "give another --out, or the same options"
                )
