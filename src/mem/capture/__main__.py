"""``python -m mem.capture FILE`` is ``mem capture FILE``."""

import sys

from mem.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "capture")
    main()
