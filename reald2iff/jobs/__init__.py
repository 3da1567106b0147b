"""Work over many items, in worker processes of this machine or on a Ray cluster.

`run_jobs` calls a function, picklable by name, in fresh processes. Results should be small: large ones are
written to files of their own, atomically, one file an item, in a `PartsFolder` that makes the work resumable.
"""

from reald2iff.jobs.config import JobsConfig
from reald2iff.jobs.parts import PartsFolder
from reald2iff.jobs.run import run_jobs

__all__ = ["JobsConfig", "PartsFolder", "run_jobs"]
