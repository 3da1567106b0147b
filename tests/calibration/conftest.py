"""Scenes without a simulator, which worker processes import too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "pairs"))
