"""A ROS domain of its own for every pytest process, on this machine only."""

import fcntl
import os
import tempfile
from pathlib import Path


def _claim_domain():
    # From the top of the domains whose ports do not meet Linux' ephemeral ones; the lock is shared with the
    # other tests that use ROS, and with other test runs on this machine.
    for domain in range(99, 39, -1):
        lock = Path(tempfile.gettempdir(), f"reald2iff_ros_domain_{domain}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        return domain, lock
    raise RuntimeError("every ROS domain is in use by another test run")


_domain, _lock = _claim_domain()
os.environ["ROS_DOMAIN_ID"] = str(_domain)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
