"""Work over many items, in worker processes of this machine or on a Ray cluster.

One function, `run_jobs`. What it calls must be picklable by name and is started in fresh processes; results
should be small: large ones are written to files of their own, atomically, one file an item.
"""

from reald2iff.jobs.config import JobsConfig
from reald2iff.jobs.run import run_jobs

__all__ = ["JobsConfig", "run_jobs"]
