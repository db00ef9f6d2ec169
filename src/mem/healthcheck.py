"""`python -m mem.healthcheck DIR`: exit status 0 when the server of that data directory answers, else 1."""

import sys
from pathlib import Path

from mem.cli import server


def main(words: list[str]) -> int:
    """Ask the server that runs on the data directory in `words`."""
    folder = Path(words[0] if words else "data").absolute()
    found = server.find(folder)
    sys.stdout.write(f"{found.url} answers\n" if found else f"no server answers for {folder}\n")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
