"""Which noise model makes the depth: read from the parameters of the node that runs it."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.srv import GetParameters, ListParameters
from rclpy.node import Node
from rclpy.parameter import parameter_value_to_python

from reald2iff import __version__
from reald2iff.demos import NoiseRecord

_NOT_OF_THE_MODEL = (
    "autostart",
    "diagnostics_period",
    "use_sim_time",
    "camera_info_timeout",
    "start_type_description_service",
)


class NoiseModelWatch:
    """Asks another node for its parameters; never waits for it.

    Args:
        node: Asks.
        remote: Name of the node that makes the depth.
    """

    def __init__(self, node: Node, remote: str) -> None:
        self._node = node
        self._list = node.create_client(ListParameters, f"{remote}/list_parameters")
        self._get = node.create_client(GetParameters, f"{remote}/get_parameters")
        self._record: NoiseRecord | None = None

    @property
    def record(self) -> NoiseRecord | None:
        """What the node last told; None = nothing yet."""
        return self._record

    def refresh(self) -> None:
        """Ask anew; `record` changes when the answer comes."""
        if self._list.service_is_ready() and self._get.service_is_ready():
            self._list.call_async(ListParameters.Request()).add_done_callback(self._on_names)

    def destroy(self) -> None:
        """Stop asking."""
        self._node.destroy_client(self._list)
        self._node.destroy_client(self._get)

    def _on_names(self, listed: Any) -> None:
        names = [
            name
            for name in listed.result().result.names
            if name not in _NOT_OF_THE_MODEL and not name.startswith("qos_overrides.")
        ]
        answer = self._get.call_async(GetParameters.Request(names=names))
        answer.add_done_callback(lambda got: self._on_values(names, got))

    def _on_values(self, names: list[str], got: Any) -> None:
        values = {
            name: parameter_value_to_python(value)
            for name, value in zip(names, got.result().values, strict=True)
        }
        seed = values.pop("seed", -1)
        self._record = NoiseRecord(
            name=str(values.pop("model", "unknown")),
            version=__version__,
            seed=seed if isinstance(seed, int) and seed >= 0 else None,
            parameters=values,
        )
