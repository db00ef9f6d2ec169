"""A PostgreSQL database as a file, by the programs that come with PostgreSQL."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mem.errors import DatabaseFailed, DiskFull, ProgramMissing

_SECONDS = 24 * 3600.0
_SQL = ("--no-owner", "--no-privileges")


def write(url: str, file: Path, *, snapshot: str | None, bin_folder: Path | None) -> None:
    """Write the state `snapshot` (None: the present) of the database at `url` to the new `file`, durably.

    Raises ProgramMissing where there is no pg_dump, DatabaseFailed when it cannot do it.
    """
    words = ["--format=custom", *_SQL, f"--file={file}", f"--dbname={url}"]
    _run("pg_dump", [*words, *([f"--snapshot={snapshot}"] if snapshot else [])], bin_folder)
    with file.open("rb") as written:
        os.fsync(written.fileno())


def check(file: Path, *, bin_folder: Path | None) -> int:
    """How many things the dump holds. Raises DatabaseFailed for one that cannot be read to its end."""
    listed = _run("pg_restore", ["--list", str(file)], bin_folder)
    _run("pg_restore", [*_SQL, "--file=/dev/null", str(file)], bin_folder)
    return sum(1 for line in listed.splitlines() if line and not line.startswith(";"))


def put_back(url: str, file: Path, *, bin_folder: Path | None) -> None:
    """Put the dump in the place of what the database holds: all of it, or nothing changes."""
    options = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error", *_SQL]
    _run("pg_restore", [*options, f"--dbname={url}", str(file)], bin_folder)


def _run(program: str, words: Sequence[str], bin_folder: Path | None) -> str:
    found = shutil.which(program, path=None if bin_folder is None else str(bin_folder))
    if found is None:
        where = "PATH" if bin_folder is None else bin_folder
        raise ProgramMissing(f"There is no {program} in {where}.")
    try:
        done = subprocess.run([found, *words], capture_output=True, timeout=_SECONDS, text=True)
    except (subprocess.SubprocessError, OSError) as error:
        raise DatabaseFailed(f"{program} could not be run: {error}") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
        if "No space left" in done.stderr:
            raise DiskFull(f"{program}: {said}")
        raise DatabaseFailed(f"{program}: {said}", hint="It must be as new as the PostgreSQL server.")
    return done.stdout
