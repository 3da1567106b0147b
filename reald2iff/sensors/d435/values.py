"""Parameters of the twin by name, e.g. ``"stereo.max_cost"``: read, replace, list what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from reald2iff.errors import InvalidParameterError
from reald2iff.sensors.d435.twin import D435Twin


def parameter_value(twin: D435Twin, path: str) -> Any:
    """Value of a parameter.

    Args:
        twin: The sensor.
        path: ``"group.field"``, or a field of the twin itself.

    Raises:
        InvalidParameterError: for a name that the twin does not have; the message lists those it has.
    """
    owner: Any = twin
    for name in path.split("."):
        known = [field.name for field in fields(owner)] if is_dataclass(owner) else []
        if name not in known:
            raise InvalidParameterError(
                f"the D435 twin has no parameter {path!r}: "
                + (
                    f"expected one of {', '.join(known)} for {name!r}"
                    if known
                    else f"{name!r} is below a value"
                )
            )
        owner = getattr(owner, name)
    return owner


def with_values(twin: D435Twin, values: Mapping[str, Any]) -> D435Twin:
    """The twin with some parameters replaced.

    Args:
        twin: The sensor.
        values: New values by path, see `parameter_value`.

    Raises:
        InvalidParameterError: for a name that the twin does not have, a value of another type, or one outside
            its range.
    """
    groups: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        old = parameter_value(twin, path)
        group, _, name = path.rpartition(".")
        groups.setdefault(group, {})[name] = _converted(path, value, old)
    own = groups.pop("", {})
    changed = {group: replace(getattr(twin, group), **new) for group, new in groups.items()}
    return replace(twin, **own, **changed)


def changed_values(twin: D435Twin) -> dict[str, Any]:
    """The parameters, by path, whose values are not the twin's defaults."""
    changed: dict[str, Any] = {}
    default = D435Twin()
    for field in fields(twin):
        group, default_group = getattr(twin, field.name), getattr(default, field.name)
        if not is_dataclass(group):
            if group != default_group:
                changed[field.name] = group
            continue
        for inner in fields(group):
            value = getattr(group, inner.name)
            if value != getattr(default_group, inner.name):
                changed[f"{field.name}.{inner.name}"] = value
    return changed


def _converted(path: str, value: Any, old: Any) -> Any:
    """``value`` as the type of the one it replaces: a file has lists for tuples and integers for floats."""
    if isinstance(old, tuple):
        if not isinstance(value, list | tuple) or len(value) != len(old):
            raise InvalidParameterError(f"{path} = {value!r}: expected {len(old)} numbers")
        return tuple(_converted(path, new, before) for new, before in zip(value, old, strict=True))
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(old, float) and number:
        return float(value)
    if isinstance(old, int) and not isinstance(old, bool) and number and value == int(value):
        return int(value)
    if type(value) is type(old) or (old is None and isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidParameterError(f"{path} = {value!r}: expected a value like {old!r}")
