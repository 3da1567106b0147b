"""Copy an HDF5 file but for some data sets, without touching the bytes of what is copied."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import h5py
import numpy as np


def copy_except(source: h5py.Group, target: h5py.Group, replaced: Mapping[str, h5py.Dataset | None]) -> None:
    """Copy a group's attributes and members; chunks are copied as they lie, compressed.

    Links to other files become what they link to; so do second names of one object.

    Args:
        source: To copy from.
        target: New and empty.
        replaced: Data sets to put instead, or to add, by path below ``source``; None leaves one out.
    """
    copy_attributes(source, target)
    for name in source:
        below = _below(name, replaced)
        if name in replaced:
            continue
        if below:
            copy_except(source[name], target.create_group(name), below)
        elif isinstance(source.get(name, getlink=True), h5py.SoftLink):
            target[name] = source.get(name, getlink=True)
        else:
            source.copy(source[name], target, name=name)
    for path, dataset in replaced.items():
        folder, _, name = path.rpartition("/")
        if dataset is not None and (not folder or folder.split("/", 1)[0] not in source):
            parent = target.require_group(folder) if folder else target
            dataset.file.copy(dataset, parent, name=name)


def _below(name: str, replaced: Mapping[str, h5py.Dataset | None]) -> dict[str, h5py.Dataset | None]:
    prefix = f"{name}/"
    return {path.removeprefix(prefix): data for path, data in replaced.items() if path.startswith(prefix)}


def copy_attributes(source: h5py.Group, target: h5py.Group, leave_out: Collection[str] = ()) -> None:
    """Copy attributes in the file's own types: strings keep their length, padding and character set."""
    for name in source.attrs:
        if name in leave_out:
            continue
        attribute = h5py.h5a.open(source.id, name.encode())
        kind, space = attribute.get_type(), attribute.get_space()
        copy = h5py.h5a.create(target.id, name.encode(), kind, space)
        if space.get_simple_extent_type() == h5py.h5s.NULL:
            continue
        values = np.empty(attribute.shape, dtype=attribute.dtype)
        attribute.read(values)
        copy.write(values)


def create_like(group: h5py.Group, name: str, model: h5py.Dataset) -> h5py.Dataset:
    """An empty data set of the type, shape, chunks, filters and attributes of another."""
    properties = model.id.get_create_plist().copy()
    properties.set_obj_track_times(False)  # the same frames give the same bytes at any time
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    identity = h5py.h5d.create(
        group.id, name.encode(), model.id.get_type(), model.id.get_space(), properties, links
    )
    dataset = h5py.Dataset(identity)
    copy_attributes(model, dataset)
    return dataset
