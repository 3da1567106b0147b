"""A ROS domain that nobody else on this machine uses."""

from __future__ import annotations

import os
import random
import socket

from reald2iff.errors import NodeError

DOMAINS = range(1, 40)
"""Their ports lie below Linux' ephemeral ones; the tests take domains from 40 on."""

_FIRST_PORT, _PORTS_PER_DOMAIN, _PARTICIPANTS = 7400, 250, 4


def find_free_domain() -> int:
    """A domain id on whose first ports nobody listens, at random.

    Raises:
        NodeError: if there is none.
    """
    for domain in random.SystemRandom().sample(DOMAINS, len(DOMAINS)):
        first = _FIRST_PORT + _PORTS_PER_DOMAIN * domain
        # RTPS: 0 is discovery by multicast, 10 + 2 k and 11 + 2 k are participant k's own.
        if all(_is_free(first + offset) for offset in (0, *range(10, 10 + 2 * _PARTICIPANTS))):
            return domain
    raise NodeError(f"every ROS domain from {DOMAINS[0]} to {DOMAINS[-1]} is in use: name one with --domain")


def use_domain(domain: int) -> None:
    """Keep this process, and those it starts, in a domain and on this machine."""
    os.environ["ROS_DOMAIN_ID"] = str(domain)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ.pop("ROS_STATIC_PEERS", None)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
