"""Files that come with the package."""

from importlib.resources import files
from pathlib import Path

from reald2iff.errors import NodeError

CONFIG = Path(str(files("reald2iff_ros") / "config"))


def parameter_file(name: str) -> Path:
    """A parameter file of the package, e.g. ``sim``.

    Raises:
        NodeError: if there is none of that name.
    """
    path = CONFIG / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CONFIG.glob("*.yaml")))
        raise NodeError(f"no parameter file {path}: expected one of {known}")
    return path
