"""Parts of trials to one file of demonstrations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from reald2iff.demos.master import Entry, split_names
from reald2iff_sim.generation.work import DEMO


def assemble(
    out: Path, parts: Sequence[Path], env_args: Mapping[str, Any], record: Mapping[str, Any]
) -> None:
    """Write ``demo_0``, ``demo_1``, ... of the parts, in their order, and the splits for training.

    Args:
        out: File to make.
        parts: That hold a demonstration.
        env_args: robomimic's.
        record: JSON values: how they were made.
    """
    entries: dict[str, Entry] = {}
    with h5py.File(out, "w") as file:
        data = file.create_group("data")
        for index, path in enumerate(parts):
            with h5py.File(path, "r") as part:
                part.copy(DEMO, data, name=f"demo_{index}")
            entries[f"demo_{index}"] = Entry(int(data[f"demo_{index}"].attrs["num_samples"]), None)
        data.attrs["total"] = sum(entry.samples for entry in entries.values())
        data.attrs["env_args"] = json.dumps(dict(env_args), sort_keys=True)
        data.attrs["generation"] = json.dumps(dict(record), sort_keys=True)
        for split, names in split_names(entries).items():
            file.create_dataset(f"mask/{split}", data=np.array(names, dtype="S"))
