"""Every pytest process has a ROS domain of its own, on this machine only."""

import fcntl
import os
import tempfile
from pathlib import Path

DOMAINS = range(40, 100)
"""Domain ids whose ports do not meet Linux' ephemeral ones."""


def _claim_domain():
    # A lock, not only the number of the pytest-xdist worker: two test runs may share the machine.
    for domain in DOMAINS:
        lock = Path(tempfile.gettempdir(), f"reald2iff_ros_domain_{domain}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        return domain, lock
    raise RuntimeError(f"every ROS domain of {DOMAINS} is in use by another test run")


# Before anything initialises rclpy here; child processes inherit it. The lock lives as long as this process.
_domain, _lock = _claim_domain()
os.environ["ROS_DOMAIN_ID"] = str(_domain)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
