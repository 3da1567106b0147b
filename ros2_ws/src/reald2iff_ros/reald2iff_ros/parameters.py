"""Declaring parameters with a description and a range, in one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from reald2iff.errors import InvalidParameterError


def declare(
    node: Node,
    name: str,
    default: bool | int | float | str,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """Declare a parameter and return its value (the default or what the user gave).

    Args:
        node: The node.
        name: Of the parameter.
        default: Its type is the parameter's type.
        description: One or two sentences with the unit.
        minimum: With ``maximum``, the range that rclpy enforces, now and on every change.
        maximum: See ``minimum``.
        choices: The strings allowed; checked here, and by the node when it can change.

    Raises:
        InvalidParameterError: for a value of another type, out of the range or not among the choices.
    """
    descriptor = ParameterDescriptor(description=description)
    if choices:
        descriptor.additional_constraints = "one of: " + ", ".join(choices)
    if minimum is not None and maximum is not None:
        if isinstance(default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(minimum), to_value=float(maximum), step=0.0)
            ]
        else:
            descriptor.integer_range = [IntegerRange(from_value=int(minimum), to_value=int(maximum), step=1)]
    try:
        value = node.declare_parameter(name, default, descriptor).value
    except InvalidParameterTypeException as error:
        raise InvalidParameterError(str(error)) from error
    except InvalidParameterValueException as error:
        raise InvalidParameterError(
            f"parameter {name}: expected a value within [{minimum}, {maximum}] ({error})"
        ) from error
    require_choice(name, value, choices)
    return value


def require_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Check a value against the choices (none = anything).

    Raises:
        InvalidParameterError: if it is not one of them.
    """
    if choices and value not in choices:
        raise InvalidParameterError(f"parameter {name}: {value!r}: expected one of {', '.join(choices)}")
