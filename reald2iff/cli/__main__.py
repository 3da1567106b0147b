"""`python -m reald2iff.cli`."""

import sys

from reald2iff.cli import main

if __name__ == "__main__":
    sys.exit(main())
