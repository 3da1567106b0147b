"""Quality of service of the project's topics; every user can override it with parameters.

`qos_overrides()` given to `create_publisher` / `create_subscription` declares
``qos_overrides.<topic>.{publisher,subscription}.{history,depth,reliability}``.
"""

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

NEWEST_IMAGE = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)
"""Subscriptions to images and camera_info: sensor data of depth 1, the newest frame wins."""

PUBLISH = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=10,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)
"""Everything that is published. Explicit depth: the system default is 1 or unlimited, by middleware."""

KEEP_ALL_RECENT = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=100,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)
"""Subscriptions that must not miss a message, e.g. a recorder's."""


def qos_overrides() -> QoSOverridingOptions:
    """Lets users override history, depth and reliability of a topic by parameters."""
    return QoSOverridingOptions.with_default_policies()
