"""Work that loses its worker; a module of its own, for workers to find."""

import os
import signal
from pathlib import Path


def die_once(folder, number):
    """Dies on number 1 the first time only."""
    mark = Path(folder) / f"{number}"
    seen = mark.exists()
    mark.touch()
    if number == 1 and not seen:
        os.kill(os.getpid(), signal.SIGKILL)
    return number
