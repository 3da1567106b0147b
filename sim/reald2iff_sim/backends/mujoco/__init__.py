"""The MuJoCo backend (needs the `sim` extra)."""

from importlib.util import find_spec

from reald2iff.errors import DependencyError

if find_spec("mujoco") is None:
    raise DependencyError("this backend needs MuJoCo: pip install 'reald2iff-ros[sim]'")
