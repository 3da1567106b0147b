"""What compiled loops need and numba does not offer by itself."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

VECTOR_LOOP: dict[str, Any] = {
    "cache": True,
    "fastmath": {"nnan", "nsz", "arcp", "contract"},
    "error_model": "numpy",
    "_nrt": False,
}
"""Options of ``numba.njit`` for loops of many pixels side by side. Checks for division by zero and counts of
references, which nothing here needs, would keep the compiler from using vector instructions."""


def _popcount(_context: Any, _word: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


popcount: Any = intrinsic(_popcount)
"""Number of set bits of a ``uint64``: one machine instruction."""


def _float_of(_context: Any, _bits: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


float_of: Any = intrinsic(_float_of)
"""The ``float32`` with the bits of an ``int32``."""


def _stack_floats(_context: Any, size: Any) -> Any:
    count = size.literal_value

    def generate(_ctx: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        return cgutils.alloca_once(builder, ir.FloatType(), count)

    return types.CPointer(types.float32)(size), generate


stack_floats: Any = intrinsic(prefer_literal=True)(_stack_floats)
"""Scratch space of a constant number of ``float32``, not cleared. Unlike with an array, the compiler knows
that writing to it changes no other, and so may read and write for many pixels at once."""
