"""``python -m mem`` is ``mem``."""

from mem.cli import main

if __name__ == "__main__":
    main()
