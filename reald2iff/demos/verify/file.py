"""Check a whole file of demonstrations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import h5py

from reald2iff.demos.reading import demo_names, open_demos
from reald2iff.demos.verify.episode import EpisodeCheck, check_episode
from reald2iff.demos.verify.finding import Finding
from reald2iff.errors import DatasetError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_FOREIGN = {
    b"version https://git-lfs": "It is a Git LFS pointer: run 'git lfs pull'",
    b"PK\x03\x04": "It is a zip archive: unpack it first",
    b"\x1f\x8b": "It is packed by gzip: gunzip it first",
    b"<!DOCTYPE": "It is a web page: download the file itself",
    b"<html": "It is a web page: download the file itself",
}


@dataclass(frozen=True)
class FileCheck:
    """A file that was read whole.

    Attributes:
        findings: What is wrong or odd.
        episodes: The checks of the episodes that can be opened, by name.
    """

    findings: tuple[Finding, ...]
    episodes: dict[str, EpisodeCheck] = field(default_factory=dict)

    @property
    def is_broken(self) -> bool:
        """Whether there is more than remarks."""
        return any(finding.severity != "remark" for finding in self.findings)

    def is_readable(self, name: str) -> bool:
        """Whether all of an episode can be read, right or wrong."""
        lost = any(finding.where == name and finding.severity == "unreadable" for finding in self.findings)
        return name in self.episodes and not lost


def check_file(
    path: Path | str, names: Sequence[str] = (), progress: Callable[[int, int], None] | None = None
) -> FileCheck:
    """Read everything in a file, frame by frame.

    Args:
        path: Of the file.
        names: Episodes to check; empty = all, and the file itself.
        progress: Called with how many episodes are done and how many there are.
    """
    try:
        file = open_demos(path)
    except DatasetError as error:
        return FileCheck((Finding("", str(error), _advice(Path(path)), "unreadable"),))
    with file:
        data = file["data"]
        try:
            listed = demo_names(data)
        except DatasetError as error:
            return FileCheck((Finding("", str(error), "Rename it: robomimic counts demo_0, demo_1, ..."),))
        findings: list[Finding] = [
            Finding("", f"there is no episode {name}", f"The file lists {', '.join(listed) or 'none'}")
            for name in names
            if name not in listed
        ]
        checks: dict[str, EpisodeCheck] = {}
        chosen = [name for name in listed if not names or name in names]
        for done, name in enumerate(chosen):
            if progress is not None:
                progress(done, len(chosen))
            try:
                checks[name] = check_episode(data[name], name)
            except (KeyError, OSError, RuntimeError) as error:
                findings.append(_unopened(data, name, error))
                continue
            findings += checks[name].findings
        findings += _check_alike(checks)
        if not names:
            findings += _check_attributes(file, listed, sum(check.steps for check in checks.values()))
            findings += _check_leftovers(Path(path), listed)
        return FileCheck(tuple(findings), checks)


def verify(path: Path | str) -> list[str]:
    """Read everything in a file, frame by frame.

    Returns:
        What is wrong, a sentence each; empty for a sound file.
    """
    return [str(finding) for finding in check_file(path).findings if finding.severity != "remark"]


def _advice(path: Path) -> str:
    """What to do about a file that cannot be opened."""
    if not path.is_file():
        return "Check the path"
    head = path.open("rb").read(64)
    if not head:
        return "It is empty: the disk was full, or a copy was stopped; copy it again"
    for start, advice in _FOREIGN.items():
        if head.startswith(start):
            return advice
    if not head.startswith(_HDF5):
        return "It does not begin as HDF5 does: is it the right file?"
    return (
        f"It begins as HDF5 but is cut off or damaged ({path.stat().st_size} bytes): copy it again; episodes "
        "that were recorded last may also lie in the folder of episodes beside it"
    )


def _unopened(data: h5py.Group, name: str, error: Exception) -> Finding:
    link = data.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        return Finding(
            name,
            f"{name} cannot be opened (linked to {link.filename})",
            "The recording is not finished: its folder of episodes belongs beside the file, copy both",
            "unreadable",
        )
    return Finding(
        name,
        f"{name} cannot be opened: {error}",
        "The file is damaged: copy it again from where it was made",
        "unreadable",
    )


def _check_alike(checks: dict[str, EpisodeCheck]) -> Iterator[Finding]:
    """Batches mix episodes: all need the same keys and shapes."""
    if not checks:
        return
    first, reference = next(iter(checks.items()))
    for name, check in checks.items():
        differing = sorted(
            key
            for key in reference.shapes.keys() | check.shapes.keys()
            if reference.shapes.get(key) != check.shapes.get(key)
        )
        if differing and check.shapes:
            key = differing[0]
            yield Finding(
                name,
                f"{key} has shape {check.shapes.get(key, 'nothing')} a step, in {first} "
                f"{reference.shapes.get(key, 'nothing')} ({len(differing)} keys differ)",
                "Training mixes episodes: put those that are alike into files of their own",
            )


def _check_attributes(file: h5py.File, listed: Sequence[str], total: int) -> Iterator[Finding]:
    data = file["data"]
    if not listed:
        yield Finding("", "there are no episodes", "Record or generate some", "remark")
    if int(data.attrs.get("total", -1)) != total:
        yield Finding(
            "",
            f"data attribute total is {data.attrs.get('total')}: expected {total} steps",
            "Set it: robomimic shows it; or episodes were lost when the file was put together",
        )
    try:
        missing = {"env_name", "type", "env_kwargs"} - set(json.loads(str(data.attrs.get("env_args"))))
    except (TypeError, ValueError):
        yield Finding("", "data attribute env_args is not JSON: robomimic needs it", "Write it anew")
    else:
        if missing:
            yield Finding(
                "",
                f"data attribute env_args lacks {', '.join(sorted(missing))}",
                "robomimic asks for them: write it anew",
            )
    for split in file.get("mask", {}):
        unknown = {bytes(name).decode() for name in file["mask"][split][()]} - set(listed)
        if unknown:
            yield Finding(
                "",
                f"mask/{split} names {', '.join(sorted(unknown))}, which the file does not hold",
                "Write the mask anew, with the episodes that are there",
            )


def _check_leftovers(path: Path, listed: Sequence[str]) -> Iterator[Finding]:
    """Episodes beside the file that a recorder which was killed has not listed yet."""
    folder = path.with_name(path.stem + ".episodes")
    left = [file.stem for file in sorted(folder.glob("demo_*.hdf5")) if file.stem not in listed]
    if left:
        yield Finding(
            "",
            f"{folder.name} holds {', '.join(left)}, which the file does not list",
            "The recorder was stopped: recording into the same file again takes them up",
            "remark",
        )
